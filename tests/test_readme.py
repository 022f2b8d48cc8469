# SPDX-License-Identifier: Apache-2.0
"""What the READMEs show is what the program says; both languages give the same commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


def blocks(readme: str, language: str) -> list[str]:
    """Return the code blocks of a README that carry a language."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [body for name, body in found if name == language]


def test_both_languages_give_the_same_two_commands() -> None:
    first, second = (blocks(r, "sh") for r in READMES)
    assert first == second
    assert len(first) == 2
    assert all(text.count("\n") == 1 for text in first)


@pytest.mark.parametrize("readme", READMES)
def test_the_report_shown_is_the_report_made(
    readme: str, portkit: Any, copy_tree: Any, tmp_path: Path
) -> None:
    (shown,) = blocks(readme, "")
    tree = copy_tree(ROOT / "examples" / "cuda-project", tmp_path / "cuda-project")
    made = portkit("report", tree, "--to", "musa", COLUMNS="100").stdout
    assert shown.rstrip("\n") in "\n".join(line.rstrip() for line in made.splitlines())


@pytest.mark.parametrize(
    "page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/README.md"]
)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [x for x in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in x]
    assert links
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not missing

# SPDX-License-Identifier: Apache-2.0
"""The generated pages of the targets are those of today's tables, in both languages with the same
headings.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "targets"
TARGETS = sorted(p.parent.name for p in (ROOT / "mappings").glob("*/target.toml"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tool = ROOT / "tools" / "target_pages.py"
    if not tool.is_file():
        pytest.skip("tools/ is not there")
    out = tmp_path_factory.mktemp("pages")
    subprocess.run([sys.executable, str(tool), str(out)], check=True)
    return out


def test_the_pages_are_current(made: Path) -> None:
    wanted = {f"{name}{end}" for name in [*TARGETS, "coverage"] for end in (".md", ".zh.md")}
    assert {p.name for p in made.iterdir()} == wanted == {p.name for p in PAGES.glob("*.md")}
    stale = [
        name for name in sorted(wanted) if (made / name).read_bytes() != (PAGES / name).read_bytes()
    ]
    assert stale == [], "run: python tools/target_pages.py"


@pytest.mark.parametrize("name", [*TARGETS, "coverage"])
def test_both_languages_have_the_same_sections(name: str) -> None:
    levels = [
        re.findall(r"^(#+) ", (PAGES / f"{name}{end}").read_text(encoding="utf-8"), re.M)
        for end in (".md", ".zh.md")
    ]
    assert levels[0] == levels[1] and len(levels[0]) > 5


@pytest.mark.parametrize("name", TARGETS)
def test_both_languages_name_the_same_traps(name: str) -> None:
    texts = [
        (PAGES / "traps" / f"{name}{end}").read_text(encoding="utf-8") for end in (".md", ".zh.md")
    ]
    assert len(re.findall(r"^- ", texts[0], re.M)) == len(re.findall(r"^- ", texts[1], re.M)) > 5
    assert re.search(r"[一-鿿]", texts[1]) and not re.search(r"[一-鿿]", texts[0])

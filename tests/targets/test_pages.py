# SPDX-License-Identifier: Apache-2.0
"""The generated pages of the targets are those of today's tables, in both languages with the same
headings.
"""

from __future__ import annotations

import importlib.util
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
    command = [sys.executable, str(tool), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_the_pages_are_current(made: Path) -> None:
    wanted = {f"{name}{end}" for name in [*TARGETS, "coverage"] for end in (".md", ".zh.md")}
    assert {p.name for p in made.iterdir()} == wanted == {p.name for p in PAGES.glob("*.md")}
    stale = [
        name for name in sorted(wanted) if (made / name).read_bytes() != (PAGES / name).read_bytes()
    ]
    assert stale == [], "run: python tools/target_pages.py"


def test_traps_that_nobody_wrote_are_named_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ROOT / "tools" / "target_pages.py"
    spec = importlib.util.spec_from_file_location("target_pages", path)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    traps = "docs/targets/traps"
    wanted = [f"{traps}/{name}{end}" for name in TARGETS for end in (".md", ".zh.md")]
    for place in wanted[2:]:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["target_pages.py"])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    lines = str(ended.value.code).splitlines()
    assert [line.partition(" is not there: ")[0] for line in lines] == wanted[:2]


@pytest.mark.parametrize("page", ["docs/README.md", "README.md", "README.zh-CN.md"])
def test_what_leads_to_the_targets_leads_to_each(page: str) -> None:
    """The index has a line in each language; a README has a row in its table of targets."""
    text = (ROOT / page).read_text(encoding="utf-8")
    index = page.startswith("docs/")
    ends = (".md", ".zh.md") if index else (".zh.md",) if "zh" in page else (".md",)
    for name in TARGETS:
        for end in ends:
            link = f"]({'' if index else 'docs/'}targets/{name}{end})"
            rows = [line for line in text.splitlines() if link in line]
            assert rows, f"{page} does not lead to the page of {name}: {link}"
            assert index or rows[0].startswith("| "), f"{page} has no row of {name} in its table"


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

# SPDX-License-Identifier: Apache-2.0
"""docs/api.md: its example runs, is the same in both languages, and the page names all there is."""

from __future__ import annotations

import inspect
import re
import shutil
from pathlib import Path

import pytest

from portkit import Options, Session

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("api.md", "api.zh.md")
CODE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
# For those who stand on a session inside of portkit.
INSIDE = {
    *("tree", "read_tree", "vocabulary", "policy", "asked_for", "assess", "report_of", "digests"),
}


def examples(page: str) -> list[str]:
    """Return the Python blocks of a page."""
    return CODE.findall((DOCS / page).read_text(encoding="utf-8"))


def test_the_example_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(DOCS.parent / "examples" / "cuda-project", tmp_path / "cuda-project")
    monkeypatch.chdir(tmp_path / "cuda-project")
    (code,) = examples("api.md")
    exec(compile(code, "api.md", "exec"), {})
    out = capsys.readouterr().out
    assert re.search(r"^musa@mp_31: \d+\.\d % ready, \d+ by hand$", out, re.M)
    assert re.search(r"^maca@native: \d+\.\d % ready, \d+ by hand$", out, re.M)
    assert re.search(r"^musa: \w+\.\w+:\d+:\d+: \w+, [a-z-]+$", out, re.M), out
    assert (tmp_path / "cuda-project" / "report.html").stat().st_size > 1000
    assert any("musa" in p.read_text() for p in (tmp_path / "musa-project").rglob("*.cpp"))


def test_both_pages_have_the_same_example() -> None:
    assert examples("api.md") == examples("api.zh.md") and len(examples("api.md")) == 1


@pytest.mark.parametrize("page", PAGES)
def test_the_page_names_every_option_and_every_call(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    options = {*Options.__struct_fields__}
    assert not {name for name in options if f"`{name}`" not in text}
    calls = {n for n, v in vars(Session).items() if not n.startswith("_")} - INSIDE
    assert not {name for name in calls if not re.search(rf"`{name}[`(]", text)}
    given = inspect.signature(Session).parameters.values()
    named = {p.name for p in given if p.kind is p.KEYWORD_ONLY}
    assert not {name for name in named if f"`{name}=" not in text}


@pytest.mark.parametrize("thing", [Session, Options])
def test_what_is_public_is_documented(thing: type) -> None:
    methods = [v for n, v in inspect.getmembers(thing, callable) if not n.startswith("_")]
    assert methods and not [m.__name__ for m in methods if not inspect.getdoc(m)]

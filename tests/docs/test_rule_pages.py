# SPDX-License-Identifier: Apache-2.0
"""docs/rules is what its tool makes of the rules today, and `portkit explain` says the same."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from portkit.rules.guide import WORDS, advice
from portkit.rules.registry import all_rules
from portkit.targets.target import load_target
from specs import sample

ROOT = Path(__file__).resolve().parents[2]


def tool() -> Any:
    spec = importlib.util.spec_from_file_location(
        "build_rule_docs", ROOT / "tools" / "build_rule_docs.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_current() -> None:
    assert tool().stale() == [], "run python tools/build_rule_docs.py"


def test_every_page_has_both_languages_and_links_that_lead_somewhere() -> None:
    folder = ROOT / "docs" / "rules"
    names = {p.name for p in folder.glob("*.md")}
    assert {n for n in names if not n.endswith(".zh.md")} == {
        n.replace(".zh.md", ".md") for n in names if n.endswith(".zh.md")
    }
    for name in names:
        for link in re.findall(r"\]\(([^)#]+)\)", (folder / name).read_text(encoding="utf-8")):
            assert link in names, f"{name}: {link}"


def test_words_are_the_same_in_both_languages() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert all(
        re.findall(r"{\w+}", WORDS["en"][k]) == re.findall(r"{\w+}", WORDS["zh"][k])
        for k in WORDS["en"]
    )


@pytest.mark.parametrize(("lang", "why"), [("en", "Why"), ("zh", "原因")])
def test_explain_has_everything(portkit: Any, lang: str, why: str) -> None:
    said = portkit("explain", "pk301", "--to", "maca", "--to", "musa@mp_21", "--lang", lang).stdout
    assert (
        said.startswith("PK301:")
        and f"\n{why}\n" in said
        and "maca@native" in said
        and "musa@mp_21" in said
    )
    assert ("source: " if lang == "en" else "来源: ") in said and "64" in said


def test_explain_speaks_of_guards_and_of_what_is_not_known(portkit: Any) -> None:
    assert "800 -> 220" in portkit("explain", "PK201", "--to", "musa").stdout
    assert "nothing known to differ" in portkit("explain", "PK906", "--to", "musa").stdout
    assert "unknown rule PK000" in portkit("explain", "PK000", code=2).stderr


def test_each_feature_rule_has_advice_on_each_target() -> None:
    targets = [load_target(s) for s in sample("biren@gen2")]
    for id in all_rules():
        if id in ("PK301", "PK501", "PK613", "PK809"):
            assert all(advice(id, t, lang) for t in targets for lang in ("en", "zh"))

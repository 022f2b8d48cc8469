# SPDX-License-Identifier: Apache-2.0
"""The registry: discovery, unique ids, texts in both languages; and the identity of findings."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portkit.rules as package
from calls import calls_of
from portkit.model.errors import PortkitError
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules import registry
from portkit.rules.fingerprint import Fingerprints, code_of, fingerprint
from portkit.rules.registry import all_rules, finding, issue_rule
from portkit.rules.texts import KEYS, load_text, parse_text

LANGUAGES = ("en", "zh")
HOLE = re.compile(r"{(\w+)}")


@pytest.mark.parametrize("id", list(all_rules()))
def test_texts_match_in_both_languages(id: str) -> None:
    english, chinese = (load_text(id, language) for language in LANGUAGES)
    assert english.title != chinese.title
    assert set(english.messages) == set(chinese.messages)
    for case, template in english.messages.items():
        assert sorted(HOLE.findall(template)) == sorted(HOLE.findall(chinese.messages[case])), case
    assert tuple(english.sections) == tuple(chinese.sections) == KEYS
    assert re.search(r"[\u4e00-\u9fff]", "".join(chinese.messages.values()))
    assert not re.search(
        r"[\u4e00-\u9fff]", "".join((*english.messages.values(), *english.sections.values()))
    )


def test_every_text_has_a_rule() -> None:
    files = {p.name.split(".")[0] for p in (Path(registry.__file__).parent / "text").glob("*.md")}
    assert files == set(all_rules())


def test_the_page_on_contributing_names_what_a_rule_may_say() -> None:
    page = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
    section = page.read_text(encoding="utf-8").split("\n## Add a rule\n")[1].split("\n## ")[0]
    folders = {p.parent.name for p in Path(registry.__file__).parent.glob("*/__init__.py")}
    for word in (*registry.NEEDS, *registry.SCOPES, *(f"rules/{name}/" for name in folders)):
        assert f"`{word}`" in section, word


def test_slugs_are_unique() -> None:
    slugs = [r.slug for r in all_rules().values()]
    assert len(slugs) == len(set(slugs))


def test_an_id_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_rules", dict(all_rules()))
    with pytest.raises(ValueError, match="PK101 is taken"):
        issue_rule("PK101", "again", severity=Severity.INFO)
    with pytest.raises(ValueError, match="not a rule id"):
        issue_rule("PK1", "short", severity=Severity.INFO)
    monkeypatch.setattr(registry, "retired", lambda: {"PK199": ""})
    with pytest.raises(ValueError, match="retired"):
        issue_rule("PK199", "ghost", severity=Severity.INFO)
    with pytest.raises(ValueError, match="needs nonsense"):
        registry.rule("PK198", "odd", severity=Severity.INFO, needs=("nonsense",))(
            lambda view, target: iter(())
        )


def test_a_new_rule_is_one_module_and_its_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "extra_rule.py").write_text(
        "from portkit.model.words import Severity\nfrom portkit.rules.registry import finding, rule\n\n\n"
        '@rule("PK777", "toy-rule", severity=Severity.INFO)\ndef check(view, target):\n    '
        'yield finding("PK777", None, {"name": "x"})\n'
    )
    (tmp_path / "text").mkdir()
    text = (
        "# Toy\n\nmessage: toy {name}\n\n## What it does\n\na\n\n## Why\n\nb\n\n## What to "
        "do\n\nc\n\n## Example\n\nd\n"
    )
    (tmp_path / "text" / "PK777.en.md").write_text(text)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "_rules", dict(all_rules()))
    all_rules.cache_clear()
    load_text.cache_clear()
    try:
        assert all_rules()["PK777"].slug == "toy-rule"
        assert load_text("PK777").messages[""] == "toy {name}"
    finally:
        all_rules.cache_clear()
        load_text.cache_clear()
        sys.modules.pop("portkit.rules.extra_rule", None)


def test_bad_texts_are_refused() -> None:
    for text in ("no title", "# T\n\nno message", "# T\n\nmessage: m\n\n## Why\n\nonly one"):
        with pytest.raises(PortkitError):
            parse_text("PK101", "en", text)
    with pytest.raises(PortkitError):
        load_text("PK000")


def test_finding_takes_the_rule_s_defaults() -> None:
    made = finding("PK101", Span(1, 2), {"name": "x"})
    assert (made.severity, made.effort, made.blocking) == (Severity.ERROR, Effort.HOURS, True)
    assert finding("PK101", Span(1, 2), blocking=False).blocking is False
    with pytest.raises(PortkitError):
        finding("PK000", Span(0, 0))


def test_code_of_drops_comments_and_blanks() -> None:
    assert code_of(b'  f("a // b", /* x */ 1); // tail\r\n') == b'f("a//b",1);'
    assert code_of(b"x = '\"'; /* open") == b"x='\"';"


def test_fingerprint_form_and_index() -> None:
    one = fingerprint("PK101", "a.cu", "x", b"x();\n", 0)
    assert re.fullmatch("[0-9a-f]{32}", one)
    marker = Fingerprints("a.cu", b"x();\n  x( ); // again\n")
    assert marker.of("PK101", "x", 0) == one
    assert marker.of("PK101", "x", 7) == fingerprint("PK101", "a.cu", "x", b"x();", 1) != one
    assert marker.of("PK101", "x", None) == fingerprint("PK101", "a.cu", "x", b"", 0)


@given(
    st.lists(st.sampled_from([b"// note\n", b"\n", b"int a;\r\n", b"/* b */\n"]), max_size=6),
    st.sampled_from([b"", b"\t", b"    "]),
)
def test_fingerprint_survives_lines_before_and_indent(before: list[bytes], indent: bytes) -> None:
    code = b"cudaA(p, 3);"
    head = b"".join(before)
    data = head + indent + code + b" // why\nint z;\n"
    assert Fingerprints("a.cu", data).of("PK101", "cudaA", len(head) + len(indent)) == fingerprint(
        "PK101", "a.cu", "cudaA", code, 0
    )


def test_a_fingerprint_of_one_long_line_takes_a_few_calls() -> None:
    data = b"f(cudaA);" * 200_000
    marker = Fingerprints("a.cu", data)
    made, calls = calls_of(lambda: {marker.of("PK101", "cudaA", i * 9) for i in range(20_000)})
    assert len(made) == 20_000 and calls < 30 * 20_000

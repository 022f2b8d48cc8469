# SPDX-License-Identifier: Apache-2.0
"""The HTML report as a file: its policy, what stands in it as text, its words; no browser needed."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from portkit.report.html import TEMPLATES
from portkit.report.page.charts import spans
from portkit.report.page.words import page_languages, page_words
from reports_by_hand import EVIL, make_report, rendered, report

HOLE = re.compile(r"{(\w+)}")


@pytest.fixture(scope="module")
def page() -> str:
    return rendered("html", make_report(100))


class Reader(HTMLParser):
    """Collects elements with their attributes, and the text of script, style and of everything
    else.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.stack = "body"
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.stack = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.stack:
            self.stack = "body"

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.stack, []).append(data)


def test_the_policy_allows_what_stands_in_the_page_and_nothing_else(page: str) -> None:
    (policy,) = (
        a["content"]
        for t, a in Reader(page).elements
        if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(part.strip().split(" ", 1) for part in str(policy).split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules[
        "form-action"
    ] == "'none'" and "unsafe" not in str(policy)

    def hash_of(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert rules["style-src"] == hash_of(style) and rules["script-src"] == hash_of(script)
    assert script == (TEMPLATES / "report.js").read_text(encoding="utf-8")


def test_nothing_is_fetched_and_nothing_is_inline(page: str) -> None:
    for tag, attributes in Reader(page).elements:
        assert tag not in {
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "audio",
            "video",
            "source",
        }
        assert not {
            k
            for k in attributes
            if k.startswith("on") or k in {"style", "src", "action", "srcset", "formaction"}
        }
        assert str(attributes.get("href", "#")).startswith("#")


def test_hostile_names_are_text(page: str) -> None:
    assert EVIL not in page and html.escape("</script>.cu") in page and "{{7*7}}" in page
    read = Reader(page)
    assert len([t for t, _ in read.elements if t == "script"]) == 2
    assert any(EVIL in text for text in read.texts["body"])
    data = json.loads("".join(read.texts["script"]).partition('"use strict"')[0])
    assert any(EVIL in value["name"] for value in data["args"] if "name" in value)


def test_the_data_hold_every_finding_with_its_place() -> None:
    made = make_report(100)
    data = json.loads(re.search(r'id="data">(.*?)</script>', rendered("html", made), re.S)[1])  # type: ignore[index]
    document = json.loads(rendered("json", made))
    listed = [f for p in document["plans"] for x in p["files"] for f in x["findings"]]
    places = {(f["line"], f["column"], f["end_line"], f["end_column"]) for f in listed}
    assert len(data["findings"]) == sum(p["summary"]["findings"] for p in document["plans"])
    assert {tuple(row[2:6]) for row in data["findings"] if row[2]} == places
    assert len({row[10] for row in data["findings"]}) == len(data["findings"])
    number = next(row[1] for row in data["findings"] if row[2])
    (run,) = data["source"][str(number)]
    assert run[0] == 1 and len(run[1]) == 20 and run[1][0].startswith("cudaB(")


def test_same_input_same_bytes() -> None:
    assert rendered("html", make_report(50)) == rendered("html", make_report(50))
    assert "/nowhere" not in rendered("html", report())


def test_one_target_has_no_comparison_and_both_languages_stand() -> None:
    english, chinese = rendered("html", report()), rendered("html", report(language="zh"))
    assert 'id="compare"' not in english and 'lang="en"' in english
    assert (
        '<html lang="zh-CN">' in chinese
        and '<h1><span data-t="page_title">迁移就绪度报告' in chinese
    )
    assert re.search(r'<div lang="zh-CN" data-language="zh" hidden>', english) and re.search(
        r'data-language="en" hidden>', chinese
    )


def test_words_are_the_same_in_every_language() -> None:
    holes = {
        code: {k: sorted(HOLE.findall(v)) for k, v in page_words(code).items()}
        for code in page_languages()
    }
    assert len(holes) > 1 and all(h == holes["en"] for h in holes.values())


def test_every_word_that_page_and_script_ask_for_exists() -> None:
    asked: set[str] = set()
    for name in ("report.html.j2", "parts.html.j2"):
        text = (TEMPLATES / name).read_text(encoding="utf-8")
        asked |= set(re.findall(r'\b(?:t|label|words)\("(\w+)"[,)]', text))
    asked |= set(
        re.findall(r'\bword\("(\w+)"[,)]', (TEMPLATES / "report.js").read_text(encoding="utf-8"))
    )
    assert len(asked) > 60 and asked <= page_words("en").keys()


def test_rule_texts_are_markdown_made_safe(page: str) -> None:
    elements: list[tuple[str, dict[str, Any]]] = Reader(page).elements
    assert any(tag == "code" for tag, _ in elements) and any(tag == "pre" for tag, _ in elements)
    assert any(attributes.get("id") == "rule-PK101" for _, attributes in elements)


@pytest.mark.parametrize(
    ("parts", "most", "wanted"),
    [
        ([("edit", 1), ("keep", 0), ("manual", 3)], 0, [("edit", 0, 25), ("manual", 25, 75)]),
        ([("edit", 1)], 4, [("edit", 0, 25)]),
        ([("edit", 1), ("keep", 99999)], 0, [("edit", 0, 0.6), ("keep", 0.6, 99.4)]),
        ([], 0, []),
    ],
)
def test_bars(
    parts: list[tuple[str, int]], most: int, wanted: list[tuple[str, float, float]]
) -> None:
    assert spans(parts, most) == wanted

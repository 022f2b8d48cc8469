# SPDX-License-Identifier: Apache-2.0
"""The data for the page's script: findings as rows of numbers, texts and source lines kept once.

The order of a row's fields stands in templates/report.js. Everything is text for the script, never
markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from portkit.files.text import SourceText
from portkit.model.plans import Finding
from portkit.model.words import Effort
from portkit.printable import printable, printable_json
from portkit.report.listing import Entry
from portkit.report.model import Report
from portkit.report.page.view import PlanView
from portkit.report.page.words import page_languages, page_words
from portkit.rules.texts import load_text

AROUND = 2  # lines of source before and after a finding
LONGEST = 300  # characters of a source line
MOST_SOURCE = 12_000_000  # characters of source in one page
_EFFORT = {Effort.MINUTES: 0, Effort.HOURS: 1, Effort.DAYS: 2}


class _Once:
    """Gives equal values one number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def __call__(self, key: Any, value: Any = None) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.values)
            self.values.append(key if value is None else value)
        return number


def page_data(
    report: Report,
    views: list[PlanView],
    entries: list[list[Entry]],
    links: list[list[str]],
    rules: Iterable[str],
) -> str:
    """Return the JSON text. It holds no `<`, so that nothing in it can end the element that it
    stands in.
    """
    paths, arguments, about, texts = _Once(), _Once(), _Once(), _Once()
    findings: list[list[Any]] = []
    wanted: dict[str, set[int]] = {}
    numbers = {rule: i for i, rule in enumerate(rules)}
    for index, ((plan, _), found) in enumerate(zip(report.plans, entries, strict=True)):
        files = {f.scan.path: f for f in plan.files}
        for entry, link in zip(found, links[index], strict=True):
            item = entry.finding
            row: list[Any] = [
                index, paths(printable(entry.path)), 0 if entry.whole else entry.start[0],
                entry.start[1], entry.end[0], entry.end[1],
                numbers[item.rule], int(item.severity), int(item.blocking), _EFFORT[item.effort],
                link, arguments(tuple(sorted(item.args.items())), _printable(item.args)),
                _about(files.get(entry.path), item, about), _silenced(item, texts),
            ]  # fmt: skip
            if item.fix:
                row.append(_fix(report, entry))
            findings.append(row)
            if not entry.whole:
                wanted.setdefault(entry.path, set()).update(
                    range(entry.start[0] - AROUND, entry.end[0] + AROUND + 1)
                )
    source, left_out = _source(report, wanted, paths)
    document = {
        "language": report.language,
        "words": {code: page_words(code) for code in page_languages()},
        "rules": [_rule(rule) for rule in numbers],
        "targets": [{"id": v.id, "spec": v.spec, "names": _names(report, v.target)} for v in views],
        "findings": findings,
        "paths": paths.values,
        "args": arguments.values,
        "about": about.values,
        "texts": texts.values,
        "source": source,
        "sourceLeftOut": left_out,
    }
    return printable_json(msgspec.json.encode(document)).replace("<", "\\u003c")


def _names(report: Report, target: str) -> dict[str, str]:
    return {
        code: report.all_names.get(code, report.names).get(target, target)
        for code in page_languages()
    }


def _rule(rule: str) -> dict[str, Any]:
    texts = {code: load_text(rule, code) for code in page_languages()}
    return {
        "id": rule,
        "titles": {code: text.title for code, text in texts.items()},
        "messages": {code: text.messages for code, text in texts.items()},
    }


def _printable(args: dict[str, str]) -> dict[str, str]:
    return {key: printable(value) for key, value in sorted(args.items())}


def _silenced(item: Finding, texts: _Once) -> int:
    """Number why a finding does not count: [word of the page, reason]; -1 when it counts."""
    if item.suppressed:
        return texts(("was_suppressed", printable(item.suppressed.reason)))
    return texts((f"is_{item.exempt}", "")) if item.exempt else -1


def _about(file: Any, item: Finding, about: _Once) -> int:
    """Number what the plan says of the first reference: name, decision, reason, replacement,
    exists, pairs.
    """
    if file is None or not item.references:
        return -1
    number = item.references[0]
    ref, decision = file.scan.references[number], file.decisions[number]
    row = decision.row
    words = (row.exists.name.lower(), row.pairs.name.lower()) if row is not None else ("", "")
    name = f"{ref.qualifier}::{ref.name}" if ref.qualifier else ref.name
    return about(
        (
            printable(name),
            decision.action.value,
            decision.reason.value,
            printable(decision.replacement),
            *words,
        )
    )


def _fix(report: Report, entry: Entry) -> list[Any]:
    edits = [
        [e.expect.decode("utf-8", "replace"), e.new.decode("utf-8", "replace")]
        for e in entry.finding.fix
    ]
    return [int(entry.finding.fix_safe), edits]


def _source(
    report: Report, wanted: dict[str, set[int]], paths: _Once
) -> tuple[dict[str, list[list[Any]]], int]:
    """Return runs [first line, [texts]] of each file by its number, and how many files found no
    room.
    """
    found: dict[str, list[list[Any]]] = {}
    size = left_out = 0
    for path in sorted(wanted):
        if size > MOST_SOURCE:
            left_out += 1
            continue
        text = SourceText(report.read(path))
        last = text.line_count
        runs: list[list[Any]] = []
        for line in sorted(n for n in wanted[path] if 1 <= n <= last):
            shown = text.line_text(line)[:LONGEST]
            size += len(shown)
            if runs and runs[-1][0] + len(runs[-1][1]) == line:
                runs[-1][1].append(shown)
            else:
                runs.append([line, [shown]])
        found[str(paths(printable(path)))] = runs
    return found, left_out

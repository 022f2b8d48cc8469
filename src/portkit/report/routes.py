# SPDX-License-Identifier: Apache-2.0
"""The routes of Python code for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TextIO

import msgspec

from portkit.assess.routes import Advice, FoundGap, FoundTests, Place, RouteAdvice
from portkit.printable import printable, printable_json, printable_path
from portkit.report.i18n import Catalog, catalog
from portkit.report.model import Report

SCHEMA = "portkit/route/1"
GAPS, NAMES = 12, 4  # of a route, of a gap: shown


def as_text(report: Report, out: TextIO, *, only: str = "") -> None:
    """Write the advice of each target; `only`: of one route, by its id or what it does."""
    words = catalog(report.language)
    if not report.advice:
        out.write(words("route_none") + "\n")
    for number, advice in enumerate(report.advice):
        out.write("\n" if number else "")
        out.write("\n".join(lines(words, report, advice, only)) + "\n")


def lines(words: Catalog, report: Report, advice: Advice, only: str = "") -> Iterable[str]:
    """Yield the lines of a target's advice."""
    title = report.names.get(advice.target, advice.target)
    yield words("route_title", title=title, spec=f"{advice.target}@{advice.profile}")
    yield from head(words, advice)
    for route in advice.routes:
        if only in ("", route.id, route.way):
            yield from _route(words, report, route, only)


def head(words: Catalog, advice: Advice) -> Iterable[str]:
    """Yield what is said of the tree: counts, what is ported already, libraries with a port."""
    kinds = ", ".join(f"{words(f'kind_{k}')} {n:,}" for k, n in advice.by_kind.items())
    yield words(
        "route_counts", files=f"{advice.files:,}", references=f"{advice.references:,}", kinds=kinds
    )
    if advice.asides:
        yield words("route_asides", count=f"{advice.asides:,}")
    if advice.ported:
        yield words("route_ported", count=f"{advice.ported:,}")
    if advice.neutral:
        yield words("route_neutral", count=f"{advice.neutral:,}")
    for port in advice.ports:
        yield words("route_port", name=port.name, install=port.install)


def brief(words: Catalog, report: Report, advice: Advice) -> Iterable[str]:
    """Yield the first block of a report: the route that is taken, its gaps, and the other routes."""
    yield from head(words, advice)
    for route in advice.routes:
        if route.chosen:
            yield from _route(words, report, route, "")
    others = ", ".join(r.id for r in advice.routes if not r.chosen)
    if others:
        yield words("route_others", routes=others)


def _route(words: Catalog, report: Report, route: RouteAdvice, only: str) -> Iterable[str]:
    language = report.language
    key = "route_chosen" if route.chosen else "route_other"
    yield words(key, id=route.id, title=route.title[language])
    yield words(
        "route_share",
        works=f"{route.works:,}", all=f"{route.references:,}", edit=f"{route.edit:,}",
        person=f"{route.person:,}", unknown=f"{route.unknown:,}",
    )  # fmt: skip
    for need in route.needs:
        yield words("route_need", text=need[language])
    if not (route.chosen or only):
        return
    for gap in route.gaps[:GAPS]:
        yield _gap(words, report, gap)
    if len(route.gaps) > GAPS:
        yield words("route_more", count=len(route.gaps) - GAPS)
    for tests in route.tests:
        yield _tests(words, report, tests)


def _gap(words: Catalog, report: Report, gap: FoundGap) -> str:
    names = ", ".join(f"`{printable(name)}`" for name in gap.names[:NAMES])
    more = "" if len(gap.names) <= NAMES else " ..."
    return words(
        f"route_gap_{gap.case}",
        names=names + more, count=f"{gap.count:,}", files=f"{gap.files:,}",
        place=_place(report, gap.first), note=gap.note.get(report.language, ""),
    )  # fmt: skip


def _tests(words: Catalog, report: Report, tests: FoundTests) -> str:
    key = "route_tests" if tests.note else "route_tests_unknown"
    return words(
        key,
        name=tests.name, count=f"{tests.count:,}", files=f"{tests.files:,}",
        place=_place(report, tests.first), value=tests.value or words("route_value_unknown"),
        note=tests.note.get(report.language, ""),
    )  # fmt: skip


def _place(report: Report, place: Place) -> str:
    line, _ = report.positions(place.path, [place.offset])[place.offset]
    return f"{printable_path(place.path)}:{line}"


def as_json(report: Report, out: TextIO, *, only: str = "") -> None:
    """Write the advice of each target as one document."""
    document = {"schema": SCHEMA, "tool": report.tool, "targets": report.advice}
    out.write(printable_json(msgspec.json.encode(document)) + "\n")


FORMATS: dict[str, Callable[..., None]] = {"text": as_text, "json": as_json}

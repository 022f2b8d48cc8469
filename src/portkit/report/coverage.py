# SPDX-License-Identifier: Apache-2.0
"""`portkit targets --coverage`: references by decision, reason and grade, a target at a time, and
the names that would matter most if they were known.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Literal, TextIO

import msgspec

from portkit.assess.coverage import Wanted, unknown
from portkit.assess.readiness import Summary
from portkit.printable import printable, printable_json
from portkit.report.csv import harmless
from portkit.report.i18n import catalog

SCHEMA: Literal["portkit/coverage/1"] = "portkit/coverage/1"
SHOWN = 30  # names of a target in the text; CSV and JSON have all
COLUMNS = (
    "profile", "name", "kind", "library", "uses", "files", "reason", "candidate", "exists", "note",
)  # fmt: skip


class Coverage(msgspec.Struct, frozen=True):
    """One target's summary over a tree, and the names that are not known."""

    profile: str  # id@profile
    summary: Summary
    wanted: Sequence[Wanted]


class CoveragePlan(msgspec.Struct, frozen=True):
    """One target's coverage of a tree. Every `by_` table adds up to `references`; `names` has those
    that are not known, the most used first, and behind them those that are assumed.
    """

    profile: str
    references: int
    by_decision: dict[str, int]
    by_reason: dict[str, int]
    by_exists: dict[str, int]
    by_pairs: dict[str, int]
    names: list[Wanted]


class CoverageDocument(msgspec.Struct, frozen=True):
    """`portkit targets --coverage PATH --format json`."""

    schema: Literal["portkit/coverage/1"]
    plans: list[CoveragePlan]


def render_text(found: Sequence[Coverage], out: TextIO, language: str) -> None:
    """Write the counts of each target and its `SHOWN` most used names that are not known."""
    words = catalog(language)
    for one in found:
        s, open_names = one.summary, unknown(one.wanted)
        out.write(f"{one.profile}: {words('coverage_references', count=f'{s.references:,}')}\n")
        decisions = {"edit": s.edit, "keep": s.keep, "manual": s.manual}
        for key, counts in (
            ("coverage_decision", decisions),
            ("coverage_reason", s.by_reason),
            ("coverage_exists", s.by_exists),
            ("coverage_pairs", s.by_pairs),
        ):
            said = ", ".join(f"{word} {count:,}" for word, count in counts.items() if count)
            out.write(f"  {words(key)}: {said or '-'}\n")
        uses, names = sum(w.uses for w in open_names), len(open_names)
        out.write(f"  {words('coverage_wanted', names=f'{names:,}', uses=f'{uses:,}')}\n")
        for w in open_names[:SHOWN]:
            out.write(f"    {w.uses:>6,}  {printable(w.name)}  ({_about(w)})\n")
        if names > SHOWN:
            out.write(f"    {words('coverage_more', count=f'{names - SHOWN:,}')}\n")


def _about(w: Wanted) -> str:
    told = [w.kind, w.library or "-", w.reason]
    return ", ".join([*told, f"-> {w.candidate}"] if w.candidate else told)


def render_csv(found: Sequence[Coverage], out: TextIO, _language: str) -> None:
    """Write a line a name, those that are assumed last."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found:
        for w in one.wanted:
            cells = {"profile": one.profile} | msgspec.structs.asdict(w)
            writer.writerow([harmless(str(cells[column])) for column in COLUMNS])


def render_json(found: Sequence[Coverage], out: TextIO, _language: str) -> None:
    """Write `portkit/coverage/1`: a plan a target."""
    document = CoverageDocument(SCHEMA, [_plan(one) for one in found])
    data = msgspec.json.format(msgspec.json.encode(document), indent=1)
    out.write(printable_json(data) + "\n")


def _plan(one: Coverage) -> CoveragePlan:
    s = one.summary
    decisions = {"edit": s.edit, "keep": s.keep, "manual": s.manual}
    return CoveragePlan(
        one.profile,
        s.references,
        decisions,
        s.by_reason,
        s.by_exists,
        s.by_pairs,
        list(one.wanted),
    )


FORMATS: dict[str, Callable[[Sequence[Coverage], TextIO, str], None]] = {
    "text": render_text,
    "csv": render_csv,
    "json": render_json,
}


def render_map(names: Sequence[Wanted], out: TextIO) -> None:
    """Write names as rows that `--map` reads once a target name is filled in."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "target", "kind", "status", "note"))
    for w in names:
        guess = f"; maybe {w.candidate}" if w.candidate else ""
        note = f"{w.uses} uses, {w.reason}{guess}"
        writer.writerow((w.name, "", w.kind, "unknown", note))

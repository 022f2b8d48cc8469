# SPDX-License-Identifier: Apache-2.0
"""How far a tree has come since a report that was saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from portkit.assess.parts import Parts
from portkit.files.regular import read_regular
from portkit.model.errors import PortkitError

_SCHEMA = "portkit/report/1"
_REPORT_BYTES = 4 << 30  # the reports of big trees are long


class Progress(msgspec.Struct, frozen=True):
    """What was counted of a target's names: `moved`, `to_move`, for a `person` (both known and
    not), and the readiness in per cent.
    """

    moved: int
    to_move: int
    person: int
    readiness: float | None


class Trend(msgspec.Struct, frozen=True):
    """Then and now."""

    then: Progress
    now: Progress


class _Parts(msgspec.Struct):
    moved: int
    to_move: int
    person: int
    unknown: int


class _Summary(msgspec.Struct):
    edit: int
    manual: int
    keep: int
    user_declared: int
    readiness: float | None = None
    parts: _Parts | None = None


class _Plan(msgspec.Struct):
    target: str
    profile: str
    summary: _Summary


class _Report(msgspec.Struct):
    schema: str
    plans: list[_Plan]


def read_earlier(path: Path) -> dict[str, Progress]:
    """Return what an earlier JSON report counted, by `target@profile`.

    Of a report of a portkit that did not tell the parts, what stays as it is counts as to be moved.
    Raises PortkitError for a file that cannot be read, or is no such report.
    """
    hint = "give a report written with --format json"
    try:
        report = msgspec.json.decode(read_regular(path, _REPORT_BYTES), type=_Report)
    except OSError as error:
        raise PortkitError(f"--since-report: {error.strerror}", str(path), hint) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PortkitError("--since-report: no report of portkit's", str(path), hint) from error
    if report.schema != _SCHEMA:
        raise PortkitError(f"--since-report: not a {_SCHEMA}", str(path), hint)
    return {f"{plan.target}@{plan.profile}": _progress(plan.summary) for plan in report.plans}


def _progress(summary: _Summary) -> Progress:
    parts = summary.parts
    if parts is None:
        moves = summary.edit + summary.keep - summary.user_declared
        return Progress(0, moves, summary.manual, summary.readiness)
    person = parts.person + parts.unknown
    return Progress(parts.moved, parts.to_move, person, summary.readiness)


def trend(spec: str, parts: Parts, earlier: Mapping[str, Progress]) -> Trend | None:
    """Return how far a target's names have come; None where the earlier report does not have it."""
    then = earlier.get(spec)
    if then is None:
        return None
    ready = parts.share.by_itself if parts.share is not None else None
    return Trend(then, Progress(parts.moved, parts.to_move, parts.person + parts.unknown, ready))

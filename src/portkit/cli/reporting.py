# SPDX-License-Identifier: Apache-2.0
"""A command's report: in every format that its options ask for, each to its place; and the gate
after it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from portkit.api.session import Assessed, Session
from portkit.cli.reading import open_session, read_tree
from portkit.cli.said import unguarded
from portkit.model.plans import Plan

if TYPE_CHECKING:
    from portkit.assess.trend import Progress


def emit(
    session: Session,
    plans: Iterable[Plan],
    options: Mapping[str, Any],
    default: TextIO | None = None,
    text: ModuleType | None = None,
    earlier: Mapping[str, Progress] = MappingProxyType({}),
) -> Assessed:
    """Render the report in every format asked for; one without =FILE goes to -o or stdout.

    `default`: in place of stdout. `text`: another module for the text format. `earlier`: see
    assess.trend. Returns (plan, assessment) of each plan.
    """
    from portkit.report.output import outputs, write_file, write_files
    from portkit.report.terminal import language, use_colour

    stream = unguarded(default or sys.stdout)
    spoken = language(session.options.language)
    assessed = session.assess(plans)
    for known, destination in outputs(options["formats"], options["output"]):
        machine = known.NAME != "text"
        module = known if machine or text is None else text
        report = session.report_of(
            assessed,
            language=(options["lang"] or "en") if machine else spoken,
            colour=not machine and destination is None and use_colour(options["color"], stream),
            verbose=bool(options["verbose"]),
            compact=bool(options.get("compact") or options["quiet"]),
        )
        report = msgspec.structs.replace(report, earlier=earlier)
        if destination is None:
            module.render(report, stream)
        elif hasattr(module, "FILES"):  # a format of several files, into a folder
            write_files(destination, module.FILES, report, session.root)
        else:
            write_file(destination, functools.partial(module.render, report), session.root)
    return assessed


def _earlier(options: Mapping[str, Any]) -> Mapping[str, Progress]:
    path = options.get("since_report")
    if path is None:
        return {}
    from portkit.assess.trend import read_earlier

    return read_earlier(path)


def report_and_gate(options: dict[str, Any], default_level: str) -> int:
    """Scan, plan and render for every --to; return the gate's exit code (`--fail-on`, else
    `default_level`).
    """
    from portkit.report.output import check_outputs

    session = open_session(options, options["targets"])
    # A mistake is told before the work is done.
    check_outputs(options["formats"], options["output"], lambda: session.root)
    earlier = _earlier(options)
    read_tree(session, options, ahead=True)
    assessed = emit(session, session.plans(), options, earlier=earlier)
    from portkit.cli.gate import gate  # loaded by now, while workers were busy

    return gate(assessed, options, default_level)

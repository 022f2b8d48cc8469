# SPDX-License-Identifier: Apache-2.0
"""`portkit targets --coverage PATH`: what the tables know of a tree, and what of it an SDK lacks."""

from __future__ import annotations

import functools
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.cli.said import say, unguarded
from portkit.model.errors import PortkitError

if TYPE_CHECKING:
    from portkit.assess.coverage import Wanted

SHOWN = 20  # names that the SDK lacks; --verbose shows all


def show(options: Mapping[str, Any]) -> int:
    """Print the coverage of a tree, a target at a time."""
    from portkit.assess.coverage import wanted
    from portkit.report.coverage import FORMATS, Coverage
    from portkit.report.i18n import choose_language
    from portkit.report.output import write_file

    session = _session(options, options["targets"] or _all_profiles())
    found = [
        Coverage(f"{plan.target}@{plan.profile}", assessment.summary, wanted(plan))
        for plan, assessment in session.assessments()
    ]
    if options["export"]:
        _export(session, options["export"], [one.wanted for one in found])
    render = functools.partial(FORMATS[options["form"]], found)
    language = choose_language(session.options.language)
    if options["output"] is None:
        render(unguarded(sys.stdout), language)
    else:
        write_file(
            options["output"], lambda out: render(out, language), session.root, "the coverage"
        )
    return 0


def show_needs(options: Mapping[str, Any], spec: str, has: Collection[str]) -> None:
    """Print what a tree needs and an SDK that `has` these names lacks, and what stays unknown."""
    from portkit.assess.coverage import lacking, unknown, wanted

    session = _session(options, [spec])
    plan, names = session.plans()[0], frozenset(has)
    lacks, open_names = lacking(plan, names), unknown(wanted(plan))
    say(f"this tree needs {len(lacks)} names that the SDK lacks")
    shown = lacks if options["verbose"] else lacks[:SHOWN]
    for there, name, uses in shown:
        say(f"  {uses:>6,}  {there}  ({name})")
    if len(lacks) > len(shown):
        say(f"  ... and {len(lacks) - len(shown)} more (-v)")
    uses = sum(w.uses for w in open_names)
    say(f"not known of this tree, SDK or not: {len(open_names)} names, {uses:,} uses")
    if options["export"]:
        _export(session, options["export"], [open_names])


def _session(options: Mapping[str, Any], specs: Sequence[str]) -> Session:
    asked = Options.load(options["paths"])
    if options["maps"]:
        asked = asked.given(maps=options["maps"])
    return Session(
        options["paths"], asked, specs, warn=lambda text: say(f"portkit: {text}", err=True)
    )


def _export(session: Session, file: Path, of_targets: Sequence[Sequence[Wanted]]) -> None:
    from portkit.assess.coverage import unknown
    from portkit.report.coverage import render_map
    from portkit.report.output import write_file

    if len(of_targets) != 1:
        raise click.UsageError("--export wants one --to: rows of a map are of one target")
    names = unknown(of_targets[0])
    write_file(file, functools.partial(render_map, names), session.root, "the rows")
    say(
        f"{len(names)} names written to {file}: fill in their targets and give it to --map",
        err=True,
    )


def _all_profiles() -> list[str]:
    from portkit.targets.target import available_targets, load_file

    found = []
    for name in available_targets():
        try:
            found += [f"{name}@{profile}" for profile in load_file(name).profiles]
        except PortkitError as error:
            say(f"portkit: {error}", err=True)
    return found

# SPDX-License-Identifier: Apache-2.0
"""`portkit scan --why FILE:LINE[:COL]`: the words of a line, and how each was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portkit.api.why import Why, heard, parse_place, why
from portkit.cli.reading import open_session
from portkit.cli.said import say
from portkit.cli.settings import session_options
from portkit.languages.cxx.project.why import WordSaid
from portkit.model.plans import Decision
from portkit.model.words import Action


def explain(options: dict[str, Any]) -> int:
    """Print what was said at the place that the options name; return the exit code."""
    place = parse_place(options["why"])
    asked = heard(session_options(options))
    session = open_session(options, options["targets"], asked=asked)
    for line in lines_of(why(session, place)):
        say(line)
    return 0


def lines_of(said: Why) -> Iterator[str]:
    """Yield the lines that tell what was said at a place."""
    if not said.words:
        yield f"{said.path}:{said.line}: no word here may be CUDA's"
    for column, word in said.words:
        yield f"{said.path}:{said.line}:{column} {word.word}"
        yield from (f"  {line}" for line in _of(word))
        for spec, decision in said.decisions.get(word.offset, ()):
            yield f"  {spec}: {_decided(decision)}"
    for issue in said.issues:
        about = ", ".join(f"{key}={value}" for key, value in sorted(issue.args.items()))
        yield f"{said.path}:{said.line}: {issue.rule} {about}"


def _of(word: WordSaid) -> Iterator[str]:
    yield f"letters: {word.letters}"
    yield from (f"clang in {line}" for line in word.clang)
    yield from (f"ladder: {step}" for step in word.ladder)
    ref = word.reference
    if ref is None:
        yield "no reference"
        return
    proof = ref.proof.name.lower() if ref.proof is not None else "the project's own"
    library = f" of {ref.library}" if ref.library else ""
    yield f"reference: {ref.kind.value}{library}, context {ref.context.value}, {proof}"


def _decided(decision: Decision) -> str:
    to = f" to {decision.replacement}" if decision.action is Action.EDIT else ""
    row = decision.row
    if row is None:
        return f"{decision.action.value}{to}: {decision.reason.value}; no row"
    grade = f"exists={row.exists.name.lower()} pairs={row.pairs.name.lower()}"
    sources = f"; sources {' '.join(row.sources)}" if row.sources else ""
    note = f"; {row.note}" if row.note else ""
    status = "derived by the naming rule" if row.derived else f"row {row.status.value}"
    return f"{decision.action.value}{to}: {decision.reason.value}; {status}, {grade}{sources}{note}"

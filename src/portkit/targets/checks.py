# SPDX-License-Identifier: Apache-2.0
"""Checks of a target's tables beyond their form (`portkit targets --check`): each fault is one
line, file: reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.expanded import AMBIGUOUS, ambiguous, declared_ambiguous
from portkit.targets.recipes import Overload
from portkit.targets.routes import FILE as ROUTES
from portkit.targets.routes import faults, own_routes
from portkit.targets.rows import TableError, key_of, split
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# the table of names that the vendor's sources have and the vocabulary has not
UNLISTED = "unlisted"
IRREGULAR = "irregular: "  # how a note begins that only says what the naming rule would give
_WORD = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)
_IN_TEXT = re.compile(r"[A-Za-z_]\w*", re.A)


def check_target(target: Target, vocabulary: Vocabulary) -> list[str]:
    """Return every fault of one target and profile.

    Looked for: malformed rows, those of other languages too; rows that disagree; corrupt names;
    statuses, evidence and facts without a known source; names that the rule makes and that are not
    marked so; names that are not CUDA's; recipes that nobody names, or of unknown names; ways back
    that are ambiguous without being listed.
    """
    try:
        problems = target.table.check() + target.others.check() + list(_recipes(target))
        _ = target.build  # raises for faults of its own
    except PortkitError as error:
        return error.problems if isinstance(error, TableError) else [str(error)]
    problems += _guards(target, vocabulary)
    problems += _facts(target)
    problems += _bulk(target, vocabulary)
    problems += _missing(target, vocabulary)
    problems += [
        f"{target.folder / ROUTES}: {f}" for f in faults(own_routes(target.folder), target.sources)
    ]
    problems += _assumed(target, vocabulary)
    problems += _marks(target, vocabulary)
    problems += _way_back(target)
    for key, (library, file, _) in target.table.lines.items():
        try:
            row = target.table.row(key)
        except TableError:
            continue  # already reported
        if row is not None:
            problems += [
                f"{file}: {row.name}: {fault}"
                for fault in _faults(row, library, target, vocabulary)
            ]
    return problems


def _recipes(target: Target) -> Iterator[str]:
    path = target.folder / "recipes.toml"
    # of every profile
    lines = [
        line
        for path in target.folder.glob("*.csv")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    rows = [cells for cells in map(split, lines) if len(cells) > 7]
    used = {cells[7] for cells in rows}
    mapped = {cells[0] for cells in rows if cells[1]}
    listed = {word for cells in rows for word in _IN_TEXT.findall(cells[1])}
    for name, recipe in sorted(target.recipes.items()):
        if name not in used:
            yield f"{path}: no row names the recipe {name}"
        if isinstance(recipe, Overload) and recipe.function not in mapped:
            yield f"{path}: {name} speaks of {recipe.function}, which no row gives a target"
        for word in sorted({w for text in recipe.names() for w in _IN_TEXT.findall(text)}):
            if (
                word not in listed
                and not target.is_own_name(word)
                and word not in ("NULL", "nullptr", "defined")
            ):
                yield f"{path}: {name} writes {word}, which is no name of the target that a row or target.toml knows"


def _unknown(target: Target, where: str, sources: str) -> Iterator[str]:
    if not sources:
        yield f"{where}: names no source"
    yield from (
        f"{where}: unknown source id {s!r}"
        for s in sorted(set(sources.split()) - target.sources.keys())
    )


def _guards(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    path = target.folder / "target.toml"
    for macro, source in target.vendor_switches.items():
        yield from _unknown(target, f"{path}: switch {macro}", source)
    for macro, guard in target.guards.items():
        if macro not in vocabulary:
            yield f"{path}: guard {macro} is not in the CUDA vocabulary"
        if guard.fact and target.facts.number(guard.fact) is None:
            yield (
                f"{path}: guard {macro} takes its value from the fact {guard.fact}, which "
                f"{target.profile} does not give"
            )
        yield from _unknown(target, f"{path}: guard {macro}", guard.source)


def _facts(target: Target) -> Iterator[str]:
    """Facts of the hardware, features, and what keeps its name as a whole."""
    path = target.folder / "target.toml"
    if target.implies_header:
        yield from _unknown(target, f"{path}: implies_header", target.implies_header)
    names, own = (
        [n for n in target.facts.__struct_fields__ if n != "source"],
        target.profiles[target.profile],
    )
    # shared by all profiles
    if any(getattr(target.facts, n) is not None and getattr(own, n) is None for n in names):
        yield from _unknown(target, f"{path}: [facts]", target.facts.source or "")
    for name, state in target.features.items():
        if state.status != "unknown" and not state.source:
            yield f"{target.folder / 'features.toml'}: {name}: {state.status} names no source"
    for scope, source in target.unchanged.items():
        yield from _unknown(target, f"{path}: naming of {scope}", source)


def _missing(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    path = target.folder / "target.toml"
    entities = [
        (f"{e.qualifier}::{name}" if e.qualifier else name, e.library)
        for name in vocabulary.names
        for e in vocabulary.get(name)
    ]
    for entry in target.missing:
        what = entry.names or ", ".join(entry.libraries)
        yield from _unknown(target, f"{path}: missing {what}", entry.source)
        if not any(entry.holds(name, library) for name, library in entities):
            yield f"{path}: missing {what}: no name of the CUDA vocabulary is meant"


def _assumed(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    path = target.folder / "target.toml"
    entities = [
        (f"{e.qualifier}::{name}" if e.qualifier else name, e)
        for name in vocabulary.names
        for e in vocabulary.get(name)
    ]
    for entry in target.assumed:
        what = entry.names or ", ".join(entry.libraries)
        yield from _unknown(target, f"{path}: assumed {what}", entry.source)
        if not any(entry.holds(name, e.kind, e.library) for name, e in entities):
            yield f"{path}: assumed {what}: no name of the CUDA vocabulary is meant"


def _bulk(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    for name, group in target.table.bulk.items():
        if target.naming.derive(name) is None:
            yield f"{group.path}: {name}: the naming rule does not speak of it"
        if name in target.table.lines and "@" not in target.table.lines[name][1]:
            yield f"{group.path}: {name}: also in {target.table.lines[name][1]}"
        if group.library != UNLISTED and name not in vocabulary:
            yield f"{group.path}: {name}: the CUDA vocabulary does not have it"
        if group.library == UNLISTED and any(not e.qualifier for e in vocabulary.get(name)):
            yield f"{group.path}: {name}: the CUDA vocabulary has it: it belongs in the table of its library"


def _marks(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    """What only the naming rule makes must be marked: derived, exists by rule, alike at most."""
    path = target.folder / "target.toml"
    listed = target.table.cells
    for name in sorted(vocabulary.names):
        made = target.naming.derive(name)
        for entity in vocabulary.get(name) if made else ():
            full = f"{entity.qualifier}::{name}" if entity.qualifier else name
            names = {name, full}
            if other := vocabulary.same_names.get(entity.qualifier):
                names.add(f"{other}::{name}")
            if {key_of(n, entity.kind.value) for n in names} & listed.keys():
                continue
            row = target.row(name, entity.kind, entity.library, entity.qualifier)
            if row is None or row.status is not Status.MAPPED or row.kind is Kind.HEADER:
                continue
            if row == target.build.rows.variable(name):
                continue  # build.csv lists it
            if not row.derived or (row.exists, row.pairs) != (Exists.RULE, Pairs.ALIKE):
                yield f"{path}: {full}: {row.target} is made by the naming rule and not marked so"


def _way_back(target: Target) -> Iterator[str]:
    path = target.folder / AMBIGUOUS
    try:
        said, there = declared_ambiguous(target.folder, target.profile), ambiguous(target)
    except PortkitError as error:
        yield str(error)
        return
    for new, names in there.items():
        if said.get(new) != names:
            yield (
                f"{path}: the way back from {new} is ambiguous ({', '.join(names)}), and "
                f"{target.profile} does not say so"
            )
    for new in said.keys() - there.keys():
        yield f"{path}: the way back from {new} is not ambiguous in {target.profile}"


def _faults(row: Row, library: str, target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    scope, _, last = row.name.rpartition("::")
    named = row.kind is Kind.HEADER or vocabulary.is_header_guard(last)  # by whoever wrote it
    derived = None if named else target.naming.derive(last)
    if (
        row.target
        and row.kind not in (Kind.HEADER, Kind.LINK_LIBRARY)
        and not _WORD.fullmatch(row.target)
    ):
        yield f"{row.target!r} is no name"
    if row.status is Status.MAPPED and derived is not None:
        yield from _irregular(row, derived)
    if row.status is Status.MANUAL and row.exists is Exists.RULE and row.target:
        yield f"{row.target} is known by the naming rule alone: a row for a person must not name it"
    if scope:
        yield from _disagreement(row, scope, last, target, vocabulary)
    yield from _scopes(row, vocabulary)
    if (
        row.pairs is Pairs.NO
        and row.recipe
        and (recipe := target.recipes.get(row.recipe))
        and recipe.optional
    ):
        yield f"the recipe {row.recipe} is optional, and the name alone is known to differ"
    yield from _misplaced(row, library, last, vocabulary)


def _scopes(row: Row, vocabulary: Vocabulary) -> Iterator[str]:
    """The scope of a row's name is one that a reference can have, and that of its target names
    nothing twice.
    """
    if row.kind is Kind.HEADER:
        return
    scope, _, last = row.name.rpartition("::")
    if scope and vocabulary.get(last):
        known = {e.qualifier for e in vocabulary.get(last) if e.kind is row.kind}
        known |= {vocabulary.same_names.get(one, one) for one in known}
        if scope not in known:
            shown = ", ".join(sorted(one or "none" for one in known)) or "as another kind"
            yield f"no reference can reach it: the CUDA vocabulary has {last} in {shown}"
    parts = row.target.split("::")[:-1]
    if twice := [part for part in dict.fromkeys(parts) if parts.count(part) > 1]:
        yield f"{row.target} names {', '.join(twice)} twice"


def _irregular(row: Row, derived: str) -> Iterator[str]:
    """A name that is not what the naming rule says wants a reason; a note that only says so is
    none, unless a source has the name.
    """
    if row.target.rpartition("::")[2] == derived:
        return
    seen = row.exists > Exists.TABLE
    if not row.note or (not seen and row.note.startswith(IRREGULAR)):
        why = (
            "a note must say why"
            if seen
            else "no source has the name: drop the row, or a note must say why"
        )
        yield f"{row.target} is not what the naming rule says ({derived}): corrupt, or {why}"


def _misplaced(row: Row, library: str, last: str, vocabulary: Vocabulary) -> Iterator[str]:
    """A row of a library's table is of a name that CUDA has, as the kind that it is; one of
    `UNLISTED` is not.
    """
    if library == UNLISTED:
        if row.kind in {e.kind for e in vocabulary.get(row.name) if not e.qualifier}:
            yield "the CUDA vocabulary has it: it belongs in the table of its library"
        return
    known = vocabulary.get(row.name) or vocabulary.get(last)
    if not known and not (row.kind is Kind.HEADER and vocabulary.header_library(row.name)):
        yield "the CUDA vocabulary does not have it"
    elif known and row.kind not in {e.kind for e in known}:
        yield f"kind {row.kind} is none of the vocabulary's: {', '.join(sorted({e.kind for e in known}))}"


def _disagreement(
    row: Row, scope: str, last: str, target: Target, vocabulary: Vocabulary
) -> Iterator[str]:
    """A qualified row and one of the bare name disagree where the vocabulary has the name in that
    scope only.
    """
    if {e.qualifier for e in vocabulary.get(last)} != {scope}:
        return
    try:
        bare = target.table.row(key_of(last, row.kind.value))
    except TableError:
        return
    if bare is not None and (bare.target.rpartition("::")[2], bare.status) != (
        row.target.rpartition("::")[2],
        row.status,
    ):
        yield f"disagrees with the row of {last}, which is the same name"

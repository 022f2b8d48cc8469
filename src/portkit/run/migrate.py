# SPDX-License-Identifier: Apache-2.0
"""From a plan to what is written: edits applied and verified in memory, files that move, generated
headers.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

import portkit
from portkit.files.discovery import dirty_files
from portkit.files.edits import apply_edits
from portkit.files.regular import SOURCE_BYTES, read_regular
from portkit.languages.registry import LANGUAGES
from portkit.model.errors import PortkitError
from portkit.model.plans import FilePlan, Move, Plan
from portkit.model.spans import Edit
from portkit.printable import printable_name, real_name
from portkit.rewrite.change import Change
from portkit.rewrite.header import MARK
from portkit.rewrite.journal import Journal
from portkit.rewrite.verification import rewritten
from portkit.rewrite.writer import digest
from portkit.vocab.vocabulary import Vocabulary


def make_changes(
    plan: Plan, read: Callable[[str], bytes], vocabulary: Vocabulary, *, known: bool = False
) -> list[Change]:
    """Return the verified changes of a plan, moves and the includes that name moved files included.

    `known`: the same output was verified before.
    """
    moves = {m.source: m.destination for m in plan.moves}
    paths = {f.scan.path for f in plan.files} if moves else set()
    changes = []
    for file in plan.files:
        path = file.scan.path
        before = read(path)
        try:
            edited = apply_edits(before, file.edits) if known else None
            after = rewritten(file, before, vocabulary) if edited is None else edited
        except PortkitError as error:
            error.path = error.path or path
            raise
        if moves:
            after = _follow_moves(file, after, moves, paths)
        name = real_name(path)
        destination = real_name(moves[path]) if path in moves else name
        if after != before or destination != name:
            changes.append(Change(name, before, after, destination if destination != name else ""))
    return changes


def plan_moves(plan: Plan, suffixes: Mapping[str, str], tree: Sequence[str]) -> tuple[Move, ...]:
    """Return the moves that `--rename-files` asks for. Raises PortkitError when a new name is
    taken.
    """
    taken, moves = set(tree), []
    for file in plan.files:
        stem, suffix = posixpath.splitext(file.scan.path)
        if suffix in suffixes:
            destination = stem + suffixes[suffix]
            if destination in taken:
                raise PortkitError(f"cannot become {destination}: that file exists", file.scan.path)
            taken.add(destination)
            moves.append(Move(file.scan.path, destination))
    return tuple(moves)


def _follow_moves(
    file: FilePlan, data: bytes, moves: Mapping[str, str], known: Container[str]
) -> bytes:
    """Rewrite what one file calls files that move, by the tail of their path."""
    if not file.scan.language:
        return data
    here = posixpath.dirname(file.scan.path)
    edits = []
    for link in LANGUAGES[file.scan.language].links(data, file.scan.encoding):
        plain = posixpath.normpath(link.name)
        beside = posixpath.normpath(posixpath.join(here, link.name))
        tail = plain.lstrip("./")
        target = beside if beside in moves else None
        # An include is looked up in folders too; where a file of the tree lies beside, it is meant.
        searched = link.role == "tail" or (link.role == "include" and beside not in known)
        if target is None and searched:
            target = next((s for s in sorted(moves) if s == tail or s.endswith("/" + tail)), None)
        if target is not None:
            new = posixpath.splitext(link.spelling)[0] + posixpath.splitext(moves[target])[1]
            edits.append(Edit(link.span, link.spelling.encode("latin-1"), new.encode("latin-1")))
    return apply_edits(data, edits)


def split_created(
    root: Path, created: Sequence[tuple[str, bytes]]
) -> tuple[list[tuple[str, bytes]], list[Change]]:
    """Return the generated files that are new, and changes of those that an earlier run made.

    Raises PortkitError when a file of that name is there that portkit did not make.
    """
    new: list[tuple[str, bytes]] = []
    changes: list[Change] = []
    for rel, data in created:
        path = root / rel
        if not os.path.lexists(path):
            new.append((rel, data))
            continue
        try:
            before = read_regular(path, SOURCE_BYTES)
        except OSError as error:
            said = f"is there already and cannot be read: {error.strerror}"
            raise PortkitError(said, rel) from error
        if not before.startswith(MARK.encode()):
            raise PortkitError("is there already, and portkit did not make it", rel)
        if before != data:
            changes.append(Change(rel, before, data))
    return new, changes


def _state(path: Path) -> str:
    """Return the hash of a file, or an empty one when it is not there: as the journal has it."""
    try:
        return digest(read_regular(path, SOURCE_BYTES))
    except FileNotFoundError:
        return ""
    except OSError:
        return "unread"  # like no hash that the journal has


def write_in_place(
    journal: Journal,
    target: str,
    changes: Sequence[Change],
    created: Sequence[tuple[str, bytes]],
    asked: Sequence[str],
    allow_dirty: bool,
) -> None:
    """Write the changes over the tree through its journal. Raises PortkitError when git says that
    work could be lost.

    `asked`: the options of the run, for the next one to compare when this one is cut off.
    """
    root = journal.root
    if not allow_dirty:
        dirty = dirty_files(root, [c.rel for c in changes])
        if dirty is None:
            raise PortkitError(
                "not in a git tree; nothing was written",
                str(root),
                "--allow-dirty writes all the same",
            )
        clean = journal.known_clean()
        dirty = [rel for rel in dirty if clean.get(rel) != _state(root / rel)]
        if dirty:
            shown = ", ".join(printable_name(rel) for rel in dirty[:5])
            raise PortkitError(
                f"uncommitted changes in {shown}; nothing was written",
                hint="commit them, or pass --allow-dirty",
            )
    if changes or created:
        journal.write(target, changes, created, portkit.__version__, asked)

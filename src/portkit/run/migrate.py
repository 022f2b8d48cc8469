# SPDX-License-Identifier: Apache-2.0
"""From a plan to what is written: edits applied and verified in memory, files that move, the folder they go to."""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from portkit.files.discovery import Discovery, dirty_files
from portkit.model import Edit, FilePlan, Move, Plan, PortkitError, Span
from portkit.rewrite.change import Change
from portkit.rewrite.edits import apply_edits
from portkit.rewrite.journal import Journal
from portkit.rewrite.writer import digest, replace_file
from portkit.scan.cxx.directives import read_directives
from portkit.scan.cxx.lexer import lex, mask
from portkit.verify.output import rewritten
from portkit.vocab.vocabulary import Vocabulary


def make_changes(plan: Plan, read: Callable[[str], bytes], vocabulary: Vocabulary) -> list[Change]:
    """Return the verified changes of a plan, moves and the includes that name moved files included."""
    moves = {m.source: m.destination for m in plan.moves}
    changes = []
    for file in plan.files:
        before = read(file.scan.path)
        after = rewritten(file, before, vocabulary) if file.edits else before
        if moves:
            after = _follow_moves(file, after, moves)
        destination = moves.get(file.scan.path, file.scan.path)
        if after != before or destination != file.scan.path:
            changes.append(Change(file.scan.path, before, after, destination if destination != file.scan.path else ""))
    return changes


def plan_moves(plan: Plan, suffixes: dict[str, str], tree: Sequence[str]) -> tuple[Move, ...]:
    """Return the moves that `--rename-files` asks for. Raises PortkitError when a new name is taken."""
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


def _follow_moves(file: FilePlan, data: bytes, moves: dict[str, str]) -> bytes:
    """Rewrite the includes of one file that name moved files, by the tail of their path."""
    here = posixpath.dirname(file.scan.path)
    edits = []
    for include in read_directives(lex(mask(data, file.scan.encoding))).includes:
        plain = posixpath.normpath(include.spelling)
        beside = posixpath.normpath(posixpath.join(here, include.spelling))
        tail = plain.lstrip("./")
        target = next((s for s in moves if s == beside), None) or next(
            (s for s in sorted(moves) if s == tail or s.endswith("/" + tail)), None
        )
        if target is not None:
            new = posixpath.splitext(include.spelling)[0] + posixpath.splitext(moves[target])[1]
            edits.append(Edit(Span(include.span.start, include.span.end), include.spelling.encode("latin-1"), new.encode("latin-1")))
    return apply_edits(data, edits)


def write_in_place(root: Path, target: str, changes: Sequence[Change], allow_dirty: bool) -> None:
    """Write the changes over the tree through the journal. Raises PortkitError when git says that work could be lost."""
    journal = Journal(root)
    if not allow_dirty:
        dirty = dirty_files(root, [c.rel for c in changes])
        if dirty is None:
            raise PortkitError("not in a git tree; nothing was written", str(root), "--allow-dirty writes all the same")
        clean = journal.known_clean()
        dirty = [rel for rel in dirty if not (root / rel).is_file() or clean.get(rel) != digest((root / rel).read_bytes())]
        if dirty:
            raise PortkitError(
                f"uncommitted changes in {', '.join(dirty[:5])}; nothing was written", hint="commit them, or pass --allow-dirty"
            )
    if changes:
        journal.write(target, changes)


def write_out_dir(out: Path, found: Discovery, changes: Sequence[Change], force: bool) -> int:
    """Copy the discovered tree to `out` with the changes applied; return how many files were written."""
    inside = out.resolve().is_relative_to(found.root)
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not force:
        raise PortkitError("the output folder is not empty", str(out), "choose another one, or pass --force")
    if inside and not force:
        raise PortkitError("the output folder lies inside the tree", str(out), "choose one outside, or pass --force")
    by_rel = {c.rel: c for c in changes}
    out.mkdir(parents=True, exist_ok=True)
    written = 0
    names = {f.rel for f in found.files} | {r for r in found.tree if (found.root / r).is_file()}
    for rel in sorted(names):
        source = found.root / rel
        change = by_rel.get(rel)
        if rel.startswith("../") or (source.is_symlink() and not source.resolve().is_relative_to(found.root)):
            continue
        replace_file(out, change.destination if change else rel, change.after if change else source.read_bytes())
        shutil.copymode(source, out / (change.destination if change else rel))
        written += 1
    return written

# SPDX-License-Identifier: Apache-2.0
"""Which lines changed since a revision, by git: in the working tree, untracked files included.

The tree's .gitattributes have no say in it: the bytes on the disk are compared, each file as text.
One with a content filter has changed as a whole when it changed at all (what git stores of it is
not what portkit reads). A file whose lines git counts in another way than portkit (UTF-16, a
carriage return alone) has changed as a whole too. Where a .gitattributes itself has changed, files
that it has encoded or filtered are compared though git holds them for unchanged; where none has,
the revision's files are taken as git writes them to the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portkit.files.git import find_view
from portkit.files.git_filters import as_stored, filtered, is_object, read_index
from portkit.files.git_settings import plain
from portkit.files.git_view import GitView
from portkit.files.line_diff import WHOLE, Ranges, compare
from portkit.model.errors import PortkitError
from portkit.printable import printable_name

_RAW = re.compile(rb":\d+ \d+ ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*")
_LISTED = [
    *("diff-index", "--find-renames", "--relative", "--ignore-submodules=all"),
    *("--raw", "-z", "--no-abbrev"),
]
_BYTES = b"* -working-tree-encoding -text -eol -ident -filter\n"  # renames are found by the bytes
_ATTRIBUTES = ":(top,icase,glob)**/.gitattributes"
_COMMIT = re.compile(rb"([0-9a-f]{40,64})\n")


def changed_lines(root: Path, revision: str) -> dict[str, list[tuple[int, int]]]:
    """Return {path: ranges of changed lines, first and last} of files under `root`.

    Paths are relative to it (POSIX, printable). `A...` means since the last commit in common with
    A. A renamed file counts by its changes. An untracked file has changed as a whole. Raises
    PortkitError when there is no git or it does not know the revision.
    """
    root = root.resolve()
    view = find_view(root)
    if view is None:
        raise PortkitError("--since needs git and a git tree", os.fspath(root))
    base = _commit(view, revision)
    raw = view.ask([*_LISTED, base, "--", "."], root, attributes=_BYTES).output
    found = _by_lines(view, root, base, _changes(raw, root))
    others = view.ask(["ls-files", "-z", "--others", "--exclude-standard"], root).output
    found |= {name: [WHOLE] for name in others.split(b"\0") if name}
    return {printable_name(name): ranges for name, ranges in found.items()}


@dataclass(frozen=True, slots=True)
class _Change:
    """An entry of git's comparison without content: the objects before and now.

    An object of zeros is one that git would have to make of the file first.
    """

    old: str
    new: str
    kind: str

    @property
    def is_certain(self) -> bool:
        """Whether the content is known to differ, or to be in conflict."""
        known = bool(self.old.strip("0") and self.new.strip("0"))
        return self.kind == "U" or (known and self.old != self.new)


def _commit(view: GitView, revision: str) -> str:
    name = f"{revision.removesuffix('...')}^{{commit}}"
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", name]
    answer = view.ask(arguments, accept=(0, 1, 128), with_logs="@{" in revision)
    match = _COMMIT.fullmatch(answer.output)
    if answer.status != 0 or match is None:
        why = f": {plain(answer.complaints)}" if answer.complaints else ""
        hint = "in CI, fetch it first: a shallow clone may lack it"
        raise PortkitError(f"git knows no revision {revision!r}{why}", hint=hint)
    if revision.endswith("..."):
        answer = view.ask(["merge-base", match[1].decode(), "HEAD"], accept=(0, 1, 128))
        match = _COMMIT.fullmatch(answer.output)
        if answer.status != 0 or match is None:
            hint = "in CI, fetch more of the history"
            raise PortkitError(f"{revision!r}: no commit in common with HEAD", hint=hint)
    return match[1].decode()


def _changes(raw: bytes, root: Path, with_deleted: bool = False) -> dict[bytes, _Change]:
    """Read `diff-index --raw -z`: what is still there, by its name now. Raises PortkitError."""
    changes: dict[bytes, _Change] = {}
    *listed, end = raw.split(b"\0")
    fields = iter(listed)
    for head in fields:
        match = _RAW.fullmatch(head)
        names = [next(fields, b"")]
        if match is not None and match[3] in b"RC":
            names.append(next(fields, b""))
        if match is None or not all(names):
            raise PortkitError("git lists changes in an unknown form", os.fspath(root))
        if match[3] != b"D" or with_deleted:
            change = _Change(*(part.decode() for part in match.groups()))
            before = changes.get(names[-1])
            # A file in conflict comes twice.
            changes[names[-1]] = before if before and before.kind == "U" else change
    if end:
        raise PortkitError("git lists changes in an unknown form", os.fspath(root))
    return changes


def _by_lines(
    view: GitView,
    root: Path,
    base: str,
    changes: Mapping[bytes, _Change],
) -> dict[bytes, Ranges]:
    """Return the changed lines of the files that git lists, and of those that it cannot know."""
    objects = {name: change.old for name, change in changes.items()}
    certain = {name for name, change in changes.items() if change.is_certain}
    if _attributes_changed(view, base):
        # What git took for unchanged, it made of other bytes than the revision's work tree had.
        index = read_index(view, root)
        converted = _with(view, root, "working-tree-encoding") | _with(view, root, "filter")
        objects |= {n: index[n].object for n in converted - objects.keys() if n in index}
        found = compare(view, root, objects)
        whole = found.ends & certain
        whole |= filtered(view, root, found.lines.keys() | found.ends)
    else:
        by_filter = filtered(view, root, changes)
        converted = _with(view, root, "working-tree-encoding") | _with(view, root, "ident")

        def stored(name: bytes) -> bytes | None:
            """Return an object as git would write it to the disk, if that is other bytes."""
            return _checked_out(view, root, name, objects[name]) if name in converted else None

        plain = {name: object for name, object in objects.items() if name not in by_filter}
        found = compare(view, root, plain, stored)
        whole = found.ends & certain
        whole |= by_filter - _unchanged(view, root, by_filter, changes)
    whole |= {name for name, change in changes.items() if change.kind == "U"}
    return found.lines | {name: [WHOLE] for name in whole}


def _attributes_changed(view: GitView, base: str) -> bool:
    """Return whether any .gitattributes of the work tree is another one than the revision's."""
    top = view.repository.top
    raw = view.ask([*_LISTED, base, "--", _ATTRIBUTES], top).output
    if view.ask(["ls-files", "-z", "--others", "--", _ATTRIBUTES], top).output:
        return True
    changes = _changes(raw, top, with_deleted=True)
    return any(
        change.kind == "D"
        or change.is_certain
        or not is_object(top / os.fsdecode(name), change.old)
        for name, change in changes.items()
    )


def _with(view: GitView, root: Path, attribute: str) -> set[bytes]:
    """Return the tracked files under `root` for which the tree sets an attribute."""
    but = f":(exclude,attr:!{attribute})"
    listed = view.ask(["ls-files", "-z", "--cached", "--", ".", but], root).output
    return {name for name in listed.split(b"\0") if name}


def _checked_out(view: GitView, root: Path, name: bytes, object: str) -> bytes | None:
    if not object.strip("0"):
        return None
    place = (root / os.fsdecode(name)).relative_to(view.repository.top).as_posix()
    answer = view.ask(["cat-file", "--filters", f"--path={place}", object], accept=(0, 128))
    return answer.output if answer.status == 0 else None


def _unchanged(
    view: GitView,
    root: Path,
    names: set[bytes],
    changes: Mapping[bytes, _Change],
) -> set[bytes]:
    """Return those of `names`, files with a content filter, that are what the revision holds."""
    made = {name for name in names if changes[name].new.strip("0")}  # git has an object of them
    same = {name for name in made if changes[name].old == changes[name].new}
    unsure = {name: changes[name].old for name in names - made}
    if unsure:
        same |= as_stored(view, root, unsure, read_index(view, root))
    return same

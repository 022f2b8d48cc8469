# SPDX-License-Identifier: Apache-2.0
"""The outcome as a patch that `git apply` takes, for any bytes and any file names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence

from portkit.rewrite.change import Change
from portkit.rewrite.lines import opcodes, split_lines

_CONTEXT = 3
_ESCAPES = {
    7: b"\\a",
    8: b"\\b",
    9: b"\\t",
    10: b"\\n",
    11: b"\\v",
    12: b"\\f",
    13: b"\\r",
    34: b'\\"',
    92: b"\\\\",
}
_ABSENT = b"0" * 40


def unified_diff(changes: Iterable[Change], created: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """Return a git patch (prefixes a/ and b/) for changed, renamed and new files, sorted by old
    name.

    Names are POSIX, relative to where the patch is to be applied, fs-decoded. Lines end at LF only;
    all other bytes, CR among them, are content.
    """
    parts = {change.rel: _one(change) for change in changes}
    parts |= {rel: _new(rel, data) for rel, data in created}
    return b"".join(parts[rel] for rel in sorted(parts, key=os.fsencode))


def _one(change: Change) -> bytes:
    old, new, same = change.rel, change.destination, change.before == change.after
    if same and old == new:
        return b""
    head = [b"diff --git ", _name("a/", old), b" ", _name("b/", new), b"\n"]
    if old != new:
        head += [b"similarity index 100%\n"] if same else []
        head += [b"rename from ", _name("", old), b"\nrename to ", _name("", new), b"\n"]
    if same:
        return b"".join(head)
    head += [b"index ", _blob(change.before), b"..", _blob(change.after), b"\n"]
    head += [b"--- ", _name("a/", old), _tab(old), b"\n+++ ", _name("b/", new), _tab(new), b"\n"]
    return b"".join([*head, *_hunks(change.before, change.after)])


def _new(rel: str, data: bytes) -> bytes:
    head = [b"diff --git ", _name("a/", rel), b" ", _name("b/", rel), b"\nnew file mode 100644\n"]
    head += [b"index ", _ABSENT, b"..", _blob(data), b"\n"]
    if data:
        head += [b"--- /dev/null\n+++ ", _name("b/", rel), _tab(rel), b"\n"]
    return b"".join([*head, *_hunks(b"", data)])


def _hunks(before: bytes, after: bytes) -> Iterator[bytes]:
    """Yield the hunks between two contents, with three lines around each change."""
    old, new = split_lines(before), split_lines(after)
    group: list[tuple[int, int, int, int]] = []
    for change in opcodes(old, new):
        if group and change[0] - group[-1][1] > 2 * _CONTEXT:
            yield from _hunk(old, new, group)
            group = []
        group.append(change)
    if group:
        yield from _hunk(old, new, group)


def _hunk(
    old: Sequence[bytes], new: Sequence[bytes], group: Sequence[tuple[int, int, int, int]]
) -> Iterator[bytes]:
    first, last = group[0], group[-1]
    lead = min(_CONTEXT, first[0])
    trail = min(_CONTEXT, len(old) - last[1])
    starts, ends = (first[0] - lead, first[2] - lead), (last[1] + trail, last[3] + trail)
    yield b"@@ -%b +%b @@\n" % (_range(starts[0], ends[0]), _range(starts[1], ends[1]))
    at = starts[0]
    for begin, end, new_begin, new_end in group:
        yield from _lines(b" ", old[at:begin])
        yield from _lines(b"-", old[begin:end])
        yield from _lines(b"+", new[new_begin:new_end])
        at = end
    yield from _lines(b" ", old[at : ends[0]])


def _lines(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield (
            mark + line
            if line.endswith(b"\n")
            else mark + line + b"\n\\ No newline at end of file\n"
        )


def _range(start: int, end: int) -> bytes:
    count = end - start
    if count == 1:
        return b"%d" % (start + 1)
    return b"%d,%d" % (start + 1 if count else start, count)


def _blob(data: bytes) -> bytes:
    """Return git's object name of `data`, so that a patch can be merged three ways."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode()


def _name(prefix: str, rel: str) -> bytes:
    """Return a file name as git writes it: in quotes, with escapes, when it holds more than plain
    characters.
    """
    raw = prefix.encode() + os.fsencode(rel)
    if all(32 <= byte < 127 and byte not in (34, 92) for byte in raw):
        return raw
    quoted = [
        _ESCAPES.get(byte) or (bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte)
        for byte in raw
    ]
    return b'"' + b"".join(quoted) + b'"'


def _tab(rel: str) -> bytes:
    """Return the tab that ends a name with a space in the --- and +++ lines."""
    return b"\t" if " " in rel and not _name("", rel).startswith(b'"') else b""

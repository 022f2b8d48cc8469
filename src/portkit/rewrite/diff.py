# SPDX-License-Identifier: Apache-2.0
"""A unified diff of bytes that `git apply` takes: any encoding, CRLF, names with odd characters, renames."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator

from portkit.rewrite.change import Change

_CONTEXT = 3


def unified_diff(changes: Iterable[Change]) -> bytes:
    """Return the patch of all changes, in the order given."""
    return b"".join(part for change in changes for part in _file(change))


def _file(change: Change) -> Iterator[bytes]:
    old, new = _quote(b"a/", change.rel), _quote(b"b/", change.destination)
    yield b"diff --git %s %s\n" % (old, new)
    if change.destination != change.rel:
        yield b"rename from %s\nrename to %s\n" % (_quote(b"", change.rel), _quote(b"", change.destination))
    if change.before == change.after:
        return
    yield b"--- %s\n+++ %s\n" % (old, new)
    a, b = _lines(change.before), _lines(change.after)
    if len(a) == len(b):
        yield from _aligned(a, b)
        return
    text = difflib.diff_bytes(difflib.unified_diff, a, b, b"", b"", lineterm=b"\n")
    for line in list(text)[2:]:
        yield _ended(line)


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _aligned(a: list[bytes], b: list[bytes]) -> Iterator[bytes]:
    """Hunks for files of equal line count, where line i only ever becomes line i."""
    changed = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    start = 0
    while start < len(changed):
        end = start
        while end + 1 < len(changed) and changed[end + 1] - changed[end] <= 2 * _CONTEXT:
            end += 1
        low, high = max(0, changed[start] - _CONTEXT), min(len(a), changed[end] + _CONTEXT + 1)
        yield b"@@ -%d,%d +%d,%d @@\n" % (low + 1, high - low, low + 1, high - low)
        i = low
        while i < high:
            if a[i] == b[i]:
                yield _ended(b" " + a[i])
                i += 1
                continue
            last = i
            while last < high and a[last] != b[last]:
                last += 1
            yield from (_ended(b"-" + line) for line in a[i:last])
            yield from (_ended(b"+" + line) for line in b[i:last])
            i = last
        start = end + 1


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _quote(prefix: bytes, rel: str) -> bytes:
    raw = prefix + os.fsencode(rel)
    if all(0x20 <= c < 0x7F and c not in b'"\\' for c in raw):
        return raw
    quoted = b"".join(bytes([c]) if 0x20 <= c < 0x7F and c not in b'"\\' else b"\\%03o" % c for c in raw)
    return b'"' + quoted + b'"'

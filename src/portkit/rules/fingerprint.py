# SPDX-License-Identifier: Apache-2.0
"""The identity of a finding across runs: what a baseline keeps. It survives edits elsewhere in the
file.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable

from portkit.files.text import line_starts
from portkit.model.spans import Span

VERSION = "portkit/v1"
_COMMENT = re.compile(rb'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|//.*|/\*.*?(?:\*/|\Z)', re.S)
_BLANK = re.compile(rb"\s+")
_NOT_AN_END = re.compile(rb"[^\r\n]")


def code_of(line: bytes) -> bytes:
    """Return a source line without its comments and blanks."""
    return _BLANK.sub(b"", _COMMENT.sub(lambda m: m.group(1) or b"", line))


def blanked(data: bytes, comments: Iterable[Span]) -> bytes:
    """Return a file's bytes with blanks where its comments are: what is no comment in C++ may be
    one here. Lines stay as they are.
    """
    out = bytearray(data)
    for span in comments:
        out[span.start : span.end] = _NOT_AN_END.sub(b" ", data[span.start : span.end])
    return bytes(out)


def fingerprint(rule: str, path: str, entity: str, line: bytes, index: int) -> str:
    """Return 32 hex digits: SHA-256 over version tag, rule, POSIX path, entity, digest of the
    line's code, and index.

    `line` is the whole source line as bytes (empty for a finding that no line carries). `index`
    counts the findings of the file that are equal in all of this, from 0. Offsets, line numbers,
    target names and languages play no part.
    """
    return _join(rule, path, entity, hashlib.sha256(code_of(line)).hexdigest(), index)


def _join(rule: str, path: str, entity: str, digest: str, index: int) -> str:
    fields = "\0".join((VERSION, rule, path, entity, digest, str(index)))
    return hashlib.sha256(fields.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class LineDigests:
    """The digests of a file's lines, each worked out when first asked for: of the code that stands
    there.
    """

    def __init__(self, data: bytes, *, plain: bool = False) -> None:
        """`plain`: comments are blanks already, and what looks like one of C++'s is none."""
        self._data, self._plain = data, plain
        self._starts: list[int] | None = None
        self._known: dict[int, str] = {}
        # fingerprints: targets have many findings in common
        self.pairs: dict[tuple[str, str, str, int], tuple[str, str]] = {}

    def at(self, offset: int | None) -> str:
        """Return the digest of the line that holds byte `offset`; None means no line."""
        if offset is None:
            return self._digest(-1, b"")
        if self._starts is None:
            self._starts = line_starts(self._data)
        number = bisect_right(self._starts, offset) - 1
        if number in self._known:
            return self._known[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._data)
        return self._digest(number, self._data[self._starts[number] : end])

    def _digest(self, number: int, line: bytes) -> str:
        if number not in self._known:
            code = _BLANK.sub(b"", line) if self._plain else code_of(line)
            self._known[number] = hashlib.sha256(code).hexdigest()
        return self._known[number]


class Fingerprints:
    """Gives out the fingerprints of one file's findings in order. `lines`: the file's bytes, or the
    digests of its lines.
    """

    def __init__(self, path: str, lines: bytes | LineDigests) -> None:
        self.path, self._lines = (
            path,
            lines if isinstance(lines, LineDigests) else LineDigests(lines),
        )
        self._seen: dict[tuple[str, str, str], int] = {}

    def of(self, rule: str, entity: str, offset: int | None) -> str:
        """Return the next fingerprint of (rule, entity, line of byte `offset`); None means no line."""
        return self.pair(rule, entity, offset)[0]

    def pair(self, rule: str, entity: str, offset: int | None) -> tuple[str, str]:
        """Return the next fingerprint and the one without the path, by which a renamed file is
        known again.
        """
        key = (rule, entity, self._lines.at(offset))
        index = self._seen.get(key, 0)
        self._seen[key] = index + 1
        known = self._lines.pairs.get((*key, index))
        if known is None:
            known = (
                _join(rule, self.path, entity, key[2], index),
                _join(rule, "", entity, key[2], index),
            )
            self._lines.pairs[(*key, index)] = known
        return known

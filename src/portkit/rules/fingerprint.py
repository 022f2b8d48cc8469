# SPDX-License-Identifier: Apache-2.0
"""The identity of a finding across runs: what a baseline keeps. It survives edits elsewhere in the file."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right

VERSION = "portkit/v1"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_COMMENT = re.compile(rb'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|//.*|/\*.*?(?:\*/|\Z)', re.S)
_BLANK = re.compile(rb"\s+")


def code_of(line: bytes) -> bytes:
    """Return a source line without its comments and blanks."""
    return _BLANK.sub(b"", _COMMENT.sub(lambda m: m.group(1) or b"", line))


def fingerprint(rule: str, path: str, entity: str, line: bytes, index: int) -> str:
    """Return 32 hex digits: SHA-256 over version tag, rule, POSIX path, entity, digest of the line's code, and index.

    `line` is the whole source line as bytes (empty for a finding that no line carries). `index` counts the findings
    of the file that are equal in all of this, from 0. Offsets, line numbers, target names and languages play no part.
    """
    return _join(rule, path, entity, hashlib.sha256(code_of(line)).hexdigest(), index)


def _join(rule: str, path: str, entity: str, digest: str, index: int) -> str:
    fields = "\0".join((VERSION, rule, path, entity, digest, str(index)))
    return hashlib.sha256(fields.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Fingerprints:
    """Gives out the fingerprints of one file's findings in order; each source line is read and hashed once."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path, self._data = path, data
        self._starts: list[int] | None = None
        self._digests: dict[int, str] = {}
        self._seen: dict[tuple[str, str, str], int] = {}

    def of(self, rule: str, entity: str, offset: int | None) -> str:
        """Return the next fingerprint of (rule, entity, line of byte `offset`); None means no line."""
        return self.pair(rule, entity, offset)[0]

    def pair(self, rule: str, entity: str, offset: int | None) -> tuple[str, str]:
        """Return the next fingerprint and the one without the path, by which a renamed file is known again."""
        key = (rule, entity, self._digest(offset))
        index = self._seen.get(key, 0)
        self._seen[key] = index + 1
        return _join(rule, self.path, entity, key[2], index), _join(rule, "", entity, key[2], index)

    def _digest(self, offset: int | None) -> str:
        if offset is None:
            return self._hash(-1, b"")
        if self._starts is None:
            self._starts = [0, *(m.end() for m in _LINE_END.finditer(self._data))]
        number = bisect_right(self._starts, offset) - 1
        if number in self._digests:
            return self._digests[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._data)
        return self._hash(number, self._data[self._starts[number] : end])

    def _hash(self, number: int, line: bytes) -> str:
        if number not in self._digests:
            self._digests[number] = hashlib.sha256(code_of(line)).hexdigest()
        return self._digests[number]

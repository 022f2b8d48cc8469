# SPDX-License-Identifier: Apache-2.0
"""A vocabulary's rows packed into one text with a sorted index of checksums: they load at once,
whatever their number.

A name is looked up by bisection, and a line becomes a string when its name is asked for.
"""

from __future__ import annotations

import functools
import sys
from array import array
from bisect import bisect_left
from zlib import crc32

import msgspec

from portkit.vocab.facts import VocabularyFacts
from portkit.vocab.tables import RawRow, Rows

_TYPES = "IIHH"  # of the arrays, in the machine's own order of bytes


class Packed(msgspec.Struct, array_like=True):
    """What is kept of a vocabulary. `lines` holds all rows, each with its line end.

    `columns` are arrays of one number a row, ordered by the checksum of its name: that checksum,
    where the row starts in `lines`, how long it is, and the index of its library.
    """

    order: str
    columns: tuple[bytes, bytes, bytes, bytes]
    libraries: list[str]
    lines: memoryview
    facts: VocabularyFacts
    digest: str


class PackedRows:
    """The rows of a `Packed`, looked up as in `tables.Rows`."""

    def __init__(self, packed: Packed) -> None:
        """Raises ValueError when the parts do not fit together."""
        self._lines, self._libraries = packed.lines, packed.libraries
        self._sums, self._starts, self._lengths, self._places = (array(kind) for kind in _TYPES)
        columns = self._sums, self._starts, self._lengths, self._places
        for column, data in zip(columns, packed.columns, strict=True):
            column.frombytes(data)
        if len({len(column) for column in columns}) != 1 or packed.order != sys.byteorder:
            raise ValueError("the parts do not fit together")

    @functools.cached_property
    def _every_sum(self) -> frozenset[int]:
        return frozenset(self._sums)

    def __contains__(self, name: str) -> bool:
        return bool(self._found(name))

    def get(self, name: str) -> list[RawRow]:
        """Return the rows of a name; empty when there is none."""
        return [
            (self._libraries[self._places[i]], str(self._line(i), "utf-8"))
            for i in self._found(name)
        ]

    def names(self) -> frozenset[str]:
        """Return every name."""
        return frozenset(
            line.partition(",")[0] for line in str(self._lines, "utf-8").split("\n")[:-1]
        )

    def _found(self, name: str) -> list[int]:
        """Return the indexes of the rows of a name, in the order of the tables."""
        raw = name.encode("utf-8", "surrogatepass") + b","
        wanted, sums, found = crc32(raw), self._sums, list[int]()
        if wanted not in self._every_sum:  # of most words that are asked for there is no row
            return found
        index, end = bisect_left(sums, wanted), len(sums)
        while index < end and sums[index] == wanted:
            start = self._starts[index]
            if self._lines[start : start + len(raw)] == raw:
                found.append(index)
            index += 1
        return found

    def _line(self, index: int) -> memoryview:
        start = self._starts[index]
        return self._lines[start : start + self._lengths[index]]


def pack(rows: Rows, facts: VocabularyFacts, digest: str) -> Packed | None:
    """Return the packed form of a vocabulary; None when a name stands in quotes, which no shipped
    table does.
    """
    libraries: dict[str, int] = {}
    lines: list[bytes] = []
    listed: list[tuple[int, int, int, int]] = []
    offset = 0
    for name in rows.names():
        raw = name.encode() + b","
        for library, line in rows.get(name):
            data = line.encode()
            if not data.startswith(raw):
                return None
            listed.append(
                (crc32(raw), offset, len(data), libraries.setdefault(library, len(libraries)))
            )
            lines.append(data + b"\n")
            offset += len(data) + 1
    listed.sort()
    try:
        sums, starts, lengths, places = (
            array(kind, column).tobytes()
            for kind, column in zip(_TYPES, zip(*listed, strict=True), strict=True)
        )
    except (OverflowError, ValueError):  # a line of 64 KB, or no line at all
        return None
    return Packed(
        sys.byteorder,
        (sums, starts, lengths, places),
        list(libraries),
        memoryview(b"".join(lines)),
        facts,
        digest,
    )

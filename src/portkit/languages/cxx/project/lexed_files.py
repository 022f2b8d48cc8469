# SPDX-License-Identifier: Apache-2.0
"""The lexed files that a worker keeps in memory, bounded by the size of their text."""

from __future__ import annotations

from collections import OrderedDict

from portkit.languages.cxx.letters.source import SourceFile

Key = tuple[str, str]  # path in the project, digest of the content

STAYING_BYTES = 32_000_000  # of text of the files that stay once they came
LAST_BYTES = 8_000_000  # of text of the others, the last used of which are kept


class LexedFiles:
    """Lexed files by key: the first ones stay, and beside them those used last.

    A tree is gone through several times in one order. A memory of the last used files alone would
    have lost each file of a larger tree just before it is asked for again.
    """

    def __init__(self) -> None:
        self._staying: dict[Key, SourceFile] = {}
        self._last: OrderedDict[Key, SourceFile] = OrderedDict()
        self._staying_bytes = self._last_bytes = 0

    def get(self, key: Key) -> SourceFile | None:
        """Return the file of a key, if it is here."""
        source = self._staying.get(key)
        if source is None and (source := self._last.get(key)) is not None:
            self._last.move_to_end(key)
        return source

    def put(self, key: Key, source: SourceFile) -> None:
        """Keep a file that is not here yet."""
        size = len(source.lexed.text)
        if self._staying_bytes + size <= STAYING_BYTES:
            self._staying[key] = source
            self._staying_bytes += size
            return
        self._last[key] = source
        self._last_bytes += size
        while self._last_bytes > LAST_BYTES and len(self._last) > 1:
            _, old = self._last.popitem(last=False)
            self._last_bytes -= len(old.lexed.text)

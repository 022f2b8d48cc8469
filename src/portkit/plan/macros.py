# SPDX-License-Identifier: Apache-2.0
"""The macros that a tree defines, and whether one of them can hide an argument of a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property

_WORD = re.compile(rb"[A-Za-z_]\w*")
_PAIRS = {ord(")"): ord("("), ord("]"): ord("["), ord("}"): ord("{")}


class TreeMacros:
    """Macros by name; bodies are read when a name is first asked for."""

    def __init__(
        self, bodies: Iterable[tuple[str, str, int, int]], read: Callable[[str], bytes]
    ) -> None:
        """`bodies`: for each definition its file, its name, and where its body starts and ends."""
        self._all, self._read = bodies, read
        self._known: dict[bytes, bool] = {}

    @cached_property
    def _bodies(self) -> dict[bytes, list[tuple[str, int, int]]]:
        found: dict[bytes, list[tuple[str, int, int]]] = {}
        for path, name, start, end in self._all:
            found.setdefault(name.encode("latin-1"), []).append((path, start, end))
        return found

    def hides_arguments(self, text: bytes) -> bool:
        """Return whether a macro used in `text` may stand for several arguments, or for half of a
        bracket.
        """
        return any(self._hides(word) for word in set(_WORD.findall(text)))

    def _hides(self, word: bytes) -> bool:
        if word not in self._bodies:
            return False
        if word not in self._known:
            self._known[word] = False  # a macro that names itself is not expanded again
            self._known[word] = any(
                self._loose(self._read(path)[start:end]) for path, start, end in self._bodies[word]
            )
        return self._known[word]

    def _loose(self, body: bytes) -> bool:
        """Has the body a comma outside of brackets, brackets that do not match, joined words, or a
        macro that has?
        """
        stack: list[int] = []
        for byte in body:
            if byte in b"([{":
                stack.append(byte)
            elif (byte in _PAIRS and (not stack or stack.pop() != _PAIRS[byte])) or (
                byte == ord(",") and not stack
            ):
                return True
        return bool(stack) or b"##" in body or self.hides_arguments(body)

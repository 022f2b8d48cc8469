# SPDX-License-Identifier: Apache-2.0
"""What the constants and the functions on warps that a file uses are in the files that it sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence

from portkit.languages.cxx.letters.constants import evaluate
from portkit.languages.cxx.project.states import FileState
from portkit.languages.cxx.values.reading import Constant, FileSummary
from portkit.languages.cxx.values.units import IncludeGraph

_NAMELESS = re.compile(r"(?:[^A-Za-z_]|\b0[xX][0-9a-fA-F]+[uUlL]*\b|(?<=\d)[uUlL]+)+")
_LEAST, _MOST = -(1 << 63), 1 << 64  # of a number that is sent and kept


class InSight:
    """The constants and helpers of a tree, by name."""

    def __init__(
        self,
        summaries: Mapping[str, FileSummary],
        states: Mapping[str, FileState],
        graph: IncludeGraph,
    ) -> None:
        self._summaries, self._states, self._graph = summaries, states, graph
        self._literals: dict[str, int | None] = {}
        self._constants: dict[str, list[tuple[str, Constant]]] = {}
        for rel, summary in summaries.items():
            for constant in summary.constants:
                self._constants.setdefault(constant.name, []).append((rel, constant))

    def constants(self, rel: str) -> dict[str, int]:
        """Return the integers behind the names that a file uses, of those that it sees defined; a
        name that may be several is left out.
        """
        names = [name for name in self._summaries[rel].named if name in self._constants]
        if not names:
            return {}
        files, known = frozenset(self._graph.closure(rel)), dict[str, int | str | None]()

        def look_up(name: str) -> int | str | None:
            if name not in known:
                known[name] = None  # one that stands for itself is nothing
                known[name] = self._one(rel, files, self._constants.get(name, ()), look_up)
            return known[name]

        values = ((name, look_up(name)) for name in names)
        return {
            name: value
            for name, value in values
            if isinstance(value, int) and _LEAST <= value < _MOST
        }

    def _one(
        self,
        rel: str,
        files: Container[str],
        defined: Sequence[tuple[str, Constant]],
        look_up: Callable[[str], int | str | None],
    ) -> int | None:
        seen = [pair for pair in defined if pair[0] == rel]
        seen = seen or [pair for pair in defined if pair[0] in files]
        if len(seen) > 1:
            states = self._states
            live = [(r, c) for r, c in seen if not states[r].clang.inactive(c.offset)]
            seen = live or seen
        texts = {c.text for _, c in seen}
        if len(texts) > 1:
            values = {self._worth(text, look_up) for text in texts}
            return values.pop() if len(values) == 1 else None
        return self._worth(texts.pop(), look_up) if texts else None

    def _worth(self, text: str, look_up: Callable[[str], int | str | None]) -> int | None:
        """Return what an expression is worth; one without names is worth the same everywhere."""
        if text in self._literals:
            return self._literals[text]
        value = evaluate(text, look_up)
        if _NAMELESS.fullmatch(text) is not None:
            self._literals[text] = value
        return value

    def helpers(self, rel: str) -> dict[str, str]:
        """Return the functions on warps of the files that a file includes, with their traits."""
        found: dict[str, str] = {}
        for other in self._graph.closure(rel):
            if other != rel and (helpers := self._summaries[other].helpers):
                found |= helpers
        return found

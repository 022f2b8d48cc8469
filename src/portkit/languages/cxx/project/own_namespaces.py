# SPDX-License-Identifier: Apache-2.0
"""Namespaces of CUDA's libraries that the tree itself has, for headers that count on the file that
includes them: what they name was declared before them, by headers of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from portkit.languages.cxx.values.preprocessor import Include
from portkit.languages.cxx.values.reading import FileSummary
from portkit.languages.cxx.values.units import IncludeGraph

Followed = Callable[[str, Include], bool]


class OwnNamespaces:
    """Which namespaces a file sees by the files that include it."""

    def __init__(
        self,
        openers: Mapping[str, list[str]],
        summaries: Mapping[str, FileSummary],
        graph: IncludeGraph,
        followed: Followed,
    ) -> None:
        """`openers`: by namespace, the files that open it in a folder of its name."""
        self._openers, self._summaries, self._graph = openers, summaries, graph
        self._lent: dict[str, set[str]] = {}
        if not openers:
            return
        included, including = dict[str, list[str]](), dict[str, list[str]]()
        for file, edges in graph.edges.items():
            for include, target in edges:
                if followed(file, include):
                    included.setdefault(file, []).append(target)
                    including.setdefault(target, []).append(file)
        for word, files in openers.items():
            self._lent[word] = _reached(_reached(files, including), included)

    def of(self, rel: str, seen: Iterable[str]) -> dict[str, str]:
        """Return the namespaces, each with a file that opens it. `seen`: `rel` and what it includes:
        a header of CUDA's own library there says that this one is meant.
        """
        found = {w: self._openers[w][0] for w, files in self._lent.items() if rel in files}
        if not found:
            return found
        for other in seen:
            mine = {include.name for include, _ in self._graph.edges.get(other, ())}
            for include in self._summaries[other].includes:
                if include.name not in mine:
                    found.pop(include.name.partition("/")[0], None)
        return found


def _reached(starts: Iterable[str], edges: Mapping[str, list[str]]) -> set[str]:
    waiting = [*starts]
    found = {*waiting}
    while waiting:
        new = {f for f in edges.get(waiting.pop(), ()) if f not in found}
        found |= new
        waiting += new
    return found

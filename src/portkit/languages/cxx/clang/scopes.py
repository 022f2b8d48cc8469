# SPDX-License-Identifier: Apache-2.0
"""The scope of a declaration: the namespaces and classes around it."""

from __future__ import annotations

from portkit.languages.cxx.clang.binding import Binding, CursorStruct, is_null
from portkit.languages.cxx.values.reading import GLOBAL

# struct, union, class, namespace, class template and its partial specialisation
_SCOPES = frozenset({2, 3, 4, 22, 31, 32})  # (clang-c/Index.h)


class Scopes:
    """Says in which scope a declaration of a unit stands, worked out once each."""

    def __init__(self, calls: Binding) -> None:
        self._calls = calls
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, declaration: CursorStruct) -> str:
        """Return the scope in full, outer names first, GLOBAL for none. Enumerations that are no
        scope, linkage specifications and namespaces without a name do not count.
        """
        key = (declaration.kind, declaration.a, declaration.b, declaration.c)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._work_out(declaration)
        return known

    def _work_out(self, declaration: CursorStruct) -> str:
        calls, parts = self._calls, list[str]()
        around = calls.parent(declaration)
        while not is_null(around) and calls.is_declaration(around.kind):
            if around.kind in _SCOPES and (name := calls.spelling(around)):
                parts.append(name.decode("utf-8", "replace").partition("<")[0])
            around = calls.parent(around)
        return "::".join(reversed(parts)) or GLOBAL

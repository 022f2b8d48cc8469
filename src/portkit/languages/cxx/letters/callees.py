# SPDX-License-Identifier: Apache-2.0
"""What a device function is a member of, and on what it calls others: by letters, so far as a name
and a declaration in the same function say it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from portkit.languages.cxx.letters.brackets import Brackets

_CLASS = re.compile(
    r"\b(?:class|struct|union)\s+(?:\w+\s*\([^()]*\)\s*)?([A-Za-z_]\w*)\s*(?:<[^;{}()]*>)?\s*(?:final\s*)?"
    r"(?::(?!:)[^;{}()]*(?:\([^()]*\)[^;{}()]*)*)?\{",
    re.A,
)
_NAMESPACE = re.compile(
    r"namespace(?<!\wnamespace)\s+(?:\w+\s*::\s*(?:inline\s+)?)*([A-Za-z_]\w*)\s*\{", re.A
)
_OUTSIDE = re.compile(
    r"([A-Za-z_]\w*)\s*(?:<[^<>;{}]*>)?\s*::\s*(operator\s*[^\w\s]{1,3}|[A-Za-z_~]\w*)\s*\(", re.A
)
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(", re.A)
_CALLED_TEMPLATE = re.compile(r"\b([A-Za-z_]\w*)\s*<[\w\s,:*&<>]{1,120}>\s*\(", re.A)
_QUALIFIER = re.compile(r"([A-Za-z_]\w*)\s*(?:<[^<>;{}]*>)?\s*::\s*(?:template\s+)?\Z", re.A)
_RECEIVER = re.compile(r"([A-Za-z_]\w*)\s*(?:\.|->)\s*(?:template\s+)?\Z", re.A)
_WINDOW = 120
_NO_TYPES = frozenset({"return", "else", "new", "delete", "throw", "case", "typename", "auto"})


class _Bodies:
    """Named ranges in braces, by where they open."""

    def __init__(self, brackets: Brackets, opened: Iterable[tuple[int, str]]) -> None:
        self._bodies = [(start, brackets.closing(start), name) for start, name in opened]
        self._starts = [start for start, _, _ in self._bodies]

    def around(self, at: int) -> str:
        """Return the name of the innermost range around a place, "" for none."""
        for number in range(bisect_right(self._starts, at) - 1, -1, -1):
            start, end, name = self._bodies[number]
            if end > at > start:
                return name
        return ""


class Scopes:
    """The classes and namespaces of a file."""

    def __init__(self, brackets: Brackets) -> None:
        plain = self._plain = brackets.plain
        self._classes = _Bodies(brackets, ((m.end() - 1, m[1]) for m in _CLASS.finditer(plain)))
        spaces = _NAMESPACE.finditer(plain) if "namespace" in plain else ()
        self._spaces = _Bodies(brackets, ((m.end() - 1, m[1]) for m in spaces))

    def of(self, name: str, head: int, body: int) -> str:
        """Return the class that a function is a member of, "" for none. `head`: where its
        specifiers end; `body`: its brace.
        """
        if self._plain.find("::", head, body) >= 0:
            for outside in _OUTSIDE.finditer(self._plain, head, body):
                if "".join(outside[2].split()) == name:
                    return outside[1]
        return self._classes.around(body)

    def namespace_of(self, body: int) -> str:
        """Return the innermost namespace with a name around a function's brace, "" for none."""
        return self._spaces.around(body)


def callees(
    plain: str, start: int, body: int, end: int, scope: str, left_out: Iterable[str]
) -> tuple[str, ...]:
    """Return what a function of class `scope` calls, see Kernel. It begins at `start`, its body
    runs from `body` to `end`.
    """
    found, unnamed, types = set[str](), frozenset(left_out), dict[str, str]()
    patterns = (_CALLED, _CALLED_TEMPLATE) if plain.find(">", body, end) >= 0 else (_CALLED,)
    for pattern in patterns:
        for match in pattern.finditer(plain, body, end):
            name, at = match[1], match.start(1)
            if name in unnamed:
                continue
            sign = plain[at - 1]
            if sign.isspace() or sign in ".>:":
                name = _on(plain, start, body, at, scope, types) + name
            found.add(name)
    return tuple(sorted(found))


def _on(plain: str, start: int, body: int, at: int, scope: str, types: dict[str, str]) -> str:
    """Return what stands before a called name, as Kernel.callees spells it."""
    before = plain[max(body, at - _WINDOW) : at].rstrip()
    before = before.removesuffix("template").rstrip()
    if before.endswith("::"):
        qualifier = _QUALIFIER.search(before)
        return f"{qualifier[1]}::" if qualifier is not None else ""
    if not before.endswith((".", "->")):
        return ""
    receiver = _RECEIVER.search(before)
    if receiver is None:
        return "."
    if receiver[1] == "this":
        return f"{scope}::" if scope else "."
    if receiver[1] not in types:
        declared = re.compile(
            rf"\b([A-Za-z_]\w*)\s*(?:<[^;{{}}()]*>)?(?:\s*[&*]+\s*|\s+){re.escape(receiver[1])}\s*[;,=({{)\[]",
            re.A,
        )
        words = [m[1] for m in declared.finditer(plain, start, at)]
        words = [w for w in words if w not in _NO_TYPES]
        types[receiver[1]] = f"{words[-1]}::" if words else "."
    return types[receiver[1]]

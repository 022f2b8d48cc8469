# SPDX-License-Identifier: Apache-2.0
"""Names that a file gives to types of numbers: aliases of integers of 128 bits and of `double`, and
structs that hold such an integer; and to numbers of double precision.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from portkit.model.reading import MacroDefinition
from portkit.model.spans import Span

# traits of names, see lane_helpers; CONSTANT: a number of double precision
WIDE, DOUBLE, CONSTANT = "wide", "double", "double-constant"
_BASES = {WIDE: r"__u?int128(?:_t)?", DOUBLE: r"double"}
_WORDS = {WIDE: "int128", DOUBLE: "double"}  # what each base holds
_SIGN = r"(?:const\s+)?(?:(?:un)?signed\s+)?"
_SCOPE = r"(?:::\s*)?(?:[A-Za-z_]\w*\s*::\s*)*"
# each begins with letters, which are looked for fast
_FORMS = (
    rf"typedef\s+{_SIGN}{_SCOPE}(?P<of>{{of}})(?:\s+(?:un)?signed)?\s+(?P<name>[A-Za-z_]\w*)\s*;",
    rf"using\s+(?P<name>[A-Za-z_]\w*)\s*=\s*{_SIGN}{_SCOPE}(?P<of>{{of}})\s*;",
    rf"define[ \t]+(?P<name>[A-Za-z_]\w*)[ \t]+{_SIGN}(?P<of>{{of}})[ \t]*(?=[\r\n]|\Z)",
)
_HOLDER = (
    r"struct\s+(?P<name>[A-Za-z_]\w*)\s*\{{[^{{}}]{{0,400}}?(?<=[\s;{{])"
    r"(?P<of>{of})\s+[A-Za-z_][^{{}}]{{0,400}}\}}"
)
_OTHERWISE = (
    r"typedef\s[^;{{}}]{{1,80}}?\b({names})\s*;|using\s+({names})\s*="
    r"|define[ \t]+({names})\b"
)
_STEPS = 3  # an alias of an alias
DOUBLE_LITERAL = r"(?:(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])"
_NUMBER = re.compile(rf"[\s(]*-?\s*{DOUBLE_LITERAL}[\s)]*", re.A)
_CONSTANT = re.compile(
    r"const(?:expr)?\s+(?:static\s+|inline\s+|__\w+__\s+)*double\s+(?:const\s+)?([A-Za-z_]\w*)\s*"
    r"[={]\s*[^;{}]{1,80}[;}]",
    re.A,
)
_HEAD = 200  # bytes before a brace that may say what it opens
_LONGEST = 60
_BRACE = re.compile(r"[{}]")
_NAMESPACE = re.compile(r"(?:\bnamespace\b[^;{}()]*|\bextern\s*)\Z", re.A)


class NumberNames:
    """Names for numbers of one kind in one file, each with the ranges in which it stands for one."""

    def __init__(self, length: int, everywhere: Iterable[str] = ()) -> None:
        self._whole = Span(0, length)
        self._meant: dict[str, list[Span]] = {name: [self._whole] for name in everywhere}
        self._other: dict[str, list[Span]] = {}

    def add(self, name: str, scope: Span | None) -> bool:
        """Note a name (None: for the whole file); return whether that is new."""
        known = self._meant.setdefault(name, [])
        scope = scope or self._whole
        if scope in known:
            return False
        known.append(scope)
        return True

    def deny(self, name: str, scope: Span | None) -> None:
        """Note that a name stands for something else, or for either of two."""
        self._other.setdefault(name, []).append(scope or self._whole)

    def means(self, name: str, at: int) -> bool:
        """Return whether a name stands for such a number, and nothing else, at an offset."""
        own = [len(s) for s in self._meant.get(name, ()) if s.start <= at < s.end]
        other = [len(s) for s in self._other.get(name, ()) if s.start <= at < s.end]
        return bool(own) and (not other or min(own) < min(other))

    @property
    def names(self) -> list[str]:
        """All of them, sorted."""
        return sorted(self._meant)

    def everywhere(self) -> list[str]:
        """Return the names that stand for nothing else in the whole file."""
        return [
            n for n, s in sorted(self._meant.items()) if s == [self._whole] and n not in self._other
        ]


def number_names(code: str, kind: str, known: Iterable[str] = ()) -> NumberNames:
    """Return the names that stand for WIDE or DOUBLE numbers in a file's code, by way of those that
    are `known`.
    """
    found = NumberNames(len(code), known)
    if not found.names and _WORDS[kind] not in code:
        return found
    if "typedef" not in code and "using" not in code and "define" not in code and kind != WIDE:
        return found
    blocks = Blocks(code)
    forms, told = (*_FORMS, _HOLDER) if kind == WIDE else _FORMS, set[tuple[str, int]]()
    for _ in range(_STEPS):
        of = "|".join([_BASES[kind], *map(re.escape, found.names)])
        made = False
        for form in forms:
            for match in re.finditer(form.format(of=of), code, re.A):
                if match["of"] in found.names and not found.means(match["of"], match.start()):
                    continue
                told.add((match["name"], match.start()))
                made |= found.add(match["name"], blocks.around(match.start()))
        if not made:
            break
    if told:
        names = "|".join(map(re.escape, found.names))
        for match in re.finditer(_OTHERWISE.format(names=names), code, re.A):
            name = match[1] or match[2] or match[3]
            if (name, match.start()) not in told:
                found.deny(name, blocks.around(match.start()))
    return found


class Blocks:
    """The blocks of a file's code that are no namespaces."""

    def __init__(self, code: str) -> None:
        self._code, self._braces = code, list[int]()

    def around(self, offset: int) -> Span | None:
        """Return the innermost block around an offset, None where there is none."""
        code = self._code
        if not self._braces:
            self._braces = [m.start() for m in _BRACE.finditer(code)]
        at, depth = bisect_left(self._braces, offset), 0
        for number in range(at - 1, -1, -1):
            brace = self._braces[number]
            depth += 1 if code[brace] == "}" else -1
            if depth < 0:
                depth = 0
                if _NAMESPACE.search(code, max(0, brace - _HEAD), brace) is None:
                    return Span(brace, self._closing(number))
        return None

    def _closing(self, number: int) -> int:
        depth = 0
        for brace in self._braces[number:]:
            depth += 1 if self._code[brace] == "{" else -1
            if not depth:
                return brace
        return len(self._code)


def double_constants(code: str, macros: Iterable[MacroDefinition]) -> NumberNames:
    """Return the names of a file's macros and `const` variables that are numbers of double
    precision.
    """
    found, told = NumberNames(len(code)), set[int]()
    for macro in macros:
        if macro.parameters is not None or not 1 < len(macro.body) <= _LONGEST:
            continue
        if _NUMBER.fullmatch(code, macro.body.start, macro.body.end):
            found.add(macro.name, None)
            told.add(macro.span.start)
    blocks = Blocks(code)
    for match in _CONSTANT.finditer(code) if "double" in code else ():
        found.add(match[1], blocks.around(match.start()))
    names = set(found.names)
    for macro in macros:
        if macro.name in names and macro.span.start not in told:
            found.deny(macro.name, None)
    return found

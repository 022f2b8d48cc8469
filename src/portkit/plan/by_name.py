# SPDX-License-Identifier: Apache-2.0
"""Enumerators whose number differs on a target: is only the name used, or does the number count?

A name that is compared, assigned, handed to a function of CUDA's or to a parameter of the enumerated
type means the same there. A number that is cast, printed, stored in an integer, counted with or used
as an index does not. What the text does not tell is left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind

NUMBER, UNCLEAR = "number", "number-unclear"  # cases of rule PK110

_WORD = r"(?:[A-Za-z_]\w*\s*::\s*)*[A-Za-z_]\w*"
_INTEGER = re.compile(
    r"\b(?:int|unsigned|signed|long|short|char|bool|float|double|(?:std::)?size_t|ptrdiff_t|byte"
    r"|(?:std::)?u?int(?:_fast|_least)?(?:8|16|32|64)_t|uint|ulong|uchar|ushort)\b",
    re.A,
)
_LITERAL = re.compile(r"[-+~(\s]*\d", re.A)
_ENDS_AS_NAME = re.compile(rf"({_WORD})\s*(?:<[^<>;{{}}()]*>\s*)?\Z", re.A)
_NAME = re.compile(rf"(?:::\s*)?{_WORD}", re.A)
_CAST = re.compile(r"\b(?:static|reinterpret|const)_cast\s*<([^;{}]*)>\s*\Z", re.A)
_CAST_BEFORE = re.compile(r"\(([\w\s:]+)\)\s*\Z", re.A)
_LABEL = re.compile(r"\bcase\s*\Z")
_NUMBERED = re.compile(r"\bcase\s*[-+(]?\s*\d")
_RETURNS = re.compile(r"\breturn\s*\Z")
_SET = re.compile(r"(?<![=!<>+\-*/%&|^])=\s*\Z")
_ASKED = re.compile(r"[=!]=\s*\Z")
_ASKS = re.compile(r"\s*[=!]=")
_OPERAND_BEFORE = re.compile(r"([\w.:\[\]]+(?:->[\w.:\[\]]+)*(?:\([^()]*\))?)\s*\Z", re.A)
_OPERAND_BEHIND = re.compile(r"\s*((?:\([^()]*\)\s*)?[\w.:\[\]]+(?:->[\w.:\[\]]+)*)", re.A)
_NO_CALLS = frozenset({"if", "while", "for", "switch", "sizeof", "return", "catch", "decltype"})
_BEHIND = ");,:?&|]}"  # what may follow a comparison or a value
_BLANK = re.compile(r"\s*")
_WINDOW = 4000  # bytes around a use in which its statement and function are looked for


class _Place(NamedTuple):
    """An expression that is an enumerator and nothing more, in a file's code."""

    bare: str
    start: int
    end: int

    @property
    def before(self) -> str:
        """What stands before it, as far as that is looked at."""
        return self.bare[max(0, self.start - _WINDOW) : self.start]

    @property
    def behind(self) -> str:
        """The first character that is no blank behind it."""
        match = _BLANK.match(self.bare, self.end)
        at = match.end() if match is not None else self.end
        return self.bare[at : at + 1]


def why_not_by_name(ref: Reference, references: Sequence[Reference], bare: str) -> str:
    """Return why an enumerator's number counts where it stands, or may count: NUMBER or UNCLEAR; ""
    where its name alone is used.

    `references`: all of the file; `bare`: its code without comments and literals.
    """
    if ref.context is Context.MACRO:
        return UNCLEAR
    types = [r.span for r in references if r.kind is Kind.TYPE and not r.user]
    called = {r.span.end: r.kind for r in references if not r.user}
    return _Reading(bare, types, called).of(ref.span)


class _Reading:
    def __init__(self, bare: str, types: Sequence[Span], called: dict[int, Kind]) -> None:
        self._bare, self._types, self._called = bare, types, called

    def of(self, span: Span) -> str:
        start, end = span.start, span.end
        lead = re.search(r"(?:[A-Za-z_]\w*\s*)?::\s*\Z", self._bare[max(0, start - 80) : start])
        if lead is not None:
            start -= len(lead.group())
        place = self._widened(_Place(self._bare, start, end))
        before, behind = place.before, place.behind
        if _LABEL.search(before):
            return self._switch(place)
        if (asked := _ASKED.search(before)) is not None:
            left = before[: asked.start()].rstrip()
            return NUMBER if behind not in _BEHIND else self._compared(place, left, _OPERAND_BEFORE)
        if (asks := _ASKS.match(self._bare, place.end)) is not None:
            if before.rstrip()[-1:] not in ("(", ",", "&", "|", "!", "?", ":", "=", ";", "{", "}"):
                return "" if _RETURNS.search(before) else NUMBER
            rest = self._bare[asks.end() : asks.end() + 200]
            return self._compared(place, rest, _OPERAND_BEHIND)
        if behind not in (")", ",", ";", "}"):
            return UNCLEAR if behind in (":", "?", ">") else NUMBER
        if (given := _SET.search(before)) is not None:
            return self._assigned(place, before[: given.start()])
        if _RETURNS.search(before):
            return self._returned(place)
        last = before.rstrip()[-1:]
        if last in ("(", ",", "{"):
            return self._handed(place)
        if last == ")":
            return self._cast(place)
        return UNCLEAR if last in ("?", ":", ">") else NUMBER

    def _widened(self, place: _Place) -> _Place:
        """Return the place with parentheses that hold nothing else."""
        while place.behind == ")":
            before = place.before.rstrip()
            if before[-1:] != "(" or re.search(r"[\w>)\]]\s*\Z", before[:-1], re.A):
                break
            opening = place.start - (len(place.before) - len(before)) - 1
            place = _Place(self._bare, opening, self._bare.index(")", place.end) + 1)
        return place

    def _kind_of(self, span: Span) -> str:
        """Return what a type as written makes of a value: "" for one of CUDA's, NUMBER for one of
        C's numbers, UNCLEAR for any other.
        """
        if any(span.contains(t) for t in self._types):
            return ""
        text = self._bare[span.start : span.end]
        if _INTEGER.search(text):
            return NUMBER
        return "" if re.search(r"\bauto\b", text) else UNCLEAR

    def _declared(self, name: str, before: int) -> str:
        """Return what the last declaration of a name in the file above makes of a value; UNCLEAR
        where none is seen.
        """
        last = re.escape(re.split(r"\.|->|::", name)[-1].split("[")[0].strip())
        found = UNCLEAR
        declared = re.compile(
            rf"(?<![\w.>])((?:[A-Za-z_][\w:]*[\s*&]+)+)(?:[A-Za-z_]\w*\s*,\s*)*{last}\s*"
            r"(?:\[[^\]]*\]\s*)?[=;,){]",
            re.A,
        )
        for match in declared.finditer(self._bare):
            if re.match(r"(?:return|else|case|goto|throw|delete|new)\b", match[1]):
                continue
            if match.start() < before or found == UNCLEAR:
                found = self._kind_of(Span(match.start(1), match.end(1)))
        return found

    def _compared(self, place: _Place, side: str, pattern: re.Pattern[str]) -> str:
        other = pattern.search(side) if pattern is _OPERAND_BEFORE else pattern.match(side)
        if other is None:
            return UNCLEAR
        text = other[1].strip()
        cast = _CAST_BEFORE.search(side[: other.start(1)])
        if _LITERAL.match(text) or _INTEGER.search(f"{other.group()} {cast[1] if cast else ''}"):
            return NUMBER
        if "(" in text:
            return ""  # what a call returns is compared by name
        return NUMBER if self._declared(text, place.start) == NUMBER else ""

    def _assigned(self, place: _Place, left: str) -> str:
        cut = max(left.rfind(sign) for sign in ";{}(,")
        head = left[cut + 1 :]
        opened = left[cut : cut + 1]
        if opened == "{" and re.search(r"\benum\b[^;{}()]*\Z", left[:cut]):
            return NUMBER
        if opened == "," and re.search(r"\benum\b[^;{}()]*\{[^{}]*\Z", left[:cut]):
            return NUMBER
        at = place.start - (len(place.before) - cut - 1)
        words = re.findall(r"[A-Za-z_]\w*", head)
        kind = self._kind_of(Span(at, at + len(head)))
        if kind == NUMBER or (kind == "" and len(words) > 1):
            return kind
        name = re.search(r"([\w.:\[\]]|->)+\s*\Z", head, re.A)
        if name is None:
            return UNCLEAR
        if len(words) > 1 and re.search(r"[\w>&*]\s+[&*]*\w+\s*\Z", head, re.A):
            return UNCLEAR  # declared with a type of the project's
        return NUMBER if self._declared(name.group(), place.start) == NUMBER else ""

    def _opened(self, at: int, signs: str = "([{") -> int:
        """Return where the bracket opens that holds an offset, -1 for none near."""
        depth = 0
        for position in range(at - 1, max(-1, at - 2 * _WINDOW), -1):
            char = self._bare[position]
            if char in ")]}":
                depth += 1
            elif char in "([{":
                if not depth:
                    return position if char in signs else -1
                depth -= 1
        return -1

    def _closed(self, opening: int) -> int:
        """Return where the block ends that opens at an offset, as far as that is looked for."""
        depth, limit = 0, min(len(self._bare), opening + 2 * _WINDOW)
        for position in range(opening, limit):
            depth += (self._bare[position] == "{") - (self._bare[position] == "}")
            if not depth:
                return position
        return limit

    def _handed(self, place: _Place) -> str:
        opening = self._opened(place.start)
        if opening < 0:
            return UNCLEAR
        before = self._bare[max(0, opening - _WINDOW) : opening]
        if self._bare[opening] == "[":
            return NUMBER
        if (cast := _CAST.search(before)) is not None:
            offset = opening - len(before)
            return self._kind_of(Span(offset + cast.start(1), offset + cast.end(1)))
        callee = _ENDS_AS_NAME.search(before)
        if self._bare[opening] == "{":
            return self._listed(opening, before)
        if callee is None:
            return UNCLEAR
        if callee[1] in _NO_CALLS or _INTEGER.fullmatch(callee[1]):
            return NUMBER
        if self._called.get(opening - len(before) + callee.end(1)) is not None:
            return ""
        number = self._bare.count(",", opening, place.start)  # more where a call is inside
        return self._parameter(callee[1].rpartition("::")[2].strip(), number)

    def _listed(self, opening: int, before: str) -> str:
        """Return what a list in braces makes of a value: its array's type says so."""
        cut = max(before.rfind(sign) for sign in ";{}(")
        at = opening - (len(before) - cut - 1)
        return self._kind_of(Span(at, opening))

    def _parameter(self, callee: str, number: int) -> str:
        """Return what a function of the file makes of its argument of that number."""
        found = set[str]()
        heads = re.compile(
            rf"[\w>&*]\s+[&*]*(?:\w+::)*{re.escape(callee)}\s*\(([^;{{}}()]*)\)\s*"
            r"(?:const|noexcept|override)?\s*[;{:]",
            re.A,
        )
        for match in heads.finditer(self._bare):
            at = match.start(1)
            for index, text in enumerate(match[1].split(",")):
                if index == number:
                    found.add(self._kind_of(Span(at, at + len(text))))
                at += len(text) + 1
        return found.pop() if len(found) == 1 else UNCLEAR

    def _returned(self, place: _Place) -> str:
        opening = place.start
        while (opening := self._opened(opening, "{")) >= 0:
            before = self._bare[max(0, opening - _WINDOW) : opening].rstrip()
            head = before[max(before.rfind(sign) for sign in ";{}") + 1 :]
            if re.match(r"\s*(?:if|else|for|while|switch|do|try|catch)\b", head) or "(" not in head:
                continue
            at = opening - (len(self._bare[max(0, opening - _WINDOW) : opening]) - len(before))
            at -= len(head)
            arrow = head.rfind("->")
            if arrow >= 0:
                return self._kind_of(Span(at + arrow, at + len(head)))
            return self._kind_of(Span(at, at + head.index("(")))
        return UNCLEAR

    def _switch(self, place: _Place) -> str:
        opening = self._opened(place.start, "{")
        head = self._bare[max(0, opening - 300) : max(0, opening)]
        asked = re.match(r"switch\s*\((.*)\)\s*\Z", head[max(0, head.rfind("switch")) :], re.S)
        if asked is None:
            return UNCLEAR
        name = asked[1].strip()
        end = self._closed(opening)
        if _NUMBERED.search(self._bare, opening, end) or _INTEGER.search(name):
            return NUMBER
        if _NAME.fullmatch(name) is None:
            return ""
        return NUMBER if self._declared(name, opening) == NUMBER else ""

    def _cast(self, place: _Place) -> str:
        closing = place.start - (len(place.before) - len(place.before.rstrip()))
        opening = self._opened(closing - 1, "(")
        if opening < 0:
            return UNCLEAR
        kind = self._kind_of(Span(opening + 1, closing - 1))
        if re.search(r"[\w>]\s*\Z", self._bare[max(0, opening - 80) : opening], re.A):
            return UNCLEAR
        return kind

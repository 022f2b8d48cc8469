# SPDX-License-Identifier: Apache-2.0
"""Make's syntax without loss: assignments, rules with their recipes, directives, comments, all with
their bytes. Nothing is run; what only an expansion would make (`$(eval ...)`) is not seen.

The grammar is the one of GNU make's manual. An own reader: what a rule compiles is told by words
with their bytes, which grammars for highlighting do not give.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right

import msgspec

from portkit.languages.kept import kept_by_bytes
from portkit.languages.make.words import OPERATORS, Text, Word
from portkit.model.spans import Span

_ASSIGN = re.compile(
    r"[ \t]*(?P<word>(?:(?:export|override|private|unexport)[ \t]+)*)(?P<name>[\w.$(){}%/-]+)"
    r"[ \t]*(?P<operator>:{1,3}=|\?=|\+=|!=|=)"
)
_DIRECTIVE = re.compile(
    r"[ \t]*(-include|sinclude|include|ifeq|ifneq|ifdef|ifndef|else|endif|export|unexport|vpath"
    r"|define|endef|undefine)\b"
)
_INCLUDES = frozenset({"include", "-include", "sinclude"})


class Assignment(msgspec.Struct, frozen=True):
    """`name op words`. `start`: of its line; `end`: behind its value; `scope`: the targets that it
    holds for alone.
    """

    name: str
    named: Span
    operator: str
    words: tuple[Word, ...]
    start: int
    end: int
    scope: tuple[str, ...] = ()

    def word_at(self, at: int) -> Word | None:
        """Return the word of the value in which a byte stands."""
        before = bisect_right(self.words, at, key=lambda w: w.span.start) - 1
        found = self.words[before] if before >= 0 else None
        return found if found is not None and at < found.span.end else None


class Recipe(msgspec.Struct, frozen=True):
    """One command of a recipe: words up to what parts commands."""

    words: tuple[Word, ...]


class Rule(msgspec.Struct):
    """A rule with the commands of its recipe."""

    targets: tuple[Word, ...]
    prerequisites: tuple[Word, ...]
    start: int
    recipes: list[Recipe]


class Directive(msgspec.Struct, frozen=True):
    """A line that is neither: `ifeq ...`, `include ...`, a line of a `define`, a call."""

    name: str
    words: tuple[Word, ...]

    @property
    def is_include(self) -> bool:
        """Whether it takes in other files."""
        return self.name in _INCLUDES


class Makefile(msgspec.Struct, frozen=True):
    """What a file says, in its order."""

    text: str
    assignments: tuple[Assignment, ...]
    rules: tuple[Rule, ...]
    directives: tuple[Directive, ...]
    comments: tuple[Span, ...]

    @property
    def includes(self) -> list[Word]:
        """The files that are taken in."""
        return [w for d in self.directives if d.is_include for w in d.words]


@kept_by_bytes
def read_makefile(data: bytes) -> Makefile:
    """Read a file of Make's. Never raises: any line is something."""
    return _Reader(data.decode("latin-1")).read()


def commands_of(words: tuple[Word, ...] | list[Word]) -> list[Recipe]:
    """Return the commands of a shell's line."""
    found, now = list[Recipe](), list[Word]()
    for word in [*words, Word(";", Span(0, 0))]:
        if word.text not in OPERATORS:
            now.append(word)
        elif now:
            found.append(Recipe(tuple(now)))
            now = []
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        known = Text(text)
        self._words, self._outside = known.words, known.outside
        self._assignments: list[Assignment] = []
        self._rules: list[Rule] = []
        self._directives: list[Directive] = []
        self._comments: list[Span] = []
        self._rule: Rule | None = None
        self._defines = 0

    def read(self) -> Makefile:
        at = 3 if self._text.startswith("\xef\xbb\xbf") else 0
        while at < len(self._text):
            end = _line_end(self._text, at)
            self._line(at, end)
            at = end + 1
        return Makefile(
            self._text, tuple(self._assignments), tuple(self._rules), tuple(self._directives),
            tuple(self._comments),
        )  # fmt: skip

    def _line(self, start: int, end: int) -> None:
        text = self._text
        if text[start : start + 1] == "\t" and self._rule is not None and not self._defines:
            self._recipe(start + 1, end)
            return
        stop = _comment(text, start, end)
        if stop < end:
            last = end - 1 if text[end - 1] == "\r" else end
            self._comments.append(Span(stop, last))
        if not text[start:stop].strip():
            return
        directive = _DIRECTIVE.match(text, start, stop)
        assigned = _ASSIGN.match(text, start, stop)
        if self._defines:
            self._defines += _opens(directive)
            self._directives.append(
                Directive("define", tuple(self._words(start, stop, shell=True)))
            )
        elif assigned is not None and not _is_test(directive, assigned):
            self._assign(assigned, start, stop)
        elif directive is not None:
            self._defines += _opens(directive)
            words = tuple(self._words(directive.end(), stop))
            self._directives.append(Directive(directive[1], words))
        else:
            self._rule_line(start, stop)

    def _assign(
        self, match: re.Match[str], start: int, stop: int, scope: tuple[str, ...] = ()
    ) -> None:
        words = tuple(self._words(match.end(), stop))
        end = words[-1].span.end if words else match.end()
        named = Span(*match.span("name"))
        self._assignments.append(
            Assignment(match["name"], named, match["operator"], words, start, end, scope)
        )
        if not scope:
            self._rule = None

    def _rule_line(self, start: int, stop: int) -> None:
        text = self._text
        colon = self._outside(start, stop, ":")
        if colon < 0:
            self._directives.append(Directive("", tuple(self._words(start, stop, shell=True))))
            return
        targets = tuple(self._words(start, colon))
        after = colon + 1
        while text[after : after + 1] == ":":
            after += 1
        assigned = _ASSIGN.match(text, after, stop)
        if assigned is not None:
            self._assign(assigned, start, stop, tuple(t.text for t in targets))
            return
        semicolon = self._outside(after, stop, ";")
        last = semicolon if semicolon >= 0 else stop
        static = self._outside(after, last, ":")  # targets: pattern: prerequisites
        first = static + 1 if static >= 0 else after
        needs = tuple(w for w in self._words(first, last) if w.text != "|")
        self._rule = Rule(targets, needs, start, [])
        self._rules.append(self._rule)
        if semicolon >= 0:
            self._recipe(semicolon + 1, stop)

    def _recipe(self, start: int, end: int) -> None:
        text = self._text
        while text[start : start + 1] in ("@", "-", "+", " ", "\t"):
            start += 1
        if text[start : start + 1] == "#":
            self._comments.append(Span(start, end - 1 if text[end - 1] == "\r" else end))
            return
        if self._rule is not None:
            self._rule.recipes += commands_of([*self._words(start, end, shell=True)])


def _opens(directive: re.Match[str] | None) -> int:
    word = directive[1] if directive is not None else ""
    return {"define": 1, "endef": -1}.get(word, 0)


def _is_test(directive: re.Match[str] | None, assigned: re.Match[str]) -> bool:
    """Is what looks as an assignment a test, or an include of a name with `=`?"""
    if directive is None:
        return False
    return directive[1] not in ("export", "unexport") and assigned["name"] != directive[1]


@functools.cache
def _ends() -> re.Pattern[str]:
    return re.compile(r"\\\r?\n|\n")


def _line_end(text: str, at: int) -> int:
    """Return the end of a line with those that continue it."""
    for match in _ends().finditer(text, at):
        if match.group() == "\n":
            return match.start()
    return len(text)


def _comment(text: str, start: int, end: int) -> int:
    """Return where the comment of a line starts; its end where it has none."""
    at = start
    while (at := text.find("#", at, end)) >= 0:
        if text[at - 1 : at] != "\\":
            return at
        at += 1
    return end

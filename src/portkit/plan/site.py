# SPDX-License-Identifier: Apache-2.0
"""The place where a recipe is to be carried out: its call, what surrounds it, and what may be
assumed of it.
"""

from __future__ import annotations

import re

import msgspec

from portkit.languages.cxx.letters.directives import Directives
from portkit.languages.cxx.letters.lexer import Lexed, mask
from portkit.model.reading import FileScan, Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof
from portkit.plan.calls import Call, code_after, code_before, find_call
from portkit.plan.draft import RecipeRefused
from portkit.plan.macros import TreeMacros
from portkit.vocab.vocabulary import Vocabulary

RECIPE = "recipe "  # starts the group of each edit that a recipe makes
_CASTS = frozenset({"sizeof", "alignof", "static_cast", "reinterpret_cast", "const_cast"})
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*(?:<[^<>]*>)?\s*\(", re.A)
_CHANGES = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)")


class Site(msgspec.Struct, frozen=True):
    """One reference whose row names a recipe."""

    file: FileScan
    ref: Reference
    data: bytes
    lexed: Lexed
    directives: Directives
    vocabulary: Vocabulary
    macros: TreeMacros

    @property
    def group(self) -> str:
        """The name of the group of edits."""
        return f"{RECIPE}{self.ref.span.start}"

    @property
    def inactive(self) -> bool:
        """Whether the reference stands in code that is not compiled, or is no sure reference."""
        return self.ref.context is Context.INACTIVE or (
            self.ref.proof is not Proof.PROVED and self.ref.context is not Context.MACRO
        )

    @property
    def eol(self) -> bytes:
        """The file's line end."""
        return b"\r\n" if b"\r\n" in self.data else b"\n"

    def call(self) -> Call:
        """Return the call. Raises Refused when there is none, it is not proved, or its arguments
        cannot be told apart.
        """
        if self.ref.context is Context.MACRO or self.directives.at(self.ref.span.start) is not None:
            raise RecipeRefused("in-macro")
        if self.inactive:
            raise RecipeRefused("not-proved")
        if self.ref.context is not Context.CALL:
            raise RecipeRefused("not-called")
        found = find_call(self.lexed, self.ref.span.end)
        if found is None or not self._is_as_written(found):
            raise RecipeRefused("unsplit")
        if self.macros.hides_arguments(self.data[found.start : found.end]):
            raise RecipeRefused("macro-argument")
        return found

    def _is_as_written(self, call: Call) -> bool:
        """Does no continued line cut a word of the call in two?"""
        masked = mask(self.data, self.file.encoding) if self.lexed.is_changed else self.data
        return self.lexed.is_as_written(masked, self.ref.span.start, call.end)

    @property
    def _arity(self) -> str:
        for entity in self.vocabulary.get(self.ref.name):
            if (
                entity.kind is self.ref.kind
                and entity.library == self.ref.library
                and entity.kind in (Kind.FUNCTION, Kind.DEVICE_FUNCTION)
            ):
                return entity.arity
        return ""

    @property
    def least_arity(self) -> int:
        """How many arguments CUDA's function has at least; -1 when that is not known."""
        digits = re.match(r"\d+", self._arity)
        return int(digits[0]) if digits else -1

    def has_arity(self, count: int) -> bool:
        """Return whether CUDA's function can be called with so many arguments."""
        low, _, high = self._arity.partition("-")
        if not low or low.endswith("+"):
            return False
        return int(low) <= count <= int(high or low)

    def has_effect(self, span: Span) -> bool:
        """Return whether evaluating an argument may change something, so that it must be evaluated
        exactly once.
        """
        text = self.lexed.text[span.start : span.end]
        return _CHANGES.search(text) is not None or any(
            m not in _CASTS for m in _CALLED.findall(text)
        )

    def is_statement(self, call: Call) -> bool:
        """Return whether the call is a statement of its own, in a block."""
        text, before = self.lexed.text, code_before(self.lexed, self.ref.span.start)
        after = code_after(self.lexed, call.end)
        if self.directives.at(before - 1) is not None:
            return False  # what stands before the directive is not looked for
        return (
            text[before - 1 : before] in (";", "{", "}")
            and text[after : after + 1] == ";"
            and not self._in_parentheses(before)
        )

    def own_lines(self, call: Call) -> Span:
        """Return the whole lines that hold the call's statement. Raises Refused when they hold half
        of something else.
        """
        text = self.lexed.text
        start = text.rfind("\n", 0, self.ref.span.start) + 1
        end = text.find("\n", call.end)
        end = len(text) if end < 0 else end + 1
        if (
            text[end - 1 : end] != "\n"
            or self._depth(start, end) != 0
            or self._in_parentheses(start)
        ):
            raise RecipeRefused("statement")
        if (
            text.count(";", start, end) != 1
            or any(start <= d.start < end for d in self.directives.lines)
            or text[start:end].count("{")
        ):
            raise RecipeRefused("statement")
        return Span(start, end)

    def _in_parentheses(self, offset: int) -> bool:
        """Is a parenthesis open at `offset`, counted from the statement or block before it?"""
        text, begin = self.lexed.text, offset
        while begin and not (text[begin - 1] in ";{}" and self._is_code(begin - 1)):
            begin -= 1
        return self._depth(begin, offset) != 0

    def _depth(self, start: int, end: int) -> int:
        text = self.lexed.text
        marks = (m.start() for m in re.compile(r"[()]").finditer(text, start, end))
        return sum(1 if text[at] == "(" else -1 for at in marks if self._is_code(at))

    def _is_code(self, offset: int) -> bool:
        """Is it outside of comments, literals and directives?"""
        return self.lexed.is_code(offset) and self.directives.at(offset) is None


def include_line(directives: Directives, lexed: Lexed) -> int:
    """Return where a new include goes: behind the last include that the fewest conditions surround,
    else at the top.
    """

    def depth(offset: int) -> int:
        return sum(b.span.start <= offset < b.span.end for b in directives.branches)

    found = [(depth(i.span.start), i.span.end) for i in directives.includes]
    if not found:
        return 3 if lexed.text.startswith("\xef\xbb\xbf") else 0
    least = min(d for d, _ in found)
    at = max(end for d, end in found if d == least)
    line = lexed.code.find("\n", at)  # a comment may run on
    return len(lexed.text) if line < 0 else line + 1

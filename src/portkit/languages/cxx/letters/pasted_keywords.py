# SPDX-License-Identifier: Apache-2.0
"""Keywords that macros paste together: `as##m` in a body, `CAT(as, m)` in the code.

The macros of the file itself are expanded, as far as it takes to see the keyword. A call of another
macro counts where arguments that stand side by side make the keyword, and what follows may follow
it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Protocol

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.directives import IDENTIFIER
from portkit.languages.cxx.letters.lines import BLANKS
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.letters.word_facts import ASM_FRAGMENTS
from portkit.model.reading import MacroDefinition

_NAME = re.compile(IDENTIFIER, re.A)
_PASTE = re.compile(r"\s*##\s*", re.A)
_CHAIN = re.compile(r"[A-Za-z_]\w*+(?:\s*+##\s*+\w++)+", re.A)
_PIECES = re.compile(r"\(\s*+([asm_]++(?:\s*+,\s*+[asm_]++)*+)\s*+\)", re.A)
_ENDING_NAME = re.compile(r"[\w$\x80-\xff]*", re.A)  # on text that is turned round
_MERE = frozenset({"a", "s", "m", "sm"})  # names of variables as well
_COMMA = re.compile(r"\s*,\s*", re.A)
# What is expanded at most: in one use and in all of a file's, how deep, how long, in how many ways.
_STEPS, _ALL_STEPS, _DEPTH, _LENGTH, _DEFINITIONS = 2000, 500_000, 12, 4000, 4


def pasted_keywords(
    source: SourceFile, brackets: Brackets, keywords: frozenset[str]
) -> list[tuple[int, int]]:
    """Return start and end of what stands for one of `keywords` and is put together by macros, in
    file order.
    """
    pieces = source.words & ASM_FRAGMENTS
    if not pieces:
        return []
    found, pastes = set[tuple[int, int]](), "##" in source.lexed.code
    if _may_make(pieces, keywords):
        found |= set(_by_arguments(source, keywords))
        found |= set(_by_macros(source, brackets, keywords)) if pastes else set()
    if pastes:
        found |= set(_in_bodies(source, keywords))
    return sorted(found)


@functools.lru_cache(maxsize=1024)
def _may_make(pieces: frozenset[str], keywords: frozenset[str]) -> bool:
    return _tells(pieces, keywords) or any(_can_make(k, pieces) for k in keywords)


def _can_make(keyword: str, pieces: Set[str]) -> bool:
    """Can two pieces or more be put together to a keyword?"""
    reached = {0}
    for end in range(1, len(keyword) + 1):
        if any(keyword[start:end] in pieces and end - start < len(keyword) for start in reached):
            reached.add(end)
    return len(keyword) in reached


def _tells(pieces: Set[str], keywords: Set[str]) -> bool:
    """Is one of the pieces longer than a letter and some underscores, and no keyword?"""
    return any(len(p.strip("_")) > 1 and p not in keywords for p in pieces)


def _in_bodies(source: SourceFile, keywords: Set[str]) -> Iterator[tuple[int, int]]:
    """Yield what macro bodies paste to a keyword, or may: with a parameter's help, before a literal
    in parentheses.
    """
    code = source.lexed.code
    for macro in source.directives.macros:
        if code.find("##", macro.body.start, macro.body.end) < 0:
            continue
        for match in _CHAIN.finditer(code, macro.body.start, macro.body.end):
            pieces = _PASTE.split(match.group())
            given = set(pieces) & set(macro.parameters or ())
            if given and (given.issuperset(pieces) or not _is_before_template(source, match.end())):
                continue  # the uses tell
            pattern = re.compile("".join(r"\w*" if p in given else re.escape(p) for p in pieces))
            if any(map(pattern.fullmatch, keywords)) and source.lexed.is_code(match.start()):
                yield match.span()


def _is_before_template(source: SourceFile, offset: int) -> bool:
    """Does a literal in parentheses follow, behind more words or not?"""
    position = _behind_words(source, offset)
    after = source.directives.after(source.lexed.code, position + 1)
    return source.lexed.code[position : position + 1] == "(" and source.lexed.literals.holds(after)


def _behind_words(source: SourceFile, offset: int) -> int:
    code, after = source.lexed.code, source.directives.after
    position = after(code, offset)
    while (word := _NAME.match(code, position)) is not None and source.lexed.is_code(position):
        position = after(code, word.end())
    return position


def _by_arguments(source: SourceFile, keywords: Set[str]) -> Iterator[tuple[int, int]]:
    """Yield the calls of what may be a macro of another file.

    Its arguments make a keyword, or are parts of one and stand before a literal.
    """
    code = source.lexed.code
    for match in _PIECES.finditer(code):
        words = _COMMA.split(match.group(1))
        if not ASM_FRAGMENTS.issuperset(words) or not source.lexed.is_code(match.start()):
            continue
        if not _is_before_template(source, match.end()):
            position = _behind_words(source, match.end())
            is_told = code[position : position + 1] in ("(", "{") or not _MERE.issuperset(words)
            if not is_told or not _side_by_side(words, keywords):
                continue
        end = source.directives.before(code, match.start())
        name = _ENDING_NAME.match(code[max(0, end - _LENGTH) : end][::-1])
        size = name.end() if name is not None else 0
        if size and code[end - size : end] not in source.defined:
            yield end - size, match.end()


def _side_by_side(words: Sequence[str], keywords: Set[str]) -> bool:
    size = len(words)
    joined = ("".join(words[low:high]) for low in range(size) for high in range(low + 2, size + 1))
    return any(j in keywords for j in joined)


def _by_macros(
    source: SourceFile, brackets: Brackets, keywords: Set[str]
) -> Iterator[tuple[int, int]]:
    """Yield the uses of the file's own macros that paste, where a keyword comes of it."""
    code, macros = source.lexed.code, dict[str, list[MacroDefinition]]()
    for macro in source.directives.macros:
        macros.setdefault(macro.name, []).append(macro)
    bodies = {
        name: [code[m.body.start : m.body.end] for m in made] for name, made in macros.items()
    }
    pasting = {name for name, texts in bodies.items() if any("##" in t for t in texts)}
    calls = {name: {w for t in texts for w in _NAME.findall(t)} for name, texts in bodies.items()}
    while more := {
        name for name, words in calls.items() if name not in pasting and words & pasting
    }:
        pasting |= more
    expander, inside = Expander(macros, bodies), set[str]().union(*calls.values())
    for start, name in source.lexed.places(pasting):
        line = source.directives.at(start)
        if not source.lexed.is_code(start) or (line is not None and start < _body(source, start)):
            continue
        text, end = brackets.plain if line is None else brackets.bare, start + len(name)
        opened = source.directives.after(text, end)
        if text[opened : opened + 1] == "(" and any(m.parameters is not None for m in macros[name]):
            closed = (
                brackets.closing(opened)
                if line is None
                else brackets.closing_within(opened, line.end)
            )
            end = closed + 1 if 0 < closed < opened + _LENGTH else end
        use = code[start:end]
        written = set(_NAME.findall(use))
        if not keywords.isdisjoint(written):
            continue
        # most uses are spared: what they and all bodies hold makes no keyword, however it is put
        pieces = (written | inside) & ASM_FRAGMENTS
        told = not keywords.isdisjoint(pieces) or _may_make(frozenset(pieces), keywords)
        if told and not keywords.isdisjoint(_NAME.findall(expander.expand(use))):
            yield start, end


def _body(source: SourceFile, offset: int) -> int:
    """Return where the body starts of the macro that the directive at `offset` defines; the end of
    another one.
    """
    line = source.directives.at(offset)
    if line is None:
        return offset
    macro = next(
        (m for m in source.directives.macros if line.start <= m.span.start < line.end), None
    )
    return macro.body.start if macro is not None else line.end


class HasParameters(Protocol):
    """A definition of a macro, of this file or of another one."""

    @property
    def parameters(self) -> tuple[str, ...] | None: ...


class Expander:
    """Expands macros without regard for conditions: several definitions of one are put side by
    side.
    """

    def __init__(
        self,
        macros: Mapping[str, Sequence[HasParameters]],
        bodies: Mapping[str, Sequence[str]],
    ) -> None:
        self._macros, self._bodies = macros, bodies
        self._left, self._all = 0, _ALL_STEPS

    def expand(self, text: str) -> str:
        """Return what a text becomes; what takes too long to expand stays as it is."""
        self._left = granted = min(_STEPS, self._all)
        try:
            expanded = self._expanded(text, frozenset())
        except RecursionError:  # arguments within arguments, by the hundred
            expanded = text
        self._all -= granted - self._left
        return expanded

    def _expanded(self, text: str, hidden: frozenset[str]) -> str:
        pieces, position = list[str](), 0
        if len(hidden) > _DEPTH or len(text) > _LENGTH:
            return text
        while self._left > 0 and (match := _NAME.search(text, position)) is not None:
            self._left -= 1
            name, end = match.group(), match.end()
            pieces.append(text[position : match.start()])
            made = list[str]()
            if name in self._macros and name not in hidden:
                arguments = call_arguments(
                    text, end
                )  # as long as the text: not for each name in it
                for macro, body in list(zip(self._macros[name], self._bodies[name], strict=True))[
                    :_DEFINITIONS
                ]:
                    if macro.parameters is None:
                        made.append(self._expanded(_PASTE.sub("", body), hidden | {name}))
                    elif arguments is not None:
                        end = arguments[1]
                        filled = self._filled(macro.parameters, body, arguments[0], hidden)
                        made.append(self._expanded(filled, hidden | {name}))
            pieces.append(" ".join(made) if made else name)
            position = end
        return "".join([*pieces, text[position:]])

    def _filled(
        self, parameters: Sequence[str], body: str, arguments: list[str], hidden: frozenset[str]
    ) -> str:
        """Return a body with arguments for its parameters: as written beside ##, else expanded."""
        values = dict(zip(parameters, arguments, strict=False))
        if parameters and parameters[-1].endswith("..."):
            rest = ",".join(arguments[len(parameters) - 1 :])
            values[parameters[-1].removesuffix("...").strip(BLANKS) or "__VA_ARGS__"] = rest

        def value(match: re.Match[str]) -> str:
            if (raw := values.get(match.group())) is None:
                return match.group() if match.group() not in parameters else ""
            before, after = body[: match.start()].rstrip(BLANKS), body[match.end() :].lstrip(BLANKS)
            return (
                raw
                if before.endswith("##") or after.startswith("##")
                else self._expanded(raw, hidden)
            )

        return _PASTE.sub("", _NAME.sub(value, body))


def call_arguments(text: str, position: int) -> tuple[list[str], int] | None:
    """Return the arguments in the parentheses that open behind `position`, and the offset behind
    them.
    """
    opened = position + len(text[position:]) - len(text[position:].lstrip(BLANKS))
    if text[opened : opened + 1] != "(":
        return None
    depth, start, found = 0, opened + 1, list[str]()
    for at in range(opened, len(text)):
        char = text[at]
        depth += (char == "(") - (char == ")")
        if not depth or (char == "," and depth == 1):
            found.append(text[start:at].strip(BLANKS))
            start = at + 1
        if not depth:
            return found, at + 1
    return None

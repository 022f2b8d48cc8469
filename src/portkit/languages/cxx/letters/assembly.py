# SPDX-License-Identifier: Apache-2.0
"""Inline assembly: where it stands, and the text of its template. A macro may stand for the keyword or for a part of it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.lexer import code_after, code_before
from portkit.languages.cxx.letters.lines import BLANKS
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.ptx.parser import HOLE
from portkit.model.reading import AsmStatement, MacroDefinition
from portkit.model.spans import Span

KEYWORDS = frozenset({"asm", "__asm__", "__asm"})
_NAME = re.compile(r"[A-Za-z_]\w*", re.A)
_RAW = re.compile(r'(?:u8|[uUL])?R"([^()\\ \t\n\r\f\v]{0,16})\((.*)\)\1"\Z', re.S)
_PREFIX = re.compile(r"\b(?:u8|[uUL])\Z")
_SPLICE = re.compile(r"\\\r?\n")
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"'}
_ESCAPE = re.compile(r"\\[nt\"]")


def asm_statements(source: SourceFile, brackets: Brackets) -> tuple[AsmStatement, ...]:
    """Return the file's inline assembly, with the text of the template's string literals joined.

    What a macro that is not followed adds to the text is HOLE. A macro that is no more than the keyword and what may
    stand beside it is followed in this file; where nothing uses it here it is a statement itself, of unknown text.
    """
    words = source.words & KEYWORDS
    if not words:
        return ()
    reader = _Reader(source, brackets)
    found, aliases = list[AsmStatement](), dict[str, AsmStatement]()
    used = set[str]()
    while words:
        new: dict[str, AsmStatement] = {}
        for start, word in source.lexed.places(words):
            statement, alias = reader.read(start, word)
            if statement is None:
                continue
            used.add(word)
            if alias:
                new.setdefault(alias, statement)
            else:
                found.append(statement)
        words = frozenset(new.keys() - aliases.keys())
        aliases = new | aliases
    found += [statement for alias, statement in aliases.items() if alias not in used]
    return tuple(sorted(found, key=lambda s: s.span))


class _Reader:
    """Reads the statements of one file."""

    def __init__(self, source: SourceFile, brackets: Brackets) -> None:
        self._lexed, self._directives = source.lexed, source.directives
        self._brackets, self._bare = brackets, brackets.bare

    def read(self, start: int, word: str) -> tuple[AsmStatement | None, str]:
        """Return the statement that begins with the word at `start`, and the name of the macro that is no more than that."""
        bare, end = self._bare, self._lexed.end(start, word)
        before = code_before(bare, start)
        if not self._lexed.is_code(start) or bare[max(0, before - 2) : before].endswith((".", "->", "::")):
            return None, ""
        limit, macro = len(bare), None
        if (line := self._directives.at(start)) is not None:
            macro = self._macro(start) if line.keyword == "define" else None
            if macro is None or start < macro.body.start:
                return None, ""
            limit = macro.body.end
        position = code_after(bare, end)
        while position < limit and (name := _NAME.match(bare, position, limit)) is not None:
            position = code_after(bare, name.end())
        opening = bare[position] if position < limit else ""
        if opening != "(" and word not in KEYWORDS and (opening or macro is None):
            return None, ""  # a macro's name where it begins no statement
        if opening not in ("(", "{"):
            is_alias = not opening and macro is not None and macro.parameters is None
            is_alias = is_alias and macro is not None and code_after(bare, macro.body.start) == start
            statement = AsmStatement(Span(start, end), HOLE, line is not None)
            return statement, macro.name if is_alias and macro is not None else ""
        closing = self._brackets.closing(position)
        is_closed = position < closing < limit
        if not is_closed:
            closing = limit - 1 if macro is not None else max(position, self._brackets.stop(position) - 1)
        text = self._template(position + 1, closing) if opening == "(" else HOLE
        if not is_closed and not text.endswith(HOLE):
            text += HOLE  # another macro has the rest
        return AsmStatement(Span(start, closing + 1), text, line is not None), ""

    def _macro(self, offset: int) -> MacroDefinition | None:
        macros = self._directives.macros
        i = bisect_right(macros, offset, key=lambda m: m.span.start) - 1
        return macros[i] if i >= 0 else None

    def _template(self, start: int, end: int) -> str:
        """Return the text of the literals from `start` on, up to a colon; HOLE for what is no literal."""
        literals, parts, position = self._lexed.literals, list[str](), start
        for number in range(bisect_left(literals.starts, start), bisect_left(literals.starts, end)):
            between = _PREFIX.sub("", self._bare[position : literals.starts[number]].strip(BLANKS))
            if between and ":" in between:
                break
            if between.strip("()" + BLANKS):
                parts.append(HOLE)
            parts.append(self._content(literals.starts[number], literals.ends[number]))
            position = literals.ends[number]
        if not parts and self._bare[start:end].partition(":")[0].strip("()" + BLANKS):
            parts.append(HOLE)
        return _ESCAPE.sub(lambda m: _ESCAPES[m.group()], "".join(parts))

    def _content(self, start: int, end: int) -> str:
        written = self._lexed.text[start:end]
        if written.startswith('"'):
            return _SPLICE.sub("", written).removeprefix('"').removesuffix('"')
        raw = _RAW.match(written)
        return raw.group(2) if raw is not None else HOLE

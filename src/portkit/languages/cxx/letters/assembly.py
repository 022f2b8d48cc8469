# SPDX-License-Identifier: Apache-2.0
"""Inline assembly: where it stands, and the text of its template. A macro may stand for the keyword
or for a part of it.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.directives import IDENTIFIER
from portkit.languages.cxx.letters.escapes import decoded, spelt
from portkit.languages.cxx.letters.lexer import Ranges
from portkit.languages.cxx.letters.lines import BLANKS
from portkit.languages.cxx.letters.pasted_keywords import pasted_keywords
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.letters.word_facts import ASM_KEYWORDS as KEYWORDS
from portkit.languages.ptx.parser import HOLE
from portkit.model.reading import AsmStatement, MacroDefinition
from portkit.model.spans import Span

_NAME = re.compile(IDENTIFIER, re.A)
_RAW = re.compile(r'(?:u8|[uUL])?R"([^()\\ \t\n\r\f\v]{0,16})\((.*)\)\1"\Z', re.S)
_PREFIX = re.compile(r"\b(?:u8|[uUL])\Z")
_TEMPLATE_END = re.compile(r';(?:\\[nt])*+"')
_SPLICE = re.compile(r"\\\r?\n")


def asm_statements(source: SourceFile, brackets: Brackets) -> tuple[AsmStatement, ...]:
    """Return the file's inline assembly, with the text of the template's string literals joined.

    What a macro that is not followed adds to the text is HOLE. A macro that is no more than the
    keyword and what may stand beside it is followed in this file; where nothing uses it here it is
    a statement itself, of unknown text. So is a use of macros that paste the keyword together.
    """
    pasted = [(*place, "asm") for place in pasted_keywords(source, brackets, KEYWORDS)]
    words = source.words & KEYWORDS
    if not words and not pasted:
        return ()
    reader = _Reader(source, brackets)
    found, aliases = dict[int, AsmStatement](), dict[str, AsmStatement]()
    used, places = set[str](), reader.places(words)
    if pasted:
        made = [p for p in places if not any(start <= p[0] < end for start, end, _ in pasted)]
        places = [*made, *pasted]
    while places:
        new: dict[str, AsmStatement] = {}
        for start, end, word in sorted(places):
            statement, alias = reader.read(start, end, word)
            if statement is None:
                continue
            used.add(word)
            if alias:
                new.setdefault(alias, statement)
            else:
                found.setdefault(start, statement)
        places = reader.places(frozenset(new.keys() - aliases.keys()))
        aliases = new | aliases
    unused = [statement for alias, statement in aliases.items() if alias not in used]
    return tuple(sorted([*found.values(), *unused], key=lambda s: s.span))


def likely_templates(source: SourceFile) -> list[Span]:
    """Return the literals outside of directives and known statements that end as a template of PTX
    does.
    """
    text, literals = source.lexed.text, source.lexed.literals
    if ';"' not in text and ";\\" not in text:
        return []
    ending = [literals.index(match.start()) for match in _TEMPLATE_END.finditer(text)]
    found = [Span(literals.starts[i], literals.ends[i]) for i in ending if i >= 0]
    found = [span for span in found if source.directives.at(span.start) is None]
    if not found:
        return []
    known = asm_statements(source, Brackets(source.lexed, source.directives))
    ranges = Ranges([s.span.start for s in known], [s.span.end for s in known])
    return [span for span in found if not ranges.holds(span.start)]


class _Reader:
    """Reads the statements of one file."""

    def __init__(self, source: SourceFile, brackets: Brackets) -> None:
        self._lexed, self._directives, self._brackets = source.lexed, source.directives, brackets

    def places(self, words: frozenset[str]) -> list[tuple[int, int, str]]:
        """Return start, end and word of each occurrence of some words in the code.

        A word with letters beyond ASCII stands for all of its spellings.
        """
        lexed, wide = self._lexed, {w for w in words if not w.isascii()}
        found = [
            (start, lexed.end(start, word), word) for start, word in lexed.places(words - wide)
        ]
        if wide:
            every = ((m, spelt(m.group())) for m in _NAME.finditer(lexed.code))
            found += [
                (m.start(), lexed.end(m.start(), m.group()), w) for m, w in every if w in wide
            ]
        return found

    def read(self, start: int, end: int, word: str) -> tuple[AsmStatement | None, str]:
        """Return the statement that begins with the word from `start` to `end`, and the name of the
        macro that is no more than that.
        """
        line = self._directives.at(start)
        code = self._brackets.plain if line is None else self._brackets.bare
        if not self._lexed.is_code(start) or self._is_member(code, start):
            return None, ""
        limit, macro = len(code), None
        if line is not None:
            macro = self._macro(start) if line.keyword == "define" else None
            if macro is None or start < macro.body.start:
                return None, ""
            limit = macro.body.end
        position = self._behind_names(code, end, limit)
        opening = code[position] if position < limit else ""
        if opening != "(" and word not in KEYWORDS and (opening or macro is None):
            return None, ""  # a macro's name where it begins no statement
        if opening not in ("(", "{"):
            statement = AsmStatement(Span(start, end), HOLE, line is not None)
            return statement, "" if opening else self._alias(macro, code, start)
        pair = self._brackets
        closing = pair.closing(position) if macro is None else pair.closing_within(position, limit)
        is_closed = position < closing < limit
        if not is_closed:
            stop = max(position, pair.stop(position) - 1)
            closing = limit - 1 if macro is not None else stop
        text = self._template(code, position + 1, closing) if opening == "(" else HOLE
        if not is_closed and not text.endswith(HOLE):
            text += HOLE  # another macro has the rest
        return AsmStatement(Span(start, closing + 1), text, line is not None), ""

    def _is_member(self, code: str, start: int) -> bool:
        before = self._directives.before(code, start)
        return code[max(0, before - 2) : before].endswith((".", "->", "::"))

    def _behind_names(self, code: str, position: int, limit: int) -> int:
        """Return where what is no name begins: qualifiers, and macros that may stand for some, lie
        between the keyword and its parenthesis.
        """
        after = self._directives.after
        position = after(code, position)
        while position < limit and (name := _NAME.match(code, position, limit)) is not None:
            position = after(code, name.end())
        return position

    def _alias(self, macro: MacroDefinition | None, code: str, start: int) -> str:
        """Return the name of a macro without parameters whose body begins at `start`, if it is."""
        if macro is None or macro.parameters is not None:
            return ""
        body = self._directives.after(code, macro.body.start)
        return spelt(macro.name) if body == start else ""

    def _macro(self, offset: int) -> MacroDefinition | None:
        macros = self._directives.macros
        i = bisect_right(macros, offset, key=lambda m: m.span.start) - 1
        return macros[i] if i >= 0 else None

    def _template(self, code: str, start: int, end: int) -> str:
        """Return the text of the literals from `start` on, up to a colon; HOLE for what is no
        literal.
        """
        literals, parts, position, bare = (
            self._lexed.literals,
            list[str](),
            start,
            self._brackets.bare,
        )
        own = self._directives.at(start)
        for number in range(bisect_left(literals.starts, start), bisect_left(literals.starts, end)):
            first = literals.starts[number]
            if own is None and self._directives.at(first) is not None:
                continue
            between = _PREFIX.sub("", code[position:first].strip(BLANKS))
            if between and ":" in between:
                break
            if code[position:first] != bare[position:first]:
                parts.append(HOLE)
            elif between.strip("()" + BLANKS):
                parts.append(self._named_text(between))
            parts.append(self._content(first, literals.ends[number]))
            position = literals.ends[number]
        if left := code[position:end].partition(":")[0].strip("()" + BLANKS):
            parts.append(self._named_text(left))
        return "".join(parts)

    def _named_text(self, between: str) -> str:
        """Return the text of what stands between literals: macros of the file that are no more than
        one literal each; HOLE for anything else.
        """
        texts = [self._texts.get(name) for name in between.strip("()" + BLANKS).split()]
        return "".join(t for t in texts if t is not None) if all(texts) else HOLE

    @functools.cached_property
    def _texts(self) -> dict[str, str]:
        """The macros of the file that are one literal and defined once."""
        found, literals = dict[str, str](), self._lexed.literals
        for macro in self._directives.macros:
            number = bisect_left(literals.starts, macro.body.start)
            start = literals.starts[number] if number < len(literals.starts) else -1
            if (
                macro.parameters is not None
                or not macro.body.start <= start < macro.body.end
                or self._brackets.bare[macro.body.start : macro.body.end].strip()
            ):
                continue
            text = "".join(
                self._content(literals.starts[i], literals.ends[i])
                for i in range(number, bisect_left(literals.starts, macro.body.end))
            )
            found[macro.name] = HOLE if macro.name in found else text
        return found

    def _content(self, start: int, end: int) -> str:
        written = self._lexed.text[start:end]
        if written.startswith('"'):
            return decoded(_SPLICE.sub("", written).removeprefix('"').removesuffix('"'))
        raw = _RAW.match(written)
        return raw.group(2) if raw is not None else HOLE

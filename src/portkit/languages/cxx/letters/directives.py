# SPDX-License-Identifier: Apache-2.0
"""Preprocessor structure of a file: includes, macro definitions, conditional branches, comparisons."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from portkit.languages.cxx.letters.lexer import Lexed, Ranges, code_after, code_before
from portkit.languages.cxx.letters.lines import BLANKS
from portkit.languages.cxx.values.preprocessor import Branch, Include
from portkit.model.reading import Condition, MacroDefinition
from portkit.model.spans import Span

_DIRECTIVE = re.compile(r"#[ \t\f\v]*([a-z_]+)")
_LINE_START = re.compile(r"[ \t\f\v]*")
_SPLICE = re.compile(r"\\\r?\n")
IDENTIFIER = (  # in any spelling: letters beyond ASCII as they are or by their numbers
    r"(?:[A-Za-z_$\x80-\xff]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\u\{[0-9A-Fa-f]+\}|\\N\{[^}\n]+\})"
    r"(?:[\w$\x80-\xff]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\u\{[0-9A-Fa-f]+\}|\\N\{[^}\n]+\})*"
)
_HAS_INCLUDE = re.compile(r'\b__has_include(?:_next)?[ \t]*\([ \t]*(?:<([^>\n]*)>|"([^"\n]*)")')
_INCLUDE = re.compile(r'[ \t\f\v]*(?:<([^>\n]*)>|"([^"\n]*)")')
_DEFINE = re.compile(rf"[ \t\f\v]*({IDENTIFIER})", re.A)
_FIRST = re.compile(r"[ \t\f\v(]*([A-Za-z_]\w*)", re.A)
_SPLICES = re.compile(r"(?:\\\r?\n)+")
_PARAMETERS = re.compile(r"\(([^)]*)\)")
_TOKEN = re.compile(r"(\w+)|<=|>=|==|!=|<<|>>|[^ \t\f\v\r\n]", re.A)
_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


class Directive(msgspec.Struct, frozen=True, gc=False):
    """One directive line: `start` is the first byte of the line, `body` the first after the
    keyword.
    """

    keyword: str
    start: int
    body: int
    end: int


class Directives(msgspec.Struct):
    """The preprocessor's view of a file."""

    lines: list[Directive] = msgspec.field(default_factory=list)
    ranges: Ranges = msgspec.field(default_factory=Ranges)
    includes: list[Include] = msgspec.field(default_factory=list)
    macros: list[MacroDefinition] = msgspec.field(default_factory=list)
    conditions: list[Condition] = msgspec.field(default_factory=list)
    branches: list[Branch] = msgspec.field(default_factory=list)

    def at(self, offset: int) -> Directive | None:
        """Return the directive whose line holds `offset`."""
        i = self.ranges.index(offset)
        return self.lines[i] if i >= 0 else None

    def before(self, code: str, offset: int) -> int:
        """Return the offset behind the last byte before `offset` that is no blank and of no other
        directive.
        """
        end = code_before(code, offset)
        if code.find("\n", end, offset) >= 0:
            while (line := self.at(end - 1)) is not None:
                end = code_before(code, line.start)
        return end

    def after(self, code: str, offset: int) -> int:
        """Return the first offset from `offset` on that holds no blank and no other directive.

        Behind the last of a directive there is nothing: its end.
        """
        start = code_after(code, offset)
        if code.find("\n", offset, start) >= 0:
            if offset and (own := self.at(offset - 1)) is not None:
                return own.end
            while (line := self.at(start)) is not None:
                start = code_after(code, line.end)
        return start


def read_directives(lexed: Lexed) -> Directives:
    """Read all preprocessor lines of a file; those in comments and raw strings are not directives."""
    result, code = Directives(), lexed.code
    position, mark = 0, code.find("#")
    while mark >= 0:
        start = code.rfind("\n", position, mark) + 1 or position
        line_end = code.find("\n", mark)
        position = line_end if line_end >= 0 else len(code)
        line_end, mark, at = position, code.find("#", position), mark
        if _LINE_START.fullmatch(code, start, at) is None:
            continue
        match = _DIRECTIVE.match(code, at, line_end)
        if match is not None:
            keyword, body = match.group(1), match.end()
        else:
            keyword, body = "", at + 1  # none that a compiler knows, and no code either
        line = Directive(keyword, start, body, _end_of(lexed, body, line_end))
        result.lines.append(line)
        result.ranges.add(line.start, line.end)
        if keyword in ("include", "include_next", "import"):
            _read_include(lexed, line, result)
        elif keyword == "define":
            _read_define(lexed, line, result)
        elif keyword in ("if", "elif", "ifdef", "ifndef", "elifdef", "elifndef"):
            result.conditions.extend(_read_conditions(lexed, line))
            _read_has_include(lexed, line, result)
    _read_named_headers(lexed, result)
    result.branches = _read_branches(lexed, result.lines)
    return result


def _end_of(lexed: Lexed, body: int, end: int) -> int:
    """A line comment ends a directive; a block comment that runs past the line carries it on."""
    i = lexed.comments.index(end - 1) if end > body else -1
    if i >= 0 and lexed.text.startswith("//", lexed.comments.starts[i]):
        return max(body, lexed.comments.starts[i])
    return end


def _add_include(lexed: Lexed, match: re.Match[str], result: Directives) -> None:
    group = 1 if match.group(1) is not None else 2
    start, end = match.span(group)
    result.includes.append(
        Include(Span(start, end), _SPLICE.sub("", lexed.text[start:end]), group == 1)
    )


def _read_has_include(lexed: Lexed, line: Directive, result: Directives) -> None:
    """What `__has_include` asks for changes together with the include that it guards."""
    if lexed.code.find("__has_include", line.body, line.end) >= 0:
        for match in _HAS_INCLUDE.finditer(lexed.code, line.body, line.end):
            _add_include(lexed, match, result)


def _read_named_headers(lexed: Lexed, result: Directives) -> None:
    """`#define NAME <header.h>`, or with quotes when the file has `#include NAME`, spells an
    include as well.
    """
    code = lexed.code
    named = {
        m.name
        for m in result.macros
        if m.parameters is None and code[m.body.start : m.body.end].strip(BLANKS)[:1] in ("<", '"')
    }
    if not named:
        return
    used = {
        code[x.body : x.end].strip(BLANKS)
        for x in result.lines
        if x.keyword in ("include", "include_next")
    }
    for macro in result.macros:
        match = (
            _INCLUDE.match(code, macro.body.start, macro.body.end) if macro.name in named else None
        )
        if match is None or code[match.end() : macro.body.end].strip(BLANKS):
            continue
        if macro.name in used or (match.group(1) is not None and "." in match.group(1)):
            _add_include(lexed, match, result)
    result.includes.sort(key=lambda i: i.span)


def _read_include(lexed: Lexed, line: Directive, result: Directives) -> None:
    match = _INCLUDE.match(lexed.code, line.body, line.end)
    if match is not None:
        _add_include(lexed, match, result)


def _read_define(lexed: Lexed, line: Directive, result: Directives) -> None:
    match = _DEFINE.match(lexed.code, line.body, line.end)
    if match is None:
        return
    name, end = match.group(1), match.end(1)
    if (splices := _SPLICES.match(lexed.text, end)) is not None:
        end = splices.end()  # which a parenthesis may follow as if nothing were between
    listed = _PARAMETERS.match(lexed.code, end, line.end)
    parameters = None
    if listed is not None:
        end = listed.end()
        parameters = tuple(p.strip(BLANKS) for p in listed.group(1).split(",") if p.strip(BLANKS))
    span, body = (
        Span(match.start(1), lexed.end(match.start(1), name)),
        Span(end, max(end, line.end)),
    )
    first = _FIRST.match(lexed.code, body.start, body.end)
    result.macros.append(
        MacroDefinition(name, span, body, parameters, first.group(1) if first else "")
    )


def _expression(lexed: Lexed, line: Directive) -> str:
    """The code behind the keyword."""
    return lexed.code[line.body : line.end]


class _Token(NamedTuple):
    text: str
    start: int
    end: int  # in the file
    is_word: bool  # a name or a number

    @property
    def is_name(self) -> bool:
        return self.is_word and not self.text[0].isdigit()


def _read_conditions(lexed: Lexed, line: Directive) -> list[Condition]:
    tokens = [
        _Token(m.group(), m.start(), lexed.end(m.start(), m.group()), m.group(1) is not None)
        for m in _TOKEN.finditer(lexed.code, line.body, line.end)
    ]
    if line.keyword not in ("if", "elif"):
        name = next((t for t in tokens if t.is_name), None)
        return (
            [Condition(Span(name.start, name.end), name.text, "defined", "", line.keyword)]
            if name is not None
            else []
        )
    found, left = list[Condition](), list[_Token]()
    position = 0
    while position < len(tokens):
        first = tokens[position]
        name, after = _defined(tokens, position)
        if name is not None:
            found.append(
                Condition(
                    Span(first.start, tokens[after - 1].end), name.text, "defined", "", line.keyword
                )
            )
        else:
            compared, after = _compared(tokens, position, line.keyword)
            found += compared
            left += tokens[position:after]
        position = after
    names = {c.macro for c in found}
    alone = (t for t in left if t.is_name and t.text != "defined" and t.text not in names)
    found += [Condition(Span(t.start, t.end), t.text, "", "", line.keyword) for t in alone]
    return sorted(found, key=lambda c: c.span)


def _defined(tokens: list[_Token], position: int) -> tuple[_Token | None, int]:
    """Return the name of a `defined X` or `defined(X)` that starts at a position, and the position
    behind it.
    """
    if tokens[position].text == "defined":
        following = tokens[position + 1 : position + 4]
        if following and following[0].is_name:
            return following[0], position + 2
        if (
            len(following) == 3
            and following[0].text == "("
            and following[1].is_name
            and following[2].text == ")"
        ):
            return following[1], position + 4
    return None, position + 1


def _compared(tokens: list[_Token], position: int, keyword: str) -> tuple[list[Condition], int]:
    """Return the comparison that starts at a position, `X >= 3` or `F(a, b) >= 3`, and the position
    behind it.
    """
    left, after = tokens[position], position + 1
    if not left.is_word:
        return [], after
    if after < len(tokens) and tokens[after].text == "(":
        closing = next(
            (i for i in range(after + 1, len(tokens)) if tokens[i].text in "()"), len(tokens)
        )
        after = closing + 1 if closing < len(tokens) and tokens[closing].text == ")" else after
    if (
        after + 1 >= len(tokens)
        or tokens[after].text not in _MIRROR
        or not tokens[after + 1].is_word
    ):
        return [], position + 1
    operator, right = tokens[after].text, tokens[after + 1]
    span, found = Span(left.start, right.end), list[Condition]()
    if left.is_name:
        found.append(Condition(span, left.text, operator, right.text, keyword))
    if right.is_name:
        found.append(Condition(span, right.text, _MIRROR[operator], left.text, keyword))
    return found, after + 2 if found else position + 1


def _read_branches(lexed: Lexed, lines: list[Directive]) -> list[Branch]:
    branches: list[Branch] = []
    stack: list[tuple[int, str, str, bool]] = []  # start, guard, what must not be defined, never

    def close(end: int) -> None:
        start, guard, without, never = stack[-1]
        if guard or without or never:
            branches.append(Branch(Span(start, end), guard, never, without))

    for line in lines:
        if line.keyword in ("if", "ifdef", "ifndef"):
            stack.append(_open(lexed, line))
        elif not stack:
            continue
        elif line.keyword in ("elif", "elifdef", "elifndef"):
            close(line.start)
            stack[-1] = _open(lexed, line)
        elif line.keyword == "else":
            close(line.start)
            _, guard, without, never = stack[-1]
            always = _expression(lexed, line).strip() == "" and guard == "1"
            opposite = guard if guard != "1" and guard.isidentifier() else ""
            stack[-1] = (line.end, without, opposite, always and not never)
        elif line.keyword == "endif":
            close(line.start)
            stack.pop()
    return sorted(branches, key=lambda b: b.span)


def _open(lexed: Lexed, line: Directive) -> tuple[int, str, str, bool]:
    text = " ".join(_expression(lexed, line).split())
    if line.keyword in ("ifdef", "elifdef"):
        return line.end, text, "", False
    if line.keyword in ("ifndef", "elifndef"):
        return line.end, "", text, False
    if text.strip("() ") in ("0", "false"):
        return line.end, "", "", True
    if text.strip("() ") in ("1", "true"):
        return line.end, "1", "", False
    negated = re.fullmatch(r"!\s*defined\s*\(?\s*(\w+)\s*\)?|!\s*(\w+)", text)
    if negated is not None:
        return line.end, "", negated.group(1) or negated.group(2), False
    return line.end, _required(text), "", False


def _required(expression: str) -> str:
    """What an #if expression needs to be true, as alternatives of macro names: `A&B|C`."""
    alternatives = []
    for part in expression.split("||"):
        names = []
        for term in part.split("&&"):
            term = term.strip().strip("()").strip()
            match = re.match(r"(?:defined\s*\(?\s*)?([A-Za-z_]\w*)", term)
            if match is not None and not term.startswith("!"):
                names.append(match.group(1))
        alternatives.append("&".join(names))
    return "|".join(alternatives) if all(alternatives) else ""

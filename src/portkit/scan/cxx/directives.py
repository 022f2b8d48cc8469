# SPDX-License-Identifier: Apache-2.0
"""Preprocessor structure of a file: includes, macro definitions, conditional branches, comparisons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from portkit.model import Condition, MacroDefinition, Span
from portkit.printable import printable_name
from portkit.scan.cxx.lexer import Lexed, Ranges

_MARK = re.compile(r"#|%:")  # the second spells the first
_DIRECTIVE = re.compile(r"(?:#|%:)[ \t]*([a-z_]+(?:\\\r?\n[a-z_]+)*)([^\n]*(?:(?:(?<=\\)|(?<=\\\r))\n[^\n]*)*)")
_LINE_START = re.compile(r"(?:\xef\xbb\xbf)?[ \t\f\v]*(?:/\*[^\n]*?\*/[ \t]*)?")
_SPLICE = re.compile(r"\\\r?\n")
_HAS_INCLUDE = re.compile(r'\b__has_include(?:_next)?[ \t]*\([ \t]*(?:<([^>\n]*)>|"([^"\n]*)")')
_INCLUDE = re.compile(r'(?:[ \t]|/\*.*?\*/|\\\r?\n)*(?:<([^>\n]*)>|"([^"\n]*)")')
_DEFINE = re.compile(r"(?:[ \t]|\\\r?\n)*([A-Za-z_]\w*)(\(([^)]*)\))?", re.A)
_FIRST = re.compile(r"[\s(\\]*([A-Za-z_]\w*)", re.A)
_DEFINED = re.compile(r"\bdefined[ \t]*(?:\([ \t]*([A-Za-z_]\w*)[ \t]*\)|([A-Za-z_]\w*))", re.A)
_COMPARISON = re.compile(r"([A-Za-z_0-9]\w*)([ \t]*(?:\([^()]*\))?[ \t]*)(<=|>=|==|!=|<|>)[ \t]*([A-Za-z_0-9]\w*)", re.A)
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


class Include(msgspec.Struct, frozen=True, gc=False):
    """An #include: `span` covers the spelling without its quotes."""

    span: Span
    spelling: str
    angled: bool

    @property
    def name(self) -> str:
        """The file that is spelt, written as the names of a tree's files are (`spelling` has a character for each byte)."""
        return printable_name(self.spelling.encode("latin-1"))


class Directive(msgspec.Struct, frozen=True, gc=False):
    """One directive line: `start` is the first byte of the line, `body` the first after the keyword."""

    keyword: str
    start: int
    body: int
    end: int


class Branch(msgspec.Struct, frozen=True, gc=False):
    """One branch of a conditional. `guard` lists what it requires: `A&B|C`; empty when nothing positive is."""

    span: Span
    guard: str
    never: bool  # `#if 0`, or the #else of `#if 1`
    without: str = ""  # the one macro that must not be defined, when that is all that is known


@dataclass(slots=True)
class Directives:
    """The preprocessor's view of a file."""

    lines: list[Directive] = field(default_factory=list)
    ranges: Ranges = field(default_factory=Ranges)
    includes: list[Include] = field(default_factory=list)
    macros: list[MacroDefinition] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)

    def at(self, offset: int) -> Directive | None:
        """Return the directive whose line holds `offset`."""
        i = self.ranges.index(offset)
        return self.lines[i] if i >= 0 else None


def read_directives(lexed: Lexed) -> Directives:
    """Read all preprocessor lines of a file; those in comments and raw strings are not directives."""
    result, text = Directives(), lexed.text
    if "#" not in text and "%:" not in text:
        return result
    position, digraphs = 0, "%:" in text
    while (mark := _next_mark(text, position, digraphs)) >= 0:
        start = text.rfind("\n", 0, mark) + 1
        match = _DIRECTIVE.match(text, mark) if start == mark or _LINE_START.fullmatch(text, start, mark) else None
        position = match.end() if match is not None else mark + 1
        if match is None or not lexed.is_code(mark):
            continue
        keyword, body, end = _SPLICE.sub("", match.group(1)), match.start(2), _end_of(lexed, match.start(2), match.end())
        line = Directive(keyword, start, body, end)
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


def _next_mark(text: str, position: int, digraphs: bool) -> int:
    if not digraphs:
        return text.find("#", position)
    match = _MARK.search(text, position)
    return match.start() if match is not None else -1


def _add_include(match: re.Match[str], result: Directives) -> None:
    group = 1 if match.group(1) is not None else 2
    result.includes.append(Include(Span(*match.span(group)), match.group(group), group == 1))


def _read_has_include(lexed: Lexed, line: Directive, result: Directives) -> None:
    """What `__has_include` asks for changes together with the include that it guards."""
    if "__has_include" in lexed.text[line.body : line.end]:
        for match in _HAS_INCLUDE.finditer(lexed.text, line.body, line.end):
            _add_include(match, result)


def _read_named_headers(lexed: Lexed, result: Directives) -> None:
    """`#define NAME <header.h>`, or with quotes when the file has `#include NAME`, spells an include as well."""
    named = {m.name for m in result.macros if m.parameters is None and lexed.text[m.body.start : m.body.end].strip()[:1] in ("<", '"')}
    if not named:
        return
    used = {lexed.text[x.body : x.end].strip() for x in result.lines if x.keyword in ("include", "include_next")}
    for macro in result.macros:
        match = _INCLUDE.match(lexed.text, macro.body.start, macro.body.end) if macro.name in named else None
        if match is None or lexed.text[match.end() : macro.body.end].strip():
            continue
        if macro.name in used or (match.group(1) is not None and "." in match.group(1)):
            _add_include(match, result)
    result.includes.sort(key=lambda i: i.span)


def _read_include(lexed: Lexed, line: Directive, result: Directives) -> None:
    match = _INCLUDE.match(lexed.text, line.body, line.end)
    if match is not None:
        _add_include(match, result)


def _read_define(lexed: Lexed, line: Directive, result: Directives) -> None:
    match = _DEFINE.match(lexed.text, line.body, line.end)
    if match is None:
        return
    parameters = None
    if match.group(2) is not None:
        parameters = tuple(p.strip() for p in match.group(3).split(",") if p.strip())
    body = Span(match.end(), max(match.end(), line.end))
    first = _FIRST.match(lexed.text, body.start, body.end)
    result.macros.append(MacroDefinition(match.group(1), Span(*match.span(1)), body, parameters, first.group(1) if first else ""))


def _expression(lexed: Lexed, line: Directive) -> str:
    """The text after the keyword with comments and line splices blanked, so that offsets stay."""
    text = lexed.text[line.body : line.end]
    if "/*" in text or "\\" in text:
        text = re.sub(r"/\*.*?\*/", lambda m: " " * len(m.group()), text, flags=re.S)
        text = re.sub(r"\\\r?\n", lambda m: " " * len(m.group()), text)
    return text


def _read_conditions(lexed: Lexed, line: Directive) -> list[Condition]:
    text, base, found, taken = _expression(lexed, line), line.body, [], Ranges()
    if line.keyword not in ("if", "elif"):
        match = _WORD.search(text)
        if match is None:
            return []
        span = Span(base + match.start(), base + match.end())
        return [Condition(span, match.group(), "defined", "", line.keyword)]
    for match in _DEFINED.finditer(text):
        taken.add(match.start(), match.end())
        span = Span(base + match.start(), base + match.end())
        found.append(Condition(span, match.group(1) or match.group(2), "defined", "", line.keyword))
    for match in _COMPARISON.finditer(text):
        left, right, operator = match.group(1), match.group(4), match.group(3)
        span = Span(base + match.start(), base + match.end())
        if not left[0].isdigit():
            found.append(Condition(span, left, operator, right, line.keyword))
        if not right[0].isdigit():
            found.append(Condition(span, right, _MIRROR[operator], left, line.keyword))
    compared = {c.macro for c in found}
    for match in _WORD.finditer(text):
        word = match.group()
        if word != "defined" and not taken.holds(match.start()) and word not in compared:
            span = Span(base + match.start(), base + match.end())
            found.append(Condition(span, word, "", "", line.keyword))
    return sorted(found, key=lambda c: c.span)


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

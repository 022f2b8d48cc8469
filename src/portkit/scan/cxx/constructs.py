# SPDX-License-Identifier: Apache-2.0
"""Constructs that are not names: launches, inline assembly, kernels, and marks in comments."""

from __future__ import annotations

import re

from portkit.model import AsmStatement, Kernel, Launch, Span
from portkit.scan.cxx.source import SourceFile
from portkit.scan.ptx.parser import HOLE

_ASM = re.compile(r"(?<!\w)(?:asm|__asm__|__asm)\b\s*(?:(?:volatile|__volatile__|goto|inline)\s*)*\(", re.A)
# A name with its qualifiers and template arguments, on text that is turned round: what ends right before a launch.
_ENDING_NAME = re.compile(
    r"\s*(?:>(?:[^<>]*>[^<>]*<)*[^<>;{}]*<)?\s*(\w*[A-Za-z_](?:~?\s*::\s*\w*[A-Za-z_])*)",
    re.A,
)
_STRING = re.compile(r'(?:u8|[uUL])?"((?:\\(?:.|\n)|[^"\\])*)"|R"([^()\\\s"]{0,16})\((.*?)\)\2"', re.S)
_MARK = re.compile(r"portkit:\s*[a-z-]+|MUSIFY_EXCL_(?:START|STOP|LINE)")
_CALLS = (re.compile(r"\b([A-Za-z_]\w*)\s*\(", re.A), re.compile(r"\b([A-Za-z_]\w*)\s*<[\w\s,:*&<>]{1,120}>\s*\(", re.A))
_BEHIND_TEMPLATE = re.compile(r">\s*\(", re.A)
_NOT_CALLS = frozenset({"if", "for", "while", "switch", "return", "sizeof", "alignof", "decltype", "static_assert", "asm", "defined"})
_BRACKETS = {"(": re.compile(r"[()]"), "{": re.compile(r"[{}]")}
_HEAD_STEP = re.compile(r"[({;=]|([A-Za-z_~]\w*)", re.A)
_BODY = re.compile(r"[{;]")
_WHITE = re.compile(r"\s+")
_LIMIT = 200_000


def closing(source: SourceFile, start: int, opening: str) -> int:
    """Return the offset of the bracket that closes the one at `start`, or -1; comments and literals are passed over."""
    text, lexed, depth = source.lexed.text, source.lexed, 0
    for match in _BRACKETS[opening].finditer(text, start, start + _LIMIT):
        if not lexed.is_code(match.start()):
            continue
        depth += 1 if match.group() == opening else -1
        if depth == 0:
            return match.start()
    return -1


def asm_statements(source: SourceFile) -> tuple[AsmStatement, ...]:
    """Return the file's inline assembly, with the text of the template's string literals joined."""
    if not source.words & {"asm", "__asm__", "__asm"}:
        return ()
    found, text = [], source.lexed.text
    for match in _ASM.finditer(text):
        if not source.lexed.is_code(match.start()):
            continue
        end = closing(source, match.end() - 1, "(")
        if end < 0:
            continue
        parts, position = [], match.end()
        while (literal := _STRING.search(text, position, end)) is not None:
            between = re.sub(r"/\*.*?\*/|//[^\n]*", "", text[position : literal.start()], flags=re.S)
            strange = between.strip(" \t\r\n\\")
            if strange and ":" in between:
                break
            if strange.strip("()"):
                parts.append(HOLE)  # a macro that completes the template
            parts.append(literal.group(1) if literal.group(1) is not None else literal.group(3))
            position = literal.end()
        line = source.directives.at(match.start())
        template = "".join(parts).replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
        found.append(AsmStatement(Span(match.start(), end + 1), template, line is not None))
    return tuple(found)


def launches(source: SourceFile) -> tuple[Launch, ...]:
    """Return the launches `kernel<<<...>>>`, in macro bodies and inactive branches too; they are looked for once."""
    if source.launches is None:
        source.launches = tuple(_launches(source))
    return source.launches


def _launches(source: SourceFile) -> list[Launch]:
    text, found, position = source.lexed.text, [], 0
    while (start := text.find("<<<", position)) >= 0:
        position = start + 3
        if not source.lexed.is_code(start) or text.startswith("<", start + 3):
            continue
        end = text.find(">>>", start, start + 4000)
        if end < 0:
            continue
        while text.startswith(">", end + 3) and end + 3 < len(text):
            end += 1
        name = _ENDING_NAME.match(text[max(0, start - 300) : start][::-1])
        found.append(Launch(Span(start, end + 3), _WHITE.sub("", name.group(1))[::-1] if name else ""))
        position = end + 3
    return found


def kernels(source: SourceFile, spaces: dict[str, str]) -> tuple[Kernel, ...]:
    """Return the definitions of functions marked with an execution space (`spaces`: word -> "global" | "device")."""
    words = [w for w in spaces if w in source.words]
    if not words:
        return ()
    found, seen = [], set()
    for start, word in source.lexed.places(words):
        if not source.lexed.is_code(start) or source.directives.at(start) is not None:
            continue
        head = _function_head(source, start + len(word))
        if head is None or head[1] in seen:
            continue
        name, body = head
        end = closing(source, body, "{")
        if end > 0:
            seen.add(body)
            found.append(Kernel(Span(body, end + 1), name, spaces[word], _calls(source, body, end)))
    return tuple(found)


def _calls(source: SourceFile, start: int, end: int) -> tuple[str, ...]:
    text, found = source.lexed.text, set(_NOT_CALLS)
    for pattern in _CALLS if _BEHIND_TEMPLATE.search(text, start, end) is not None else _CALLS[:1]:
        for match in pattern.finditer(text, start, end):
            if match.group(1) not in found and source.lexed.is_code(match.start()):
                found.add(match.group(1))
    return tuple(sorted(found - _NOT_CALLS))


def _function_head(source: SourceFile, position: int) -> tuple[str, int] | None:
    """Return (name, offset of the body's brace) of the function whose specifiers end at `position`."""
    text, name = source.lexed.text, ""
    end = position + 4000
    while (match := _HEAD_STEP.search(text, position, end)) is not None:
        token = match.group()
        if not source.lexed.is_code(match.start()):
            position = match.end()
        elif token == "(":
            if name and not name.startswith("__"):
                break
            close = closing(source, match.start(), "(")
            if close < 0:
                return None
            position = close + 1
        elif token in "{;=":
            return None
        else:
            name, position = token, match.end()
    if match is None:
        return None
    close = closing(source, match.start(), "(")
    after = _BODY.search(text, close, close + 2000) if close > 0 else None
    while after is not None and not source.lexed.is_code(after.start()):
        after = _BODY.search(text, after.end(), after.end() + 2000)
    return (name, after.start()) if after is not None and after.group() == "{" else None


def marks(source: SourceFile) -> tuple[tuple[str, Span], ...]:
    """Return suppression and exclusion marks in comments, with the comment's range."""
    text = source.lexed.text
    if "portkit:" not in text and "MUSIFY_EXCL" not in text:
        return ()
    found = []
    for start, end in zip(source.lexed.comments.starts, source.lexed.comments.ends, strict=True):
        if _MARK.search(text, start, end):
            found.append((text[start:end], Span(start, end)))
    return tuple(found)

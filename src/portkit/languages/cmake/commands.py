# SPDX-License-Identifier: Apache-2.0
"""CMake's syntax without loss: commands and arguments with their bytes, and comments. Nothing is
evaluated.

The grammar is the one of cmake-language(7). An own reader, since tree-sitter's grammar of CMake
comes as source only: whoever installs portkit would need a compiler.
"""

from __future__ import annotations

import re

import msgspec

from portkit.model.spans import Span

# What may stand between commands and arguments, then the arguments. Each alternative begins with
# another character.
_TOKEN = re.compile(
    rb"""(?P<blank>[ \t\r\n;]+)
       | \#\[(?P<comment>=*)\[
       | (?P<line>\#[^\n]*)
       | \[(?P<bracket>=*)\[
       | "(?P<quoted>[^"\\]*(?:\\[\s\S][^"\\]*)*)"
       | (?P<open>\()
       | (?P<close>\))
       | (?P<plain>(?:[^ \t\r\n;()\#"\\]|\\[\s\S])(?:[^ \t\r\n;()\#\\"]|\\[\s\S]|"[^"\n]*")*)
    """,
    re.X,
)
_NAME = re.compile(rb"[A-Za-z_]\w*")
_FILLED = re.compile(rb"@\w+@")


class Argument(msgspec.Struct, frozen=True, gc=False):
    """One argument. `span`: its text, without quotes or brackets; `text`: the same bytes, escapes
    left as they are.
    """

    span: Span
    text: str
    quoted: bool = False


class Command(msgspec.Struct, frozen=True):
    """One command invocation. `span`: its name; `name` in lower case, as CMake reads it; nested
    parentheses are flat.
    """

    span: Span
    name: str
    arguments: tuple[Argument, ...]


class Commands(msgspec.Struct, frozen=True):
    """What a CMake file says. `fault`: where the syntax was lost first; commands before it stand."""

    commands: tuple[Command, ...]
    comments: tuple[Span, ...]
    fault: Span | None = None


def read_commands(data: bytes) -> Commands:
    """Read a CMake file. Never raises: what is no CMake is a fault at its first byte."""
    commands: list[Command] = []
    comments: list[Span] = []
    arguments: list[Argument] = []
    name: Span | None = None  # of the command that is being read
    depth, position = 0, 3 if data.startswith(b"\xef\xbb\xbf") else 0
    fault: Span | None = None
    while position < len(data) and fault is None:
        match = _TOKEN.match(data, position)
        if match is None:
            fault = Span(position, position + 1)
            break
        kind, (start, end) = match.lastgroup, match.span()
        if kind in ("comment", "bracket"):
            closing = b"]" + match[kind] + b"]"
            close = data.find(closing, end)
            if close < 0:
                fault = Span(start, end)
                break
            position = close + len(closing)
            if kind == "comment":
                comments.append(Span(start, position))
            elif depth:
                arguments.append(_argument(data, end, close, quoted=True))
            else:
                fault = Span(start, end)
            continue
        position = end
        if kind == "line":
            comments.append(Span(start, end - 1 if data[end - 1 : end] == b"\r" else end))
        elif kind == "open":
            if depth == 0 and name is None:
                fault = Span(start, end)
            depth += 1
        elif kind == "close":
            depth -= 1
            if depth == 0 and name is not None:
                text = data[name.start : name.end].decode("latin-1").lower()
                commands.append(Command(name, text, tuple(arguments)))
                name, arguments = None, []
            elif depth < 0:
                fault = Span(start, end)
        elif kind in ("plain", "quoted"):
            if depth:
                inner = match.span(kind)
                arguments.append(_argument(data, *inner, quoted=kind == "quoted"))
            elif kind == "plain" and name is None and _FILLED.fullmatch(match.group()):
                continue  # of a template, `@PACKAGE_INIT@`: commands that are not here yet
            elif kind == "plain" and name is None and _NAME.fullmatch(match.group()):
                name = Span(start, end)
            else:
                fault = Span(start, end)
    if fault is None and (depth or name is not None):
        fault = name or Span(len(data), len(data))
    return Commands(tuple(commands), tuple(comments), fault)


def _argument(data: bytes, start: int, end: int, *, quoted: bool) -> Argument:
    return Argument(Span(start, end), data[start:end].decode("latin-1"), quoted)

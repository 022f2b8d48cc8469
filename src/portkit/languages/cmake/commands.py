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
    parentheses are flat. `end`: behind its closing parenthesis.
    """

    span: Span
    name: str
    arguments: tuple[Argument, ...]
    end: int

    @property
    def whole(self) -> Span:
        """The bytes of the command with its arguments."""
        return Span(self.span.start, self.end)


class Commands(msgspec.Struct, frozen=True):
    """What a CMake file says. `fault`: where the syntax was lost first; commands before it stand."""

    commands: tuple[Command, ...]
    comments: tuple[Span, ...]
    fault: Span | None = None


def read_commands(data: bytes) -> Commands:
    """Read a CMake file. Never raises: what is no CMake is a fault at its first byte."""
    reader, fault = _Reader(data), None
    position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while position < len(data):
        match = _TOKEN.match(data, position)
        if match is None:
            fault = Span(position, position + 1)
            break
        end = reader.take(match)
        if end is None:
            fault = Span(*match.span())
            break
        position = end
    else:
        fault = reader.unfinished()
    return Commands(tuple(reader.commands), tuple(reader.comments), fault)


class _Reader:
    """What was read so far: whole commands, comments, and the command that is open."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.commands: list[Command] = []
        self.comments: list[Span] = []
        self._name: Span | None = None  # of the command that is being read
        self._arguments: list[Argument] = []
        self._depth = 0  # of parentheses

    def take(self, match: re.Match[bytes]) -> int | None:
        """Take a token; return where the next one begins, or None where this one cannot stand."""
        kind, fits = match.lastgroup, True
        if kind in ("comment", "bracket"):
            return self._bracket(match, kind)
        if kind == "line":
            self._line(*match.span())
        elif kind == "open":
            self._depth += 1
            fits = self._name is not None
        elif kind == "close":
            fits = self._close(match.end())
        elif kind in ("plain", "quoted"):
            fits = self._word(match, kind)
        return match.end() if fits else None

    def unfinished(self) -> Span | None:
        """Return the fault of a file that ends within a command."""
        if self._depth or self._name is not None:
            return self._name or Span(len(self._data), len(self._data))
        return None

    def _line(self, start: int, end: int) -> None:
        ends_in_return = self._data[end - 1 : end] == b"\r"
        self.comments.append(Span(start, end - 1 if ends_in_return else end))

    def _bracket(self, match: re.Match[bytes], kind: str) -> int | None:
        """Take a bracket comment or a bracket argument, up to the bracket of as many `=`."""
        start, inner = match.span()
        closing = b"]" + match[kind] + b"]"
        close = self._data.find(closing, inner)
        if close < 0:
            return None
        end = close + len(closing)
        if kind == "comment":
            self.comments.append(Span(start, end))
        elif self._depth:
            self._arguments.append(_argument(self._data, inner, close, quoted=True))
        else:
            return None
        return end

    def _close(self, end: int) -> bool:
        self._depth -= 1
        if self._depth == 0 and self._name is not None:
            text = self._data[self._name.start : self._name.end].decode("latin-1").lower()
            self.commands.append(Command(self._name, text, tuple(self._arguments), end))
            self._name, self._arguments = None, []
        return self._depth >= 0

    def _word(self, match: re.Match[bytes], kind: str) -> bool:
        """Take an argument, or between commands the name of the next one."""
        if self._depth:
            inner = match.span(kind)
            self._arguments.append(_argument(self._data, *inner, quoted=kind == "quoted"))
            return True
        if kind == "quoted" or self._name is not None:
            return False
        if _FILLED.fullmatch(match.group()):
            return True  # of a template, `@PACKAGE_INIT@`: commands that are not here yet
        if _NAME.fullmatch(match.group()):
            self._name = Span(*match.span())
            return True
        return False


def _argument(data: bytes, start: int, end: int, *, quoted: bool) -> Argument:
    return Argument(Span(start, end), data[start:end].decode("latin-1"), quoted)

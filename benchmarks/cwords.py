# SPDX-License-Identifier: Apache-2.0
"""A small C/C++/CUDA word reader for the measuring scripts; it shares no code with portkit.

It knows comments, string, character and raw string literals, line splices, numbers and includes. It
does no preprocessing: the words of inactive branches are words like all others. Offsets are 0-based
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset(
    (
        ".cu",
        ".cuh",
        ".c",
        ".cc",
        ".cpp",
        ".cxx",
        ".h",
        ".hpp",
        ".hh",
        ".hxx",
        ".inl",
        ".ipp",
        ".tpp",
        ".inc",
    )
)

_SPLICE = rb"\\[ \t]*\r?\n"
_TOKEN = re.compile(
    rb"""
      (?P<comment>//(?:\\[ \t]*\r?\n|[^\n])*|/\*.*?(?:\*/|\Z))
    | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
    | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|(?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
    | (?P<number>\.?[0-9](?:[eEpP][+-]|'[0-9A-Za-z]|[A-Za-z0-9_.])*)
    | (?P<word>[A-Za-z_](?:[A-Za-z0-9_]|"""
    + _SPLICE
    + rb"""(?=[A-Za-z0-9_]))*)
    | (?P<end>\n)
    | (?P<splice>\\[ \t]*\r?\n)
    """,
    re.X | re.S,
)
_INCLUDE = re.compile(
    rb'[ \t]*#[ \t]*(?:include|include_next|import)[ \t]*[<"](?P<path>[^>"\n]+)[>"]'
)
_INCLUDE_LINE = re.compile(rb"^" + _INCLUDE.pattern, re.M)
_HAS_INCLUDE = re.compile(rb'__has_include(?:_next)?[ \t]*\([ \t]*[<"](?P<path>[^>"\n]+)[>"]')
_MESSAGE = re.compile(rb"[ \t]*#[ \t]*(?:error|warning|pragma|ident|line)\b")
_DEFINE = re.compile(
    rb"[ \t]*#[ \t]*define[ \t]+(?P<name>[A-Za-z_]\w*)(?:\((?P<parameters>[^)]*)\))?"
)


class Word(NamedTuple):
    """One word of a file.

    `role` is code, include, define (the name that a #define makes), parameter (of the macro around
    it) or message (text of #error, #pragma ...).
    """

    offset: int
    length: int
    line: int
    text: str
    role: str


def words(data: bytes) -> Iterator[Word]:
    """Yield the words of a source file that stand in code, in order; comments and literals are left
    out.
    """
    message, defined, line, counted, position = False, -1, 1, 0, 0
    parameters: set[bytes] = set()
    start_of_line = True
    while True:
        if start_of_line:
            start_of_line = False
            if m := _INCLUDE.match(data, position):
                path = m["path"]
                line, counted = line + data.count(b"\n", counted, m.start("path")), m.start("path")
                yield Word(
                    m.start("path"), len(path), line, path.decode("utf-8", "replace"), "include"
                )
                position = m.end()
            message = bool(_MESSAGE.match(data, position))
            d = _DEFINE.match(data, position)
            defined = d.start("name") if d else -1
            parameters = set(re.findall(rb"[A-Za-z_]\w*", d["parameters"] or b"")) if d else set()
        token = _TOKEN.search(data, position)
        if token is None:
            return
        position = token.end()
        kind = token.lastgroup
        if kind == "end":
            start_of_line = True
        elif kind == "word":
            raw = token["word"]
            if raw.startswith(b"__has_include") and (m := _HAS_INCLUDE.match(data, token.start())):
                line, counted = line + data.count(b"\n", counted, m.start()), m.start()
                path = m["path"]
                yield Word(
                    m.start("path"), len(path), line, path.decode("utf-8", "replace"), "include"
                )
                position = m.end()
                continue
            line, counted = line + data.count(b"\n", counted, token.start()), token.start()
            text = re.sub(_SPLICE, b"", raw).decode("ascii")
            role = "message" if message else "define" if token.start() == defined else "code"
            role = "parameter" if raw in parameters else role
            yield Word(token.start(), len(raw), line, text, role)


class Token(NamedTuple):
    """One token: `kind` is word, string, number, sign, include (the spelling) or end (of a line);
    `first`: nothing but blanks stands before it in its line.
    """

    kind: str
    start: int
    end: int
    line: int
    text: str
    first: bool = False


_SIGN = re.compile(rb"##|[^\s\w]")


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens of a source file in order; comments are left out, continued lines go on."""
    position, line, counted, first = 0, 1, 0, True
    while position < len(data):
        if first and (m := _INCLUDE.match(data, position)):
            path, start = m["path"], m.start("path")
            line, counted = line + data.count(b"\n", counted, start), start
            yield Token("include", start, m.end("path"), line, path.decode("utf-8", "replace"))
            position, first = m.end(), False
            continue
        byte = data[position : position + 1]
        if byte in b" \t\r\f\v":
            position += 1
            continue
        match = _TOKEN.match(data, position) or _SIGN.match(data, position)
        if match is None:
            position += 1
            continue
        line, counted = line + data.count(b"\n", counted, position), position
        kind = match.lastgroup if match.re is _TOKEN else "sign"
        position = match.end()
        if kind in ("comment", "splice"):
            continue
        if kind == "end":
            yield Token("end", match.start(), position, line, "\n")
            first = True
            continue
        text = re.sub(_SPLICE, b"", match.group()).decode("utf-8", "replace")
        kind = "string" if kind in ("raw", "mark") else str(kind)
        yield Token(kind, match.start(), position, line, text, first)
        first = False
    yield Token("end", len(data), len(data), line, "\n")


def is_string(token: Token) -> bool:
    """Return whether a token is a literal of characters in double quotes."""
    return token.kind == "string" and token.text.endswith('"')


def source_files(tree: Path) -> list[str]:
    """Return the C, C++ and CUDA files below a folder: POSIX paths relative to it, sorted; links
    are not followed.
    """
    found = (
        p
        for p in tree.rglob("*")
        if p.suffix.lower() in SUFFIXES and not p.is_symlink() and p.is_file()
    )
    inside = (p.relative_to(tree) for p in found)
    return sorted(p.as_posix() for p in inside if ".git" not in p.parts)


def included_files(tree: Path, files: list[str]) -> list[str]:
    """Return the files of a tree that these include, directly or by others, and whose suffix is none
    of SUFFIXES, sorted. An include is looked up beside its file and by the end of paths.
    """
    every = [p for p in tree.rglob("*") if p.is_file() and not p.is_symlink()]
    odd = {p.relative_to(tree).as_posix() for p in every if p.suffix.lower() not in SUFFIXES}
    by_name: dict[str, list[str]] = {}
    for path in odd:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    found: set[str] = set()
    waiting = list(files)
    while waiting:
        for match in _INCLUDE_LINE.finditer((tree / waiting.pop()).read_bytes()):
            spelled = match["path"].decode("utf-8", "replace").lstrip("./")
            for path in by_name.get(spelled.rpartition("/")[2], ()):
                if path not in found and f"/{path}".endswith(f"/{spelled}"):
                    found.add(path)
                    waiting.append(path)
    return sorted(found)


def logical_start(lines: list[bytes], number: int) -> int:
    """Return the 1-based number of the first physical line of the logical line that holds line
    `number`.
    """
    while number > 1 and lines[number - 2].rstrip(b"\r \t").endswith(b"\\"):
        number -= 1
    return number

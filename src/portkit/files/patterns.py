# SPDX-License-Identifier: Apache-2.0
"""Patterns of .gitignore, read as git reads them, in a time that grows with the length of a name.

A pattern becomes a regular expression that never goes back. Between two stars stand letters, each
for one letter of the name: the first place where they fit is as good as any later one. So it is
with the folders between two `**`.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from portkit.model.errors import PortkitError

MOST = 10_000  # patterns of one list: every name is held against each of them
_NEVER = re.compile(r"(?!)").fullmatch
_GLOB = re.compile(r"[*?\[\\]")
_STAR, _SLASH, _REST = "*", "/", "**"  # tokens that are no single letter; `_REST`: all that follows
_DEEP = {
    "/": r"(?:[^/]*+/)*?",
    "\\/": r"(?:[^/]*+/)+?",
}  # `**/`: any folders; with the slash escaped, git wants one
_CLASSES = {  # git's own tables: ASCII, whatever the locale
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r" \t\n\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class _Fault(ValueError):
    """Why a pattern is not well formed."""


class Pattern:
    """One pattern. `negative`: it takes names back; `folder_only`: it ends in a slash.

    `fits` tells a name that it speaks of: the whole one (POSIX, relative) when it is `anchored`,
    else the last part alone. `fault` says why it is not well formed; git goes on with such a
    pattern, which matches little or nothing.
    """

    __slots__ = ("anchored", "fault", "fits", "folder_only", "negative", "text")

    def __init__(self, text: str) -> None:
        self.text, self.fault = text, ""
        self.negative = text.startswith("!")
        body = text[1:] if self.negative else text
        self.folder_only = body.endswith("/")
        body = body.removesuffix("/")
        self.anchored = "/" in body
        faults: list[str] = []
        try:
            self.fits = _matcher(body, self.anchored, faults)
        except _Fault as error:
            self.fits = _NEVER
            faults.append(str(error))
        self.fault = next(iter(faults), "")


class Patterns:
    """A list of patterns; the last one that speaks of a name decides."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._backwards = [(p, p.fits, p.anchored, p.folder_only) for p in patterns][::-1]
        self._folders: dict[str, Pattern | None] = {"": None}

    def __len__(self) -> int:
        return len(self._backwards)

    def verdict(self, name: str, *, folder: bool = False) -> Pattern | None:
        """Return the pattern that decides on a name, whatever is said of the folders above it."""
        last = name.rpartition("/")[2]
        for pattern, fits, anchored, folder_only in self._backwards:
            if (folder or not folder_only) and fits(name if anchored else last):
                return pattern
        return None

    def match(self, name: str) -> Pattern | None:
        """Return the pattern that matches a file, or a folder above it.

        Below such a folder nothing is taken back.
        """
        above = name.rpartition("/")[0]
        found = self._above(above) or self.verdict(name)
        return None if found is None or found.negative else found

    def match_file(self, name: str) -> bool:
        """Return whether a file, or a folder above it, is matched."""
        return self.match(name) is not None

    def _above(self, folder: str) -> Pattern | None:
        """Return what matches a folder or one above it; known folders are looked up."""
        if folder not in self._folders:
            here = ""
            for part in folder.split("/"):
                above, here = here, f"{here}/{part}" if here else part
                if here not in self._folders:
                    own = self._folders[above] or self.verdict(here, folder=True)
                    self._folders[here] = None if own is None or own.negative else own
        return self._folders[folder]


def parse_line(line: str) -> Pattern | None:
    """Return the pattern of one line of an ignore file; None for a comment and for nothing at all.

    As git does it: blanks at its end do not count unless escaped, and a zero byte ends the line.
    """
    line = line.partition("\0")[0]
    kept = line.rstrip(" ")
    if len(kept) < len(line) and (len(kept) - len(kept.rstrip("\\"))) % 2:
        kept += " "
    return None if not kept or line.startswith("#") else Pattern(kept)


def faults_of(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (index, what is wrong) for what a person cannot have meant in a list of patterns.

    The index is -1 for what is wrong with the list.
    """
    if len(lines) > MOST:
        yield -1, f"more than {MOST} patterns"
        return
    for index, line in enumerate(lines):
        pattern = parse_line(line)
        if "\0" in line:
            yield index, "holds a zero byte"
        elif pattern is None:
            comment = "is a comment: write \\# for a name that begins with #"
            yield index, comment if line.startswith("#") else "is empty"
        elif pattern.fault:
            yield index, pattern.fault


def settings_patterns(lines: Sequence[str], key: str) -> Patterns:
    """Return the patterns that a person gave for `key`. Raises PortkitError for a wrong one."""
    for index, fault in faults_of(lines):
        what = f"the pattern {lines[index]!r} " if index >= 0 else ""
        raise PortkitError(f"{key}: {what}{fault}")
    return Patterns(p for p in map(parse_line, lines) if p is not None)


def bytewise(name: str) -> str:
    """Return a name as git sees it, a letter for each byte on disk."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def file_lines(data: bytes) -> list[str]:
    """Return the lines of an ignore or attribute file, a letter for each byte, as `bytewise`."""
    lines = data.removeprefix(codecs.BOM_UTF8).decode("latin-1").split("\n")
    return [line.removesuffix("\r") for line in lines]


def _matcher(body: str, anchored: bool, faults: list[str]) -> Callable[[str], object]:
    """Return what tells a name that the pattern `body` matches; its marks at both ends are off."""
    if not body:
        raise _Fault("matches nothing")
    body = body.removeprefix("/")
    if not _GLOB.search(body):
        return body.__eq__
    tail = body[1:]
    if not anchored and body[0] == "*" and not _GLOB.search(tail):
        return lambda name: name.endswith(tail)
    return re.compile(_expression(_tokens(body, anchored, faults)), re.DOTALL).fullmatch


def _tokens(body: str, anchored: bool, faults: list[str]) -> Iterator[str]:
    """Yield a pattern's tokens: regular expressions of one letter each, and those named above.

    Raises _Fault where the pattern cannot go on; what is only odd is added to `faults`.
    """
    first = _GLOB.search(body)
    plain = first.start() if first else len(body)  # git compares what stands before by itself
    i, end = 0, len(body)
    while i < end:
        start, char = i, body[i]
        i += 1
        if char == "*":
            begins_part = start == plain or body[start - 1] == "/"
            token, i = _stars(body, start, anchored and begins_part)
            yield token
        elif char == "[":
            token, i = _bracket(body, i, faults)
            yield token
        elif char == "?":
            yield "[^/]"
        elif char == "\\":
            if i == end:
                raise _Fault("ends in a backslash")
            yield _SLASH if body[i] == "/" else re.escape(body[i])
            i += 1
        else:
            yield _SLASH if char == "/" else re.escape(char)


def _stars(body: str, start: int, may_be_deep: bool) -> tuple[str, int]:
    """Return the token of the stars that begin at `start`, and where the next one begins. Two or
    more that are a whole part of a path may be deep: they stand for any folders.
    """
    i, end = start + 1, len(body)
    while i < end and body[i] == "*":
        i += 1
    if may_be_deep and i - start > 1:
        if i == end:
            return _REST, i
        for slash, deep in _DEEP.items():
            if body.startswith(slash, i):
                return deep, i + len(slash)
    return _STAR, i


def _expression(tokens: Iterable[str]) -> str:
    """Join tokens. Atomic groups take the first place that fits up to the next star."""
    parts, deep = list[str](), ""
    segments = [[""]]  # of the part at hand, each as the letters between its stars
    rest = ""
    for token in tokens:
        if token in _DEEP.values():
            parts.append(f"(?>{deep}{_joined(segments)})")
            deep, segments = token, [[""]]
        elif token == _REST:
            rest = ".*"
        elif token == _SLASH:
            segments.append([""])
        elif token == _STAR:
            segments[-1].append("")
        else:
            segments[-1][-1] += token
    return "".join([*parts, deep, _joined(segments), rest])


def _joined(segments: list[list[str]]) -> str:
    return "/".join(map(_segment, segments))


def _segment(pieces: list[str]) -> str:
    first, *others = pieces
    if not others:
        return first
    *middle, last = others
    between = "".join(f"(?>[^/]*?{m})" for m in middle if m)
    return first + between + (f"[^/]*{last}" if last else "[^/]*+")


def _bracket(body: str, i: int, faults: list[str]) -> tuple[str, int]:
    """Return the regular expression of the set whose inside begins at `i`, and where it ends."""
    negated = body[i : i + 1] in ("!", "^")
    i += negated
    parts, before, start = list[str](), "", i
    while True:
        char = body[i : i + 1]
        if not char:
            raise _Fault("has a [ without its ]")
        if char == "]" and i > start:
            break
        name, close = _class_name(body, i)
        if name is not None:
            if name not in _CLASSES:
                raise _Fault(f"names an unknown class [:{name}:]")
            parts.append(_CLASSES[name])
            i, before = close, ""
            continue
        i += 1
        if char == "-" and before and body[i : i + 1] not in ("", "]"):
            char, i = _letter(body, i)
            if before <= char:
                parts.append(f"{_quoted(before)}-{_quoted(char)}")
            else:
                faults.append(f"has the range {before}-{char}, whose end comes before its start")
            before = ""
            continue
        if char == "\\":
            char, i = _letter(body, i - 1)
        parts.append(_quoted(char))
        before = char
    inside = "".join(parts)
    return (f"[^/{inside}]" if negated else f"(?!/)[{inside}]"), i + 1


def _class_name(body: str, i: int) -> tuple[str | None, int]:
    """Return the name of the class `[:name:]` at `i`, or None, and where it ends."""
    close = body.find("]", i + 2) if body.startswith("[:", i) else -1
    if close > i + 2 and body[close - 1] == ":":
        return body[i + 2 : close - 1], close + 1
    return None, i


def _letter(body: str, i: int) -> tuple[str, int]:
    """Return the letter at `i` of a set, which may be escaped, and where the next one begins."""
    escaped = body[i] == "\\"
    char = body[i + escaped : i + escaped + 1]
    if not char:
        raise _Fault("has a [ without its ]")
    return char, i + escaped + 1


def _quoted(char: str) -> str:
    return f"\\{char}" if char in "\\]^-[&~|" else char

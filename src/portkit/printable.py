# SPDX-License-Identifier: Apache-2.0
"""Text and file names made fit to be printed, and names read back. Whatever a tree says goes
through here on its way out.

What is printed is read by terminals, which act on control characters, by people, whom invisible and
turning characters mislead, and by CI systems, which take orders from lines of their log: GitHub and
Azure obey `##[...]` and `##vso[...]` wherever they stand in a line, TeamCity `##teamcity[...]`, and
GitHub `::order::` at the head of a line, blanks before it or not.
"""

from __future__ import annotations

import functools
import os
import re

# Controls (C0, DEL, C1), lone surrogates, the line and paragraph separators, what has no shape or
# turns the direction of writing (category Cf), and what XML has no character for. A fixed list:
# Python's own depends on its version, and the same tree must give the same names everywhere.
_ACTING = (
    "\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_ORDER = r"#(?=#(?:(?i:vso|teamcity))?\[)"
_AT_HEAD = re.compile(r"\A(\s*)::")
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_ASCII = bytes(range(0x7F))  # without DEL
# what `surrogateescape` makes of a byte that is not UTF-8, less 0xDC00
_UNDECODED = range(0xDC80, 0xDD00)


@functools.cache
def _special(more: str = "") -> re.Pattern[str]:
    """Return what finds a character to escape, `more` among them. Made when it is needed: most runs
    meet none.
    """
    return re.compile(f"[{more}{_ACTING}]|{_ORDER}")


def _plain(text: str) -> bool:
    return text.isprintable() and "##" not in text  # Python's notion holds all that `_ACTING` does


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] == "\\":
        return "\\\\"
    if code < 0x80 or code in _UNDECODED:
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(text: str) -> str:
    """Return text that may stand within a line: what acts on a terminal, and orders to a CI system,
    are shown escaped.
    """
    return text if _plain(text) else _special().sub(_escape, text)


def printable_line(text: str) -> str:
    """Return text that may be a whole line (without its end): `printable`, and no order at its
    head.
    """
    return without_order(printable(text))


def printable_lines(text: str) -> str:
    """Return a text of several lines, each as `printable_line` makes it; its line ends and tabs
    stay.
    """
    if _plain(text) and "::" not in text:
        return text
    return "\n".join(
        without_order("\t".join(map(printable, line.split("\t")))) for line in text.split("\n")
    )


def without_order(line: str) -> str:
    """Return a line with a `::` at its head escaped."""
    return _AT_HEAD.sub(r"\1\\x3a:", line) if "::" in line else line


def printable_path(path: str) -> str:
    """Return a printable name that may stand at the head of a line; "." for none."""
    shown = printable(path) or "."
    return f"./{shown}" if _AT_HEAD.match(shown) else shown


def printable_json(data: bytes) -> str:
    """Return a piece of an encoded JSON document as text, with what acts on a terminal, and orders,
    written as escapes: the same values.
    """
    text = data.decode("utf-8", "surrogatepass")
    # An encoder leaves no other control character of ASCII in a string. Looked for in bytes: most
    # pieces are large, and hold little that is not ASCII.
    rest = b"" if text.isascii() and b"\x7f" not in data else data.translate(None, _ASCII)
    if b"##" not in data and (not rest or rest.decode("utf-8", "surrogatepass").isprintable()):
        return text

    def escaped(found: re.Match[str]) -> str:
        return found[0] if found[0] in "\n\r\t" else _json_escape(ord(found[0]))

    return _special().sub(escaped, text)


def _json_escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def printable_name(name: str | bytes | os.PathLike[str]) -> str:
    r"""Return the printable form of a file name; no two names have the same one, and `real_name`
    leads back.

    Most names are their own. A name with bytes that are not UTF-8 (\xNN), with characters that act
    on a terminal (\xNN below 128, else \uNNNN or \UNNNNNNNN) or with orders to a CI system is
    escaped, and its backslashes are then doubled; so is a name that would be read as such a form.
    Each part of a path is taken by itself.
    """
    text = name if isinstance(name, str) else os.fsdecode(name)
    if text.isascii() and _plain(text) and "\\" not in text:
        return text
    return "/".join(map(_printable_part, _as_utf8(text).split("/")))


def _printable_part(part: str) -> str:
    return (
        part
        if _special().search(part) is None and _unescaped(part) == part
        else _special("\\\\").sub(_escape, part)
    )


def real_name(shown: str) -> str:
    """Return the name, as the operating system's functions take it, whose printable form is
    `shown`.
    """
    if "\\" not in shown:
        return shown
    text = _unescaped(shown)
    try:
        return text if text.isascii() else os.fsdecode(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # no file has such a name
        return text


def _as_utf8(text: str) -> str:
    """Return a name as decoded from UTF-8, whatever the encoding of the file system is said to be."""
    try:
        return text if text.isascii() else os.fsencode(text).decode("utf-8", "surrogateescape")
    except (
        UnicodeEncodeError
    ):  # lone surrogates that stand for no byte: from a document, not from a file system
        return text


def _unescaped(shown: str) -> str:
    return _ESCAPE.sub(_meant, shown)


def _meant(found: re.Match[str]) -> str:
    """Return what an escape stands for; what `_escape` never makes stands for itself."""
    if found[1]:
        code = int(found[1], 16)
        text = chr(code if code < 0x80 else 0xDC00 + code)
        return text if text == "#" or _special().match(text) else found[0]
    if found[2] or found[3]:
        code = int(found[2] or found[3], 16)
        known = (
            0x80 <= code <= 0x10FFFF
            and code not in _UNDECODED
            and (code < 0x10000) == bool(found[2])
        )
        return chr(code) if known and _special().match(chr(code)) else found[0]
    return "\\"

# SPDX-License-Identifier: Apache-2.0
"""Letters by their numbers: the escapes of a literal, and universal character names in identifiers."""

from __future__ import annotations

import re

_SIMPLE = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NUMBERED = r"u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]+)\}|N\{([^}\n]+)\}"
_ESCAPE = re.compile(
    rf"\\(?:([0-7]{{1,3}})|o\{{([0-7]+)\}}|x([0-9A-Fa-f]+)|x\{{([0-9A-Fa-f]+)\}}|{_NUMBERED}|(.))",
    re.S,
)
_UNIVERSAL = re.compile(rf"\\(?:{_NUMBERED})")
_LARGEST = 0x10FFFF


def decoded(content: str) -> str:
    """Return what the content of a plain string literal (one character a byte) stands for.

    A character beyond ASCII by its number becomes that one character; one that is none, U+FFFD.
    """
    return _ESCAPE.sub(_letter, content) if "\\" in content else content


def spelt(name: str) -> str:
    """Return an identifier (one character a byte) with the bytes of UTF-8 for universal character
    names.
    """
    if "\\" not in name:
        return name
    return _UNIVERSAL.sub(lambda m: _numbered(*m.groups()).encode("utf-8").decode("latin-1"), name)


def _letter(match: re.Match[str]) -> str:
    octal, long_octal, hexadecimal, long_hexadecimal, *numbered, simple = match.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    if octal or long_octal:
        return _character(int(octal or long_octal, 8))
    if hexadecimal or long_hexadecimal:
        return _character(int(hexadecimal or long_hexadecimal, 16))
    return _numbered(*numbered)


def _numbered(short: str | None, long: str | None, free: str | None, name: str | None) -> str:
    if name is not None:
        import unicodedata  # rarely needed

        try:
            return unicodedata.lookup(name)
        except KeyError:
            return "\ufffd"
    return _character(int(short or long or free or "", 16))


def _character(number: int) -> str:
    return chr(number) if number <= _LARGEST and not 0xD800 <= number < 0xE000 else "\ufffd"

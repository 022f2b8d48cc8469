# SPDX-License-Identifier: Apache-2.0
"""A file's letters as a compiler reads them: line ends, continued lines, blanks; one form of the
same length for all.

A compiler ends a line at LF, CRLF and a lone CR. It joins a line to the next where a backslash ends
it, blanks behind the backslash or not, and does so in the midst of a word, a number or the mark of
a comment too. Whoever searches text cannot mind all that in each pattern. So the text is brought
into one form first, in which every line ends with LF or CRLF, nothing stands between a backslash
and the line end that it hides, and no token is cut in two.
"""

from __future__ import annotations

import re

BLANKS = " \t\n\r\f\v"  # what a compiler takes for white space; Python's `\s` and `strip` take more
CONTINUED = r"\\\r?\n"  # a line that goes on, in the form above
_TRAILED = re.compile(r"\\[ \t\f\v]+(?:\r\n?|\n\r?)|\\\n\r")
_LONE_CR = re.compile(r"\r(?!\n)")
_CUT = re.compile(rb"\\\r?\n(?:\\\r?\n)*(?=[^\r\n])")
_SPLICE = re.compile(rb"\\\r?\n")
_WORD = re.compile(rb"[\w$\x80-\xff]+(?:(?:\\\r?\n)+[\w$\x80-\xff]+)*")
# These are matched with text that is turned round: what ends at a place.
_ENDING_WORD = re.compile(rb"[\w$\x80-\xff]*")
_ENDING_NUMBER = re.compile(rb"[\w.']*")
_ENDING_SIGNS = re.compile(rb"[/*<>#%:&|=+.!^-]*")
_BACKSLASHES = re.compile(rb"\\*")
# behind any names and dots
_NUMBER = re.compile(rb"(?:[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+|\.(?!\d))*+\.?\d")
_PREFIXES = frozenset({b"L", b"u", b"U", b"u8", b"R", b"LR", b"uR", b"UR", b"u8R"})  # of literals
_CONTINUED = re.compile(rb"\\[ \t\f\v]*(?:\r\n?|\n\r?)")
_LOOK_BACK = 400  # bytes; a token that is longer before the cut stays cut
# White space beyond ASCII, in UTF-8: Clang warns of it and reads on.
_WIDE_BLANK = re.compile(
    "\xe3\x80\x80|\xc2[\x85\xa0]|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe1\x9a\x80"
)


def as_compiled(text: str) -> tuple[str, dict[int, int]]:
    """Return a file's `text` (one character a byte) in the form above, and the words that it was
    cut in.

    The parts of a word that was cut are put together where it starts, the backslashes and line ends
    behind it: the mapping gives its start and the end of what it takes in the file. Other tokens
    are put together where they end. In raw strings, where a compiler joins no lines, the text is
    changed all the same.
    """
    if "\\" in text:
        text = _TRAILED.sub(_untrailed, text)
    if not text.isascii():  # after the above: no compiler joins lines across a wide blank
        text = _WIDE_BLANK.sub(lambda m: " " * len(m.group()), text)
    if "\r" in text and text.count("\r") != text.count("\r\n"):
        text = _LONE_CR.sub("\n", text)
    if "\\" not in text:
        return text, {}
    data = text.encode("latin-1")
    cuts = [m.span() for m in _CUT.finditer(data) if m.start() and _is_cut(text, *m.span())]
    if not cuts:
        return text, {}
    joined = bytearray(data)
    words = _join(joined, cuts)
    return joined.decode("latin-1"), words


def _untrailed(match: re.Match[str]) -> str:
    """Return line ends hidden by a backslash each, as long as the match: 2 letters, or 3, as often
    as it takes.
    """
    length = len(match.group())
    return "\\\n" * (length // 2) if length % 2 == 0 else "\\\n" * (length // 2 - 1) + "\\\r\n"


def _is_cut(text: str, start: int, end: int) -> bool:
    """May a token go on behind these backslashes and line ends?"""
    return text[start - 1] not in BLANKS and (text[end] not in BLANKS or text[start - 1] == "\\")


def _join(data: bytearray, cuts: list[tuple[int, int]]) -> dict[int, int]:
    """Put the tokens together that are cut at some of `cuts`, the ranges of the backslashes and
    line ends between letters.
    """
    words: dict[int, int] = {}
    done = 0  # up to here all is in its place
    for start, end in cuts:
        if start < done:
            continue
        if _is_word(data[start - 1]) and _is_word(data[end]):
            first = start - _length(_ENDING_WORD, data, start)
            # an odd one makes an escape of the first letter
            first += _length(_BACKSLASHES, data, first) % 2
            whole = _WORD.match(data, first)
            if first == start or whole is None:
                continue
            first, end = whole.span()
            word = _SPLICE.sub(b"", whole.group())
            start = first + len(word)
            data[first:end] = word + b"".join(_SPLICE.findall(whole.group()))
            words[first] = done = end
        length = _cut_token(data, start, end)
        if length:
            if data[start - length - 1 : start - length] == b"\\":
                # an odd one escapes what is moved
                length += _length(_BACKSLASHES, data, start - length) % 2
            words.pop(start - length, None)  # the prefix of a literal, or a number
            data[start - length : end] = data[start:end] + data[start - length : start]
    return words


def _cut_token(data: bytearray, start: int, end: int) -> int:
    """Return how many bytes before `start` belong to a token that goes on at `end`; 0 for a word,
    or when it is over there.
    """
    before, after = bytes(data[start - 1 : start]), bytes(data[end : end + 1])
    if before == b"\\":
        return _length(_BACKSLASHES, data, start) % 2  # an odd one escapes what follows
    if after == b"'" or before == b"'":
        length = _length(_ENDING_NUMBER, data, start)
        if _NUMBER.match(data, start - length) is not None:
            return length
    if after in (b"'", b'"'):
        length = _length(_ENDING_WORD, data, start)
        return length if bytes(data[start - length : start]) in _PREFIXES else 0
    if _ENDING_SIGNS.fullmatch(before + after) is not None and after:
        return _length(_ENDING_SIGNS, data, start)
    return 0


def _length(pattern: re.Pattern[bytes], data: bytearray, end: int) -> int:
    """Return the length of what `pattern` matches right before `end`; the pattern reads backwards."""
    match = pattern.match(data[max(0, end - _LOOK_BACK) : end][::-1])
    return match.end() if match is not None else 0


def _is_word(byte: int) -> bool:
    return byte >= 0x80 or chr(byte).isalnum() or byte in b"_$"


def cut_alike(written: bytes, new: bytes) -> bytes:
    """Return `new` with the continued lines that cut `written`, each as far from its start; at its
    end at the latest.
    """
    pieces, done, cut = list[bytes](), 0, 0
    for match in _CONTINUED.finditer(written):
        at = match.start() - cut
        pieces += (new[done:at], match.group())
        done, cut = max(done, at), cut + len(match.group())
    return b"".join([*pieces, new[done:]])

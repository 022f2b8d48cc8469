# SPDX-License-Identifier: Apache-2.0
"""Does Clang cut a file into the same tokens? Where it has code and portkit text, or the other way
round, nothing is believed.

Clang's tokens are those of the raw file: what conditions switch off is among them, and comments
are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import NamedTuple

from portkit.languages.cxx.letters.lexer import Ranges, Words
from portkit.languages.cxx.letters.source import SourceFile, Zone
from portkit.languages.cxx.letters.word_facts import ASM_KEYWORDS, known_words
from portkit.languages.cxx.values.reading import Difference
from portkit.model.reading import Issue
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_NAMES = bytes(kind in (1, 2) for kind in range(256))  # keywords and identifiers (clang-c/Index.h)
_COMMENT = b"\x04"
_CONTINUED_TO = re.compile(rb"(?:\\[ \t\f\v]*(?:\r\n?|\n\r?))+\Z")
_LOOK_BACK = 400
_WIDE = re.compile(r"[A-Za-z_]\w*(?=[\x80-\xff])|(?<=[\x80-\xff])[A-Za-z_]\w*", re.A)
_TEXT_TO_ITS_END = frozenset({"error", "warning"})


class Tokens(NamedTuple):
    """The tokens of a file as Clang has them: a byte for the kind of each, its place, its length in
    bytes. `base`: the place of the file's first byte.
    """

    kinds: bytes
    places: list[int]
    lengths: Sequence[int]
    base: int

    def names(self) -> set[int]:
        """Return the places of the words that are code."""
        return set(compress(self.places, self.kinds.translate(_NAMES)))

    def comments(self) -> tuple[list[int], list[int]]:
        """Return the offsets at which comments start and end."""
        found = [m.start() for m in re.finditer(_COMMENT, self.kinds)]
        starts = [self.places[i] - self.base for i in found]
        return starts, [s + self.lengths[i] for s, i in zip(starts, found, strict=True)]

    def end(self, place: int) -> int:
        """Return the offset at which the token at a place ends."""
        return place - self.base + self.lengths[bisect_left(self.places, place)]


def differences(source: SourceFile, vocabulary: Vocabulary, tokens: Tokens) -> list[Difference]:
    """Return the CUDA words of a file that are code for portkit or for Clang alone, in order."""
    return _Comparison(source, vocabulary, tokens).find()


class _Comparison:
    def __init__(self, source: SourceFile, vocabulary: Vocabulary, tokens: Tokens) -> None:
        self._source, self._vocabulary, self._tokens = source, vocabulary, tokens
        self._names, self._raw = tokens.names(), source.masked

    def find(self) -> list[Difference]:
        found, lexed = list[Difference](), self._source.lexed
        for c in self._source.candidates:
            if c.telling and self._is_code(c.offset, c.end) is (c.zone is Zone.STRING):
                found.append(Difference(c.offset, c.end, c.word, c.zone is Zone.STRING))
        for start, word in lexed.places(self._source.words & ASM_KEYWORDS):
            end, is_ours = lexed.end(start, word), lexed.is_code(start)
            if self._is_code(start, end) is not is_ours:
                found.append(Difference(start, end, word, not is_ours))
        hidden = list[tuple[int, str]]()
        if self._tokens.comments() != (lexed.comments.starts, lexed.comments.ends):
            hidden += _hidden_words(self._source, self._vocabulary, lexed.comments)
        if not lexed.code.isascii():
            hidden += self._beside_wide()
        found += [
            Difference(o, o + len(w), w, True) for o, w in hidden if self._is_code(o, o + len(w))
        ]
        return sorted(found)

    def _is_code(self, start: int, end: int) -> bool:
        """Is what stands there a whole word of code for Clang? A token starts with the continued
        lines before it.
        """
        raw, base, token = self._raw, self._tokens.base, start
        if raw[start - 1 : start] in (b"\n", b"\r"):
            before = _CONTINUED_TO.search(raw, max(0, start - _LOOK_BACK), start)
            apart = before is not None and start + base not in self._names
            token = before.start() if before is not None and apart else start
        if token + base not in self._names:
            return False
        return raw[end : end + 1] not in _GOES_ON or self._tokens.end(token + base) == end

    def _beside_wide(self) -> list[tuple[int, str]]:
        """Return the words that stand beside a letter beyond ASCII: for portkit they are no words
        by themselves.
        """
        words = [(m.start(), m.group()) for m in _WIDE.finditer(self._source.lexed.code)]
        return _telling(words, self._vocabulary)


# what may make a longer word of one
_GOES_ON = frozenset([b"\\", b"$", *(bytes([b]) for b in range(0x80, 0x100))])


def _hidden_words(
    source: SourceFile, vocabulary: Vocabulary, ranges: Ranges
) -> list[tuple[int, str]]:
    """Return the offset of each CUDA word in some ranges of a file's text."""
    text, words = source.lexed.text, list[tuple[int, str]]()
    for start, end in zip(ranges.starts, ranges.ends, strict=True):
        inside = Words(text[start:end])
        words += [(start + offset, word) for offset, word in inside.find(set(inside.listed))]
    return _telling(words, vocabulary)


def differing_words(
    source: SourceFile, vocabulary: Vocabulary, found: Iterable[Difference]
) -> list[Issue]:
    """Return an issue for each run of words that Clang, or a compiler like it, reads otherwise than
    portkit.

    `found`: the differences that Clang's tokens show. A run ends where a word of CUDA's follows on
    which both agree.
    """
    known = {d.start for d in found}
    every = sorted([*found, *(d for d in _prose(source, vocabulary) if d.start not in known)])
    agreed = (
        [c.offset for c in source.candidates if c.telling and c.offset not in known]
        if every
        else []
    )
    runs = list[list[Difference]]()
    for item in every:
        last = runs[-1][-1] if runs else None
        alike = last is not None and last.is_code is item.is_code
        if (
            alike
            and last is not None
            and bisect_left(agreed, last.start) == bisect_left(agreed, item.start)
        ):
            runs[-1].append(item)
        else:
            runs.append([item])
    return [_issue(run[0], len(run)) for run in runs]


def _issue(first: Difference, count: int) -> Issue:
    case = "code" if first.is_code else "text"
    return Issue(
        "PK913",
        Span(first.start, first.end),
        {"name": first.word, "count": str(count), "case": case},
    )


def _prose(source: SourceFile, vocabulary: Vocabulary) -> list[Difference]:
    """Return the CUDA words in comments that start in the text of an `#error` or `#warning` and go
    on behind its line.

    Clang takes such a text as it is where the directive is compiled, and what follows its line for
    code; GCC does not.
    """
    lexed, ranges = source.lexed, Ranges()
    for line in source.directives.lines:
        end = lexed.text.find("\n", line.body, line.end) if line.keyword in _TEXT_TO_ITS_END else -1
        i = lexed.comments.index(end) if end >= 0 else -1
        if i >= 0 and lexed.text.startswith("/*", lexed.comments.starts[i]):
            ranges.add(end, lexed.comments.ends[i])
    return [
        Difference(o, o + len(w), w, True) for o, w in _hidden_words(source, vocabulary, ranges)
    ]


def _telling(words: Iterable[tuple[int, str]], vocabulary: Vocabulary) -> list[tuple[int, str]]:
    words = list(words)
    known = known_words({word for _, word in words}, vocabulary)
    telling = {word for word, sense in known.items() if sense is not None and not sense.weak}
    return [(offset, word) for offset, word in words if word in telling or word in ASM_KEYWORDS]

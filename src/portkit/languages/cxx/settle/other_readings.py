# SPDX-License-Identifier: Apache-2.0
"""Files that compilers may read in another way than portkit: what is code in one reading and not in
the other.

Three things make another reading: letters of a GB encoding, which a compiler takes byte by byte;
trigraphs, which old standards replace; and names of headers that look like code (see header_names).
Where both readings have the same words of CUDA's and the same assembly, nothing is said.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable

from portkit.languages.cxx.letters.assembly import asm_statements
from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.candidates import Zone
from portkit.languages.cxx.letters.source import SourceFile, read_source
from portkit.languages.ptx.parser import parse_assembly
from portkit.model.reading import Issue
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_TRIGRAPHS = dict(zip(b"=/'()!<>-", b"#\\^[]|{}~", strict=True))
_TRIGRAPH = re.compile(rb"\?\?[=/'()!<>-]")
_LONGER = 2  # bytes: a trigraph than what it stands for
_HIGH = bytes(range(0x80, 0x100))


def otherwise(
    source: SourceFile,
    read: Callable[[], bytes],
    vocabulary: Vocabulary,
    plain: bool,
    trigraphs: bool,
) -> list[Issue]:
    """Return an issue for each other reading of a file that has other code.

    `read` gives the file's bytes; `trigraphs`: a unit with this file has a standard that replaces
    them.
    """

    def differing(case: str, data: bytes, places: list[int], skipped: bool = False) -> list[Issue]:
        other = read_source(source.rel, source.path, data, "latin-1", vocabulary, plain, skipped)
        ours, theirs = _words(source, []), _words(other, places)
        if places:
            ours, theirs = ours + _headers(source, []), theirs + _headers(other, places)
        return _issue(case, ours, theirs)

    found = list[Issue]()
    if source.lexed.has_odd_headers:
        found += differing("headers", source.masked, [], skipped=True)
    if trigraphs and b"??" in source.masked:
        places = [m.start() - _LONGER * n for n, m in enumerate(_TRIGRAPH.finditer(source.masked))]
        replaced = _TRIGRAPH.sub(lambda m: bytes([_TRIGRAPHS[m.group()[-1]]]), source.masked)
        found += differing("trigraphs", replaced, places) if places else []
    if source.is_masked:
        data, masked = read(), source.masked
        # only where a letter has a byte that is a sign by itself too
        if len(data.translate(None, _HIGH)) != len(masked.translate(None, _HIGH)):
            found += differing("bytes", data, [])
    return found


Words = Counter[tuple[int, int, str, str]]


def _words(source: SourceFile, places: list[int]) -> Words:
    """Return where each word of CUDA's in the code stands, and each asm statement, with its
    instructions.

    `places`: where trigraphs stood in what was read.
    """
    found = [
        (_was(c.offset, places), _was(c.end, places), c.word, "")
        for c in source.candidates
        if c.telling and c.zone is not Zone.STRING
    ]
    for statement in asm_statements(source, Brackets(source.lexed, source.directives)):
        start, read = _was(statement.span.start, places), parse_assembly(statement.text)
        done = ";".join([*(i.mnemonic for i in read.instructions), *read.unread])
        found.append((start, start + len("asm"), "asm", done))
    return Counter(found)


def _headers(source: SourceFile, places: list[int]) -> Words:
    spans = ((i.span, i.name) for i in source.directives.includes)
    return Counter((_was(s.start, places), _was(s.end, places), name, "") for s, name in spans)


def _was(offset: int, places: list[int]) -> int:
    return offset + _LONGER * bisect_left(places, offset)


def _issue(case: str, ours: Words, theirs: Words) -> list[Issue]:
    differing = sorted(
        {(start, end, word) for start, end, word, _ in ((ours - theirs) | (theirs - ours))}
    )
    if not differing:
        return []
    start, end, word = differing[0]
    return [
        Issue("PK913", Span(start, end), {"name": word, "count": str(len(differing)), "case": case})
    ]

# SPDX-License-Identifier: Apache-2.0
"""One file as the lexer sees it: its directives and the words in it that may name something of
CUDA's.
"""

from __future__ import annotations

import re
import sys
from collections import Counter

import msgspec

from portkit.languages.cxx.letters.candidates import (
    Candidate,
    Zone,
    directive_zone,
    is_pasted,
    list_candidates,
)
from portkit.languages.cxx.letters.directives import Directives, read_directives
from portkit.languages.cxx.letters.lexer import Lexed, Words, code_words, lex, mask
from portkit.languages.cxx.letters.spaced_launches import Cut, joined, spaced_launches
from portkit.languages.cxx.letters.told_words import told_words
from portkit.languages.cxx.letters.word_facts import WordFacts, known_words
from portkit.languages.cxx.letters.word_sieve import WordSieve
from portkit.model.reading import Launch
from portkit.vocab.vocabulary import Entity, Vocabulary

__all__ = ["Candidate", "SourceFile", "Zone", "called_members", "pasted_stems", "read_source"]

# Where comments stood there are long runs of blanks: none may be read by one part of a pattern and
# then by the next.
_CALLED = re.compile(
    r"[.>:]\s*+(?:template\s)?([A-Za-z_]\w*)\s*+(?:<[^;(){}]{0,200}>\s*+)?\(", re.A
)
# Both start with a plain word, which the engine skips to; the look-behind comes after it.
_ALIAS = re.compile(
    r"namespace(?<!\wnamespace)\s+([A-Za-z_]\w*)\s*=\s*(?:::\s*)?([A-Za-z_]\w*(?:\s*::\s*\w+)*)\s*;",
    re.A,
)
_CONSTANT_NAME = re.compile(
    r"[A-Z][A-Z0-9_]{0,60}|k[A-Z]\w{0,60}|\w{0,60}(?:[wW]arp|[lL]ane|[mM]ask)\w{0,60}", re.A
)
_NAMED = WordSieve(_CONSTANT_NAME.fullmatch)
_NAMESPACE = re.compile(
    r"namespace(?<!\wnamespace)\s+([A-Za-z_](?:[\w:]|\s++(?=[\w:])){0,300}+)\s*+(?:\{|\Z)", re.A
)


class SourceFile(msgspec.Struct):
    """A C or C++ file as lexed, and what stands in it.

    `is_masked`: what Clang reads is not what the file holds (see lexer.mask). `raw`: what Clang
    reads, where the text of `lexed` is not the same (see letters.as_compiled). `words`: those of
    the code, literals included, that mean something to the vocabulary or to the reading of a file.
    """

    rel: str
    path: str
    is_masked: bool
    lexed: Lexed
    directives: Directives
    words: frozenset[str]
    candidates: list[Candidate] = msgspec.field(default_factory=list)
    namespaces: set[str] = msgspec.field(default_factory=set)  # that the file itself opens
    defined: set[str] = msgspec.field(default_factory=set)  # macros that the file defines
    called: frozenset[str] | None = None  # see called_members
    declared: frozenset[str] | None = None  # see settle.reader, as `stubbed`
    stubbed: tuple[frozenset[Entity], frozenset[str]] | None = None
    declarable: frozenset[str] | None = None  # see macro_bodies
    ported: tuple[tuple[str, int], ...] = ()  # see FileFacts
    launches: tuple[Launch, ...] | None = None  # see constructs.launches
    raw: bytes | None = None
    named: frozenset[str] = frozenset()  # words that look like names of constants
    cuts: tuple[Cut, ...] = ()  # see spaced_launches

    @property
    def masked(self) -> bytes:
        """The bytes that Clang reads."""
        return self.raw if self.raw is not None else self.lexed.text.encode("latin-1")

    @property
    def code(self) -> bytes:
        """The bytes of the code alone, see Lexed.code."""
        return self.lexed.code.encode("latin-1")


def read_source(
    rel: str,
    path: str,
    data: bytes,
    encoding: str,
    vocabulary: Vocabulary,
    plain: bool = True,
    skipped: bool = False,
) -> SourceFile:
    """Lex a file and list its candidates in file order.

    `plain`: see list_candidates; `skipped`: see lex.
    """
    masked = mask(data, encoding)
    lexed = lex(masked, skipped)
    directives = read_directives(lexed)
    in_order = Words(lexed.code)
    words = set(in_order.listed)
    known = known_words(words, vocabulary)
    source = SourceFile(
        rel, path, masked is not data, lexed, directives, frozenset(map(sys.intern, known))
    )
    if lexed.is_changed:
        source.raw = masked
    source.cuts = spaced_launches(lexed)
    if source.cuts:
        source.raw, source.is_masked = joined(masked, source.cuts), True
    source.defined = {m.name for m in directives.macros}
    source.named = frozenset(_NAMED.of(words))
    if "namespace" in words:
        for match in _NAMESPACE.finditer(lexed.code):
            if lexed.is_code(match.start()):
                source.namespaces.update(p.strip() for p in match.group(1).split("::"))
    source.ported = _ported(source, in_order, words, vocabulary)
    senses = {w: sense for w, sense in known.items() if sense is not None}
    aliases = aliases_of(source)
    source.candidates = list_candidates(
        lexed,
        directives,
        in_order,
        senses,
        words,
        aliases,
        _wrapped(source, vocabulary),
        vocabulary.namespaces,
        plain,
    )
    told = {c.offset: c for c in told_words(lexed, directives, source.words, vocabulary)}
    if told:
        others = [c for c in source.candidates if c.offset not in told]
        source.candidates = sorted([*others, *told.values()], key=lambda c: c.offset)
    return source


def _ported(
    source: SourceFile, in_order: Words, words: set[str], vocabulary: Vocabulary
) -> tuple[tuple[str, int], ...]:
    """Return the words, and includes, that look like a target's own (see FileFacts)."""
    counted: Counter[str] = Counter()
    if vendors := vocabulary.vendors & words:
        found = in_order.find(vendors)
        counted.update(word for at, word in found if source.lexed.is_code(at))
    if includes := source.directives.includes:
        headers = vocabulary.of_vendors({i.spelling for i in includes})
        counted.update(i.spelling for i in includes if i.spelling in headers)
    return tuple(sorted(counted.items()))


def _wrapped(source: SourceFile, vocabulary: Vocabulary) -> frozenset[str]:
    """Return the namespaces of CUDA's that a file may find inside of another one: those of header
    libraries that it includes, or whose wrapping it asks for.
    """
    wraps = vocabulary.wraps
    names = wraps.keys() & source.words
    if not names:
        return frozenset()
    macros = {macro for name in names for macro in wraps[name]}
    libraries = {vocabulary.header_library(i.spelling) for i in source.directives.includes}
    return frozenset(n for n in names if n in libraries or source.defined & macros)


def aliases_of(source: SourceFile) -> dict[str, str]:
    """Return what each namespace alias of a file stands for."""
    if "namespace" not in source.words:
        return {}
    return {m.group(1): re.sub(r"\s+", "", m.group(2)) for m in _ALIAS.finditer(source.lexed.code)}


def zone_of(source: SourceFile, offset: int, word: str) -> Zone:
    """Return where the word of code at `offset` stands."""
    line = source.directives.at(offset)
    if line is None:
        return Zone.CODE
    return (
        directive_zone(source.lexed.code, source.directives, line.keyword, offset, word)
        or Zone.DIRECTIVE
    )


def called_members(source: SourceFile) -> frozenset[str]:
    """Return the words that stand in a file as `.word(`, `->word(` or `::word(`, template arguments
    passed over.
    """
    if source.called is None:
        source.called = frozenset(_CALLED.findall(source.lexed.code))
    return source.called


def pasted_stems(source: SourceFile, vocabulary: Vocabulary) -> list[Candidate]:
    """Return words of macro bodies that ## joins into CUDA names though they are none themselves
    (`cuda##x`).
    """
    found, code = [], source.lexed.code
    if "##" not in code:
        return []
    known = {c.offset for c in source.candidates}
    for macro in source.directives.macros:
        if code.find("##", macro.body.start, macro.body.end) < 0:
            continue
        for offset, word in code_words(code, macro.body.start, macro.body.end):
            if (
                offset in known
                or not source.lexed.is_code(offset)
                or word in (macro.parameters or ())
            ):
                continue
            if is_pasted(code, offset, offset + len(word)) and vocabulary.is_stem(word):
                length = source.lexed.end(offset, word) - offset
                sense = WordFacts(shape=vocabulary.stem_library(word))
                found.append(Candidate(offset, word, Zone.PASTE, sense, length=length))
    return found

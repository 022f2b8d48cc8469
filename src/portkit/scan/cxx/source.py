# SPDX-License-Identifier: Apache-2.0
"""One file as the lexer sees it: its directives and the words in it that may name something of CUDA's."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

from portkit.model import Launch
from portkit.scan.cxx.candidates import Candidate, Zone, directive_zone, is_pasted, list_candidates
from portkit.scan.cxx.directives import Directives, read_directives
from portkit.scan.cxx.lexer import Lexed, code_words, lex, mask
from portkit.scan.cxx.senses import Sense, known_words, look_up
from portkit.vocab.vocabulary import Vocabulary

__all__ = ["Candidate", "SourceFile", "Zone", "called_members", "pasted_stems", "read_source", "spliced_names"]

_CALLED = re.compile(r"[.>:]\s*(?:template\s)?([A-Za-z_]\w*)\s*(?:<[^;(){}]{0,200}>)?\s*\(", re.A)
_SPLICED = re.compile(r"\\\r?\n(?=\w)", re.A)
_WORD_BEFORE = re.compile(r"(?<!\w)[A-Za-z_]\w*\Z", re.A)
_PIECES = re.compile(r"[A-Za-z_]\w*(?:\\\r?\n\w+)+", re.A)
# Both start with a plain word, which the engine skips to; the look-behind comes after it.
_ALIAS = re.compile(r"namespace(?<!\wnamespace)\s+([A-Za-z_]\w*)\s*=\s*(?:::\s*)?([A-Za-z_]\w*(?:\s*::\s*\w+)*)\s*;", re.A)
_NAMESPACE = re.compile(r"namespace(?<!\wnamespace)\s+([A-Za-z_][\w:\s]*?)\s*(?:\{|\Z)", re.A)


@dataclass(slots=True)
class SourceFile:
    """A C or C++ file as lexed, and what stands in it.

    `is_masked`: the text is not what the file holds (see lexer.mask). `words`: those that mean something to the
    vocabulary or to the reading of a file; `lexed.words()` are all.
    """

    rel: str
    path: str
    is_masked: bool
    lexed: Lexed
    directives: Directives
    words: frozenset[str]
    candidates: list[Candidate] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)  # that the file itself opens
    defined: set[str] = field(default_factory=set)  # macros that the file defines
    called: frozenset[str] | None = None  # see called_members
    launches: tuple[Launch, ...] | None = None  # see constructs.launches

    @property
    def masked(self) -> bytes:
        """The bytes that the text was made of."""
        return self.lexed.text.encode("latin-1")


def read_source(rel: str, path: str, data: bytes, encoding: str, vocabulary: Vocabulary, plain: bool = True) -> SourceFile:
    """Lex a file and list its candidates in file order; `plain`: see list_candidates."""
    masked = mask(data, encoding)
    lexed = lex(masked)
    directives = read_directives(lexed)
    in_order = lexed.in_order()
    words = set(in_order.listed)
    known = known_words(words, vocabulary)
    source = SourceFile(rel, path, masked is not data, lexed, directives, frozenset(map(sys.intern, known)))
    source.defined = {m.name for m in directives.macros}
    if "namespace" in words:
        for match in _NAMESPACE.finditer(lexed.text):
            if lexed.is_code(match.start()):
                source.namespaces.update(p.strip() for p in match.group(1).split("::"))
    senses = {w: sense for w, sense in known.items() if sense is not None}
    aliases = aliases_of(source)
    source.candidates = list_candidates(lexed, directives, in_order, senses, words, aliases, vocabulary.namespaces, plain)
    return source


def aliases_of(source: SourceFile) -> dict[str, str]:
    """Return what each namespace alias of a file stands for."""
    if "namespace" not in source.words:
        return {}
    return {m.group(1): re.sub(r"\s+", "", m.group(2)) for m in _ALIAS.finditer(source.lexed.text)}


def zone_of(source: SourceFile, offset: int, word: str) -> Zone:
    """Return where the word of code at `offset` stands."""
    line = source.directives.at(offset)
    if line is None:
        return Zone.CODE
    return directive_zone(source.lexed.text, source.directives, line.keyword, offset, word) or Zone.DIRECTIVE


def called_members(source: SourceFile) -> frozenset[str]:
    """Return the words that stand in a file as `.word(`, `->word(` or `::word(`, template arguments passed over."""
    if source.called is None:
        source.called = frozenset(_CALLED.findall(source.lexed.text))
    return source.called


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def spliced_names(source: SourceFile, vocabulary: Vocabulary) -> list[Candidate]:
    """Return CUDA's names that a backslash at a line's end cuts in two; the preprocessor joins them."""
    found, text = list[Candidate](), source.lexed.text
    if "\\" not in text:
        return []
    for splice in _SPLICED.finditer(text):
        at = splice.start()
        if not _is_word(text[at - 1 : at]):
            continue
        start = _WORD_BEFORE.search(text, max(0, at - 200), at)
        match = _PIECES.match(text, start.start()) if start is not None and source.lexed.is_code(at) else None
        if match is None or (found and found[-1].end > match.start()):
            continue
        word = re.sub(r"\\\r?\n", "", match.group())
        sense = look_up(word, vocabulary)
        if sense is not None and not sense.weak:
            found.append(Candidate(match.start(), word, Zone.PASTE, sense, length=len(match.group())))
    return found


def pasted_stems(source: SourceFile, vocabulary: Vocabulary) -> list[Candidate]:
    """Return words of macro bodies that ## joins into CUDA names though they are none themselves (`cuda##x`)."""
    found, text = [], source.lexed.text
    if "##" not in text:
        return []
    known = {c.offset for c in source.candidates}
    for macro in source.directives.macros:
        if text.find("##", macro.body.start, macro.body.end) < 0:
            continue
        for offset, word in code_words(text, macro.body.start, macro.body.end):
            if offset in known or not source.lexed.is_code(offset) or word in (macro.parameters or ()):
                continue
            if is_pasted(text, offset, offset + len(word)) and vocabulary.is_stem(word):
                found.append(Candidate(offset, word, Zone.PASTE, Sense(shape=vocabulary.stem_library(word))))
    return found

# SPDX-License-Identifier: Apache-2.0
"""Plain words that count because their file speaks of the library that has them: members that are
called (`x.is_cuda()`), values behind an enumeration's name or by themselves, arguments of macros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from portkit.languages.cxx.letters.candidates import (
    Candidate,
    Zone,
    directive_zone,
    look_around,
)
from portkit.languages.cxx.letters.directives import Directives
from portkit.languages.cxx.letters.lexer import Lexed
from portkit.languages.cxx.letters.word_facts import WordFacts
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Entity, Vocabulary

_COUNTS = frozenset({Zone.CODE, Zone.MACRO_BODY})
_REACH = 2000  # characters of a macro's arguments
_WORD = re.compile(r"\s*([A-Za-z_]\w*)\s*", re.A)


def told_words(
    lexed: Lexed, directives: Directives, words: Set[str], vocabulary: Vocabulary
) -> Iterator[Candidate]:
    """Yield those of a file's words that [speaks] of the vocabulary lists, each as what it stands
    for there. Who declares such a word himself is asked later, as of any other.
    """
    for library, speaks in vocabulary.speaks.items():
        macros = words & speaks.arguments.keys()
        for at, macro in lexed.places(macros) if macros else ():
            if _zone(lexed, directives, at, macro) is not None:
                yield from _argument(lexed, directives, vocabulary, library, at + len(macro), macro)
        told = words & speaks.told
        if told and vocabulary.spoken(library).search(lexed.text) is not None:
            for at, word in lexed.places(told):
                zone = _zone(lexed, directives, at, word)
                if zone is not None:
                    candidate = Candidate(at, word, zone, WordFacts())
                    look_around(lexed, directives, candidate)
                    entities = [e for e in vocabulary.get(word) if e.library == library]
                    if _means(candidate, entities):
                        yield candidate


def _zone(lexed: Lexed, directives: Directives, at: int, word: str) -> Zone | None:
    """Return where a word stands, None where none counts."""
    if not lexed.is_code(at):
        return None
    line, zone = directives.at(at), Zone.CODE
    if line is not None:
        zone = directive_zone(lexed.code, directives, line.keyword, at, word) or Zone.DIRECTIVE
    return zone if zone in _COUNTS else None


def _means(told: Candidate, entities: list[Entity]) -> bool:
    """Can the word mean one of the entities in its place? Makes it that."""
    if told.member:
        found = [e for e in entities if e.kind is Kind.FIELD and told.after == "("]
    else:
        values = [e for e in entities if e.kind is Kind.ENUMERATOR]
        found = [e for e in values if _fits(e.qualifier, told.scope)]
    told.sense, told.named = WordFacts(tuple(found)), bool(found)
    return told.named


def _fits(qualifier: str, scope: str) -> bool:
    """Can a value of `qualifier` be written with this scope? That of an enumeration is named, a
    namespace may be left out.
    """
    if scope in ("", "::"):
        return "::" not in qualifier
    scope = scope.removeprefix("::")
    return qualifier == scope or ("::" in qualifier and qualifier.endswith(f"::{scope}"))


def _argument(
    lexed: Lexed, directives: Directives, vocabulary: Vocabulary, library: str, end: int, macro: str
) -> Iterator[Candidate]:
    """Yield what stands in the argument that a macro, which ends at `end`, reads as a name."""
    speaks = vocabulary.speaks[library]
    depth, number = 0, -1
    for at in range(end, min(end + _REACH, len(lexed.code))):
        char = lexed.code[at]
        depth += (char == "(") - (char == ")")
        number += depth == 1 and char in "(,"
        if number == speaks.argument or (not depth and not char.isspace()):
            break
    else:
        return
    match = _WORD.match(lexed.code, at + 1) if number == speaks.argument else None
    if match is None or lexed.code[match.end() : match.end() + 1] not in (",", ")"):
        return
    word, scope = match.group(1), speaks.arguments[macro]
    zone = _zone(lexed, directives, match.start(1), word)
    entities = tuple(e for e in vocabulary.get(word) if e.qualifier == scope)
    if zone is not None and (entities or vocabulary.spells(library, word)):
        sense = WordFacts(entities, "" if entities else library)
        yield Candidate(match.start(1), word, zone, sense, scope, after=",", named=True)

# SPDX-License-Identifier: Apache-2.0
"""Plain words that count because their file speaks of the library that has them: members that are
called (`x.is_cuda()`), values behind an enumeration's name or by themselves, arguments of macros.
"""

from __future__ import annotations

from collections.abc import Iterator

from portkit.languages.cxx.letters.candidates import Candidate, Zone, look_around
from portkit.languages.cxx.letters.pasted_keywords import call_arguments
from portkit.languages.cxx.letters.source import SourceFile, zone_of
from portkit.languages.cxx.letters.word_facts import WordFacts
from portkit.model.words import Kind
from portkit.vocab.facts import Speaks
from portkit.vocab.vocabulary import Entity, Vocabulary

_COUNTS = frozenset({Zone.CODE, Zone.MACRO_BODY})
_REACH = 2000  # characters of a macro's arguments


def told_words(source: SourceFile, vocabulary: Vocabulary) -> Iterator[Candidate]:
    """Yield the words of a file that [speaks] of the vocabulary lists, each as what it stands for
    there. Who declares such a word itself is asked later, as of any other.
    """
    for library, speaks in vocabulary.speaks.items():
        words = source.words & speaks.told
        macros = source.words & speaks.arguments.keys()
        if macros:
            yield from _arguments(source, vocabulary, library, speaks, macros)
        if not words or vocabulary.spoken(library).search(source.lexed.text) is None:
            continue
        for offset, word in source.lexed.places(words):
            if source.lexed.is_code(offset) and zone_of(source, offset, word) in _COUNTS:
                entities = [e for e in vocabulary.get(word) if e.library == library]
                candidate = _meant(source, offset, word, entities)
                if candidate is not None:
                    yield candidate


def _meant(
    source: SourceFile, offset: int, word: str, entities: list[Entity]
) -> Candidate | None:
    """Return the word as the entity that its place can mean; None where it can mean none."""
    told = Candidate(offset, word, zone_of(source, offset, word), WordFacts())
    look_around(source.lexed, source.directives, told)
    if told.member:
        found = [e for e in entities if e.kind is Kind.FIELD and told.after == "("]
    else:
        values = [e for e in entities if e.kind is Kind.ENUMERATOR]
        found = [e for e in values if _fits(e.qualifier, told.scope)]
    if not found:
        return None
    told.sense, told.named = WordFacts(tuple(found)), True
    return told


def _fits(qualifier: str, scope: str) -> bool:
    """Can a value of `qualifier` be written with this scope? That of an enumeration is named, a
    namespace may be left out.
    """
    if scope in ("", "::"):
        return "::" not in qualifier
    scope = scope.removeprefix("::")
    return qualifier == scope or ("::" in qualifier and qualifier.endswith(f"::{scope}"))


def _arguments(
    source: SourceFile, vocabulary: Vocabulary, library: str, speaks: Speaks, macros: set[str]
) -> Iterator[Candidate]:
    """Yield what stands in the argument that a macro reads as a name of a scope."""
    code = source.lexed.code
    for at, macro in source.lexed.places(macros):
        zone = zone_of(source, at, macro)
        if not source.lexed.is_code(at) or zone not in _COUNTS:
            continue
        text = code[at + len(macro) : at + _REACH]
        arguments = call_arguments(text, 0)
        number, scope = speaks.argument, speaks.arguments[macro]
        if arguments is None or number >= len(arguments[0]):
            continue
        word = arguments[0][number]
        start = _start(text, number)
        offset = at + len(macro) + start + (len(text[start:]) - len(text[start:].lstrip()))
        entities = tuple(e for e in vocabulary.get(word) if e.qualifier == scope)
        if entities or (word.isidentifier() and vocabulary.spells(library, word)):
            sense = WordFacts(entities, "" if entities else library)
            found = Candidate(offset, word, zone, sense, scope, named=True)
            found.after = ","
            yield found


def _start(text: str, number: int) -> int:
    """Return where an argument begins, in text that begins with the parentheses."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 1 and char in "(,":
            if not number:
                return at + 1
            number -= 1
    return len(text)

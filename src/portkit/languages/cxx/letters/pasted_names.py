# SPDX-License-Identifier: Apache-2.0
"""CUDA's names that macros put together where they are used: `CAT(cuda, Free)`, `API(Free)`.

The macros of all files in sight are expanded as text, without regard for conditions. A macro that
no file of the tree has (`BOOST_PP_CAT`) pastes its arguments where that makes a name of the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from portkit.languages.cxx.letters.lexer import code_words
from portkit.languages.cxx.letters.pasted_keywords import Expander, call_arguments
from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.letters.word_facts import WordFacts, look_up
from portkit.languages.cxx.values.reading import PasteMacro
from portkit.vocab.vocabulary import Vocabulary

_NAME = re.compile(r"[A-Za-z_]\w*+", re.A)
_WORD = re.compile(r"\s*+([A-Za-z_]\w*+)\s*+", re.A)
_CHAIN = re.compile(r"(?<![\w#])(\w++)\s*+##", re.A)
_FORWARD = re.compile(r"[\w\s,()]*+", re.A)
_LONG, _USE = 1000, 400  # characters of a body, and of a use
_UNKNOWN = re.compile(r"(?<![\w$])([A-Z_][A-Z0-9_]*+)\s*+\(([\w\s,]++)\)", re.A)
_TELLING = 4  # letters of a word that begins names of the tables and is no stem: `atomic`, `make_`
_DUMMY = "portkit_argument_"


def paste_macros(source: SourceFile, vocabulary: Vocabulary) -> tuple[PasteMacro, ...]:
    """Return the macros of a file that paste, that may hand words on to a macro that does, or that
    stand for a word which begins CUDA's names.
    """
    code, found = source.lexed.code, list[PasteMacro]()
    for macro in source.directives.macros:
        start, end = macro.body.start, macro.body.end
        if not 0 < end - start <= _LONG:
            continue
        body = code[start:end].strip()
        forwards = "(" in body and _FORWARD.fullmatch(body) is not None
        if not (forwards or _pastes_names(body, macro.parameters or (), vocabulary)):
            word = _WORD.fullmatch(body) if macro.parameters is None else None
            if word is None or not vocabulary.is_stem(word.group(1)):
                continue
        found.append(PasteMacro(macro.name, macro.parameters, body))
    return tuple(found)


def _pastes_names(body: str, parameters: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Does a body paste what begins with a parameter, or with what begins CUDA's names?"""
    if "##" not in body:
        return False
    firsts = {m.group(1) for m in _CHAIN.finditer(body)}
    if any(w in parameters or w == "__VA_ARGS__" or vocabulary.is_stem(w) for w in firsts):
        return True
    return any(len(w) >= _TELLING and vocabulary.begins_names(w) for w in firsts)


def leading_macros(
    macros: Mapping[str, Sequence[PasteMacro]], vocabulary: Vocabulary
) -> dict[str, tuple[PasteMacro, ...]]:
    """Return by file those of a tree's macros that matter: that paste, lead to one that does, or
    stand for a word which begins CUDA's names.
    """
    names = PastedNames([m for made in macros.values() for m in made], vocabulary).pasting
    found = {
        rel: tuple(m for m in made if m.name in names or vocabulary.is_stem(m.body))
        for rel, made in macros.items()
    }
    return {rel: made for rel, made in found.items() if made} if names else {}


class PastedNames:
    """The macros in sight of a file, and what their uses make."""

    def __init__(self, macros: Sequence[PasteMacro], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._macros: dict[str, list[PasteMacro]] = {}
        for macro in dict.fromkeys(macros):
            self._macros.setdefault(macro.name, []).append(macro)
        bodies = {name: [m.body for m in made] for name, made in self._macros.items()}
        self._made_of: dict[str, set[str]] = {}
        self._expander = Expander(self._macros, bodies)
        self._words = {n: {w for b in made for w in _NAME.findall(b)} for n, made in bodies.items()}
        self.pasting = self._leading(
            {n for n, made in bodies.items() if any("##" in b for b in made)}
        )
        unknown = {
            n for n, made in bodies.items() if any(self._foreign_calls(body) for body in made)
        }
        self.pasting |= self._leading(unknown)

    def _leading(self, found: set[str]) -> set[str]:
        """Return the macros that lead to one of those `found`, them included."""
        while more := {n for n, words in self._words.items() if n not in found and words & found}:
            found |= more
        return found

    def _foreign_calls(self, text: str) -> bool:
        """Does a macro that the tree has not get a word that begins CUDA's names?"""
        return any(
            m.group(1) not in self._macros and self._has_stem(m.group(2))
            for m in _UNKNOWN.finditer(text)
        )

    def _has_stem(self, arguments: str) -> bool:
        words = [m.group(1) for a in arguments.split(",") if (m := _WORD.fullmatch(a))]
        return len(words) > 1 and any(
            w in self._vocabulary.stems
            or any(m.body in self._vocabulary.stems for m in self._macros.get(w, ()))
            for w in words[:-1]
        )

    def candidates(self, source: SourceFile) -> Iterator[Candidate]:
        """Yield the names that a file makes, each at the macro's name, and the words of its macro
        bodies that are handed on to be pasted.
        """
        code, places = source.lexed.code, source.lexed.places(self.pasting)
        seen = {offset for offset, _ in places}
        for match in _UNKNOWN.finditer(code) if self._may_have_foreign(source) else ():
            new = match.group(1) not in self._macros and match.start() not in seen
            if new and self._has_stem(match.group(2)):
                places.append((match.start(), match.group(1)))
        for offset, name in places:
            if not source.lexed.is_code(offset):
                continue
            line = source.directives.at(offset)
            if line is None:
                yield from self._made(code, offset, name, set())
            elif line.keyword == "define":
                yield from self._in_body(source, offset, name)

    def _may_have_foreign(self, source: SourceFile) -> bool:
        code = source.lexed.code
        return any(
            re.search(rf"[(,]\s*{stem}\s*,", code) for stem in source.words & self._vocabulary.stems
        )

    def _use(self, code: str, offset: int, name: str) -> tuple[str, list[str] | None]:
        """Return the text of a use, and the arguments in it."""
        end = offset + len(name)
        arguments = call_arguments(code[end : end + _USE], 0)
        if arguments is None:
            return name, None
        return code[offset : end + arguments[1]], arguments[0]

    def _made(self, code: str, offset: int, name: str, parameters: Set[str]) -> Iterator[Candidate]:
        use, arguments = self._use(code, offset, name)
        written = set(_NAME.findall(use))
        made = self._results(use) - written
        if made and arguments:  # what comes whatever the arguments are, is reported in the body
            dummies = ", ".join(f"{_DUMMY}{n}" for n in range(len(arguments)))
            made -= self._results(f"{name}({dummies})")
        elif arguments is None and not parameters:
            return
        for word in sorted(made):
            sense = self._sense(word, written)
            if sense is not None:
                yield Candidate(offset, word, Zone.PASTE, sense, length=len(name))

    def _in_body(self, source: SourceFile, offset: int, name: str) -> Iterator[Candidate]:
        """Yield what stands in a macro's body: a whole name, or the word that begins names."""
        macro = next(
            (m for m in source.directives.macros if m.body.start <= offset < m.body.end), None
        )
        if macro is None:
            return
        code = source.lexed.code
        use, arguments = self._use(code, offset, name)
        given = set(macro.parameters or ())
        if arguments is None or offset + len(use) > macro.body.end:
            return
        if given.isdisjoint(_NAME.findall(use)):
            yield from self._made(code, offset, name, given)
            return
        for at, word in code_words(code, offset + len(name), offset + len(use)):
            if word in given or word in self._macros:
                continue
            if word in self._vocabulary.stems:
                sense = WordFacts(shape=self._vocabulary.stem_library(word))
                yield Candidate(at, word, Zone.PASTE, sense, length=len(word))

    def _results(self, use: str) -> Set[str]:
        """Return the words that come of a use; of one that is written more than once it is asked
        once.
        """
        if use not in self._made_of:
            self._made_of[use] = self._words_of(use)
        return self._made_of[use]

    def _words_of(self, use: str) -> set[str]:
        text = self._expander.expand(use)
        words = set(_NAME.findall(text))
        for match in _UNKNOWN.finditer(text):
            parts = [m.group(1) for a in match.group(2).split(",") if (m := _WORD.fullmatch(a))]
            if match.group(1) not in self._macros and len(parts) > 1:
                words.add("".join(parts))
        return words

    def _sense(self, word: str, written: Set[str]) -> WordFacts | None:
        """Return what a word that was put together is, if that is CUDA's."""
        sense = look_up(word, self._vocabulary)
        if sense is None or sense.weak:
            return None
        if sense.entities or any(w in self._vocabulary for w in written if word.startswith(w)):
            return sense
        return None

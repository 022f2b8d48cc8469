# SPDX-License-Identifier: Apache-2.0
"""CUDA's words in macro bodies: which there are, whether the project may have such a word too, and
where macros that hold it are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from portkit.languages.cxx.letters.lexer import code_after, code_before, code_words
from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone

_USES = 12  # of one macro that are looked at in a unit
_ARGUMENTS = 4000  # characters of a use
_PARENTHESIS = re.compile(r"[()]")
_OTHER_WORDS = frozenset({"return", "case", "goto", "else", "throw", "do", "and", "or", "not"})
_LAST_WORD = re.compile(r"[A-Za-z_]\w*\Z", re.A)
_ENDS_DECLARATOR = frozenset("(;,=[){}:")
_ENDS_ENUMERATOR = frozenset(",=}")


def body_words(source: SourceFile) -> frozenset[str]:
    """Return CUDA's words in the macro bodies of a file, plain words left out."""
    return frozenset(c.word for c in source.candidates if is_body_word(c))


def is_body_word(c: Candidate) -> bool:
    """Return whether a candidate is a word that CUDA has, by itself in a macro's body."""
    if c.zone is not Zone.MACRO_BODY or not c.entities:
        return False
    return not (c.sense.weak or c.member or c.scope)


def declarable_words(source: SourceFile) -> frozenset[str]:
    """Return CUDA's words that the code of a file may declare, or has as members: by their
    neighbours, so that more of them are none. A header of many units is looked at once.
    """
    if source.declarable is None:
        source.declarable = frozenset(
            c.word for c in source.candidates if not c.sense.weak and may_declare(source, c)
        )
    return source.declarable


def may_declare(source: SourceFile, c: Candidate) -> bool:
    """Return whether a candidate may be a declaration's name, or a member's."""
    if c.zone is not Zone.CODE:
        return False
    if c.member or c.scope:
        return True
    if c.after and c.after not in _ENDS_DECLARATOR:
        return False
    code = source.lexed.code
    end = code_before(code, c.offset)
    before = code[max(0, end - 1) : end]
    if before in "{,":
        return c.after in _ENDS_ENUMERATOR
    if before in "*&>":
        return not c.sense.types or c.after in ";=,"
    word = _LAST_WORD.search(code, max(0, end - 24), end)
    if word is None or word.group() in _OTHER_WORDS:
        return False
    return not c.sense.types or c.after in ";={:"


class MacroReach:
    """The macros of some files, and which of some words each leads to."""

    def __init__(self, sources: Sequence[SourceFile], words: Set[str]) -> None:
        self._sources = sources
        bodies: dict[str, set[str]] = {}
        for source in sources:
            for macro in source.directives.macros:
                body = bodies.setdefault(macro.name, set())
                body.update(
                    w for _, w in code_words(source.lexed.code, macro.body.start, macro.body.end)
                )
        reach = {name: body & words for name, body in bodies.items() if body & words}
        users: dict[str, list[str]] = {}
        for name, body in bodies.items():
            for other in body & bodies.keys():
                users.setdefault(other, []).append(name)
        waiting = list(reach)
        while waiting:
            name = waiting.pop()
            for user in users.get(name, ()):
                known = reach.setdefault(user, set())
                if not reach[name] <= known:
                    known |= reach[name]
                    waiting.append(user)
        self.reach = reach

    def uses(self) -> Iterator[tuple[SourceFile, tuple[int, int], set[str]]]:
        """Yield where code uses such a macro: file, first and last byte offset, and the words that
        it leads to.
        """
        left = dict.fromkeys(self.reach, _USES)
        for source in self._sources:
            for offset, name in source.lexed.places(self.reach):
                if not left[name] or source.directives.at(offset) is not None:
                    continue
                if source.lexed.is_code(offset):
                    left[name] -= 1
                    use = offset, _end(source.lexed.code, offset + len(name))
                    yield source, use, self.reach[name]


def _end(code: str, end: int) -> int:
    """Return where the arguments of a macro end whose name ends at `end`; there, if it has none."""
    start, depth = code_after(code, end), 0
    if not code.startswith("(", start):
        return end
    for match in _PARENTHESIS.finditer(code, start, start + _ARGUMENTS):
        depth += 1 if match.group() == "(" else -1
        if not depth:
            return match.start()
    return end


def own_body_words(source: SourceFile, words: Iterable[str]) -> dict[int, str]:
    """Return the places of some words in the macro bodies of a file."""
    wanted = set(words)
    return {c.offset: c.word for c in source.candidates if c.word in wanted and is_body_word(c)}

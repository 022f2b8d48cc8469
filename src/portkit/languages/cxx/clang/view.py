# SPDX-License-Identifier: Apache-2.0
"""The files that Clang may open for one unit.

Clang gets them as a list (see overlay.py) and finds nothing that is not on it, however an include
is spelt or made. The list holds more than is needed: every file that an include of the unit can
mean, conditions left aside. It depends on the tree and the flags alone, never on what else lies on
this machine.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from portkit.languages.cxx.clang.disk import contents
from portkit.languages.cxx.clang.reach import Ask, Found
from portkit.languages.cxx.clang.sight import Sight, reason_of
from portkit.printable import printable_name, real_name

if TYPE_CHECKING:
    from portkit.languages.cxx.letters.source import SourceFile

_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_REST = re.compile(r"\\\r?\n|//.*|/\*.*?\*/")
_SPELLINGS = 64  # that one name in a macro's body may stand for


class RefusedOpening(NamedTuple):
    """An include that leads to what Clang may not open. `path`: the file that has it, at bytes
    [start, end) of a line that starts at `line`; `name`: as written.
    """

    path: str
    start: int
    end: int
    line: int
    name: str
    reason: str


class UnitView(msgspec.Struct):
    """What one unit sees: `files` by Clang's name, with where they lie.

    `texts`: files that have no name that can be told to Clang, by one that can. `refused`: includes
    that find nothing but what may not be opened. `tried`: where files beyond the project's own
    looked for headers that are not there.
    """

    sight: Sight
    files: dict[str, str] = msgspec.field(default_factory=dict)
    texts: dict[str, bytes] = msgspec.field(default_factory=dict)
    refused: list[RefusedOpening] = msgspec.field(default_factory=list)
    tried: set[str] = msgspec.field(default_factory=set)
    _sources: Sequence[SourceFile] = ()
    # the names that were followed, by the file that includes them
    _asked: dict[str, set[str]] = msgspec.field(default_factory=dict)
    _queue: deque[tuple[str, str]] = msgspec.field(default_factory=deque)
    _made: list[tuple[str, str, bool]] = msgspec.field(default_factory=list)
    # where files beyond the project's own lie
    _foreign: list[str] = msgspec.field(default_factory=list)

    def show(
        self,
        sources: Sequence[SourceFile],
        own: Mapping[str, Container[int]],
        forced: Iterable[str],
    ) -> set[str]:
        """Let Clang open files of the project, headers that flags name, and what they all include.

        `own`: where the includes of each file start that are known to mean a file of the project.
        Returns the paths of those of `sources` that do not lie on disk under the name that Clang
        knows.
        """
        self._sources, look = sources, self.sight.ground.look
        found = {s.path: look(real_name(s.path)) for s in sources}
        self.files.update((f.name, f.real) for f in found.values() if f.real and f.plain)
        for source in sources:
            seen = self.sight.of(source)
            self._asked[source.path] = set(seen.asked)
            self._made += [(source.path, name, False) for name in seen.made]
            for place in seen.opens:
                self._open(place)
            for ask, reason in seen.closed:
                if ask.start not in own[source.rel]:
                    self._refuse(ask, source.path, reason)
        for name in forced:
            # it lies beside no file
            self._follow(Ask(name, True, 0, 0, 0), "", told=False)
        self._settle()
        return {path for path, f in found.items() if not (f.real and f.plain)}

    def more(self, lost: Iterable[tuple[str, str, int]]) -> bool:
        """Take the names that Clang looked for in vain, each with the file and the byte offset of
        its include.

        Return whether one of them that was not foreseen means a file that Clang may open.
        """
        before = len(self.files) + len(self.texts)
        for name, path, offset in lost:
            if name not in self._asked.get(path, ()):
                self._follow_foreign(Ask(name, False, offset, offset, offset, True), path)
        self._settle()
        return len(self.files) + len(self.texts) > before

    def _settle(self) -> None:
        """Let Clang open what the files beyond the project's own include in turn, and what macros
        make of names.
        """
        while self._queue or self._made:
            while self._queue:
                name, real = self._queue.popleft()
                self._foreign.append(real)
                for ask in self.sight.reach.asks_at(real):
                    self._follow_foreign(ask, name)
            made, self._made, known = self._made, [], dict[str, list[str]]()
            for path, name, free in made:
                for spelt in self._spellings(name, known):
                    self._follow(Ask(spelt, True, 0, 0, 0), path, free, told=False)

    def _follow_foreign(self, ask: Ask, path: str) -> None:
        """Follow an include of a file beyond the project's own."""
        self._asked.setdefault(path, set()).add(ask.name)
        found = self._follow(ask, path, self.sight.ground.is_named(real_name(path)))
        if not any(place.real for place in found):
            self.tried.update(place.name for place in found)

    def _follow(self, ask: Ask, path: str, free: bool = False, told: bool = True) -> list[Found]:
        """Let Clang open what an include finds; return where it looks. `told`: whether a refusal
        is worth a word.
        """
        found = self.sight.find(ask, path, free)
        there = [place for place in found if place.real]
        for place in there:
            self._open(place)
        if not there:
            if ask.made:
                self._made.append((path, ask.name, free))
            if told and (reason := reason_of(found)):
                self._refuse(ask, path, reason)
        return found

    def _refuse(self, ask: Ask, path: str, reason: str) -> None:
        name = printable_name(ask.name)
        self.refused.append(RefusedOpening(path, ask.start, ask.end, ask.line, name, reason))

    def _open(self, found: Found) -> None:
        if found.name in self.files or found.name in self.texts:
            return
        if found.plain:
            self.files[found.name] = found.real
        else:
            self.texts[found.name] = contents(found.real)
        self._queue.append((found.name, found.real))

    def _spellings(self, name: str, known: dict[str, list[str]]) -> list[str]:
        """Return what a name in a macro's body can become: `<ROOT/x.h>` when the unit defines ROOT,
        once or more.

        `known`: the bodies of the macros that were looked for already.
        """
        queue, seen = deque([name]), {name}
        while queue:
            text = queue.popleft()
            for word in _WORD.finditer(text):
                bodies = known.get(word.group())
                if bodies is None:
                    bodies = known[word.group()] = list(self._bodies(word.group()))
                for body in bodies:
                    spelt = f"{text[: word.start()]}{body}{text[word.end() :]}"
                    if spelt not in seen and len(seen) <= _SPELLINGS:
                        seen.add(spelt)
                        queue.append(spelt)
        return sorted(seen - {name})

    def _bodies(self, word: str) -> Iterator[str]:
        for source in self._sources:
            if word in source.defined:
                macros = (
                    m for m in source.directives.macros if m.name == word and m.parameters is None
                )
                yield from (_plain(source.lexed.text[m.body.start : m.body.end]) for m in macros)
        for real in self._foreign:
            yield from map(_plain, self.sight.reach.bodies_at(real).get(word, ()))


def _plain(body: str) -> str:
    return _REST.sub("", body).strip()

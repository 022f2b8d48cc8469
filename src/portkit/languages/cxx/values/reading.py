# SPDX-License-Identifier: Apache-2.0
"""The plain values that reading a tree passes along, apart from the code that makes them: a run
that finds all in the cache loads no more than these.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import msgspec

from portkit.files.encodable import encodable, native
from portkit.languages.cxx.values.preprocessor import Branch, Include
from portkit.model.words import Rung

GLOBAL = "::"  # the scope of what no namespace and no class has


class Tie(msgspec.Struct, frozen=True, array_like=True):
    """An alias that a file gives to a tag, and the byte offsets of both."""

    tag_at: int
    tag: str
    alias_at: int
    alias: str


class Constant(msgspec.Struct, frozen=True, array_like=True):
    """A name that a file defines as an integer, the expression behind it, and where it stands."""

    name: str
    text: str
    offset: int


class PasteMacro(msgspec.Struct, frozen=True, array_like=True):
    """A macro that pastes, that may hand words on to one that does, or that stands for a word which
    begins CUDA's names; see letters.pasted_names.
    """

    name: str
    parameters: tuple[str, ...] | None
    body: str


class FileSummary(msgspec.Struct, frozen=True, array_like=True):
    """The facts of one file that other files' reading depends on.

    `defined` lists macros whose name means something to the vocabulary, and those that guard the
    file's own branches, `macros` each definition of one with its offset; `namespaces` the
    vocabulary's namespaces that the file opens; `shapes` words of CUDA's shape that no table has.
    `asked`: Clang has something to settle in the file; `telling`: and it is worth a parse.
    `loader`: it looks symbols up. `launched`: the kernel of each launch, as written; `bodies`:
    every macro with where its body starts and ends; `spaces`: macros that stand for specifiers of
    functions, each with the execution space that they mark, see space_macros; `body_words`: CUDA's words in bodies;
    `ties`: CUDA's names that are declared as aliases of CUDA's tags. `main`: it has a program's
    `main`. `constants`: integers that it gives names to; `named`: its words that look like such
    names; `helpers`: functions that work on a warp, see lane_helpers; `pastes`: macros that paste
    or hand words on to one that does, see letters.pasted_names; `worded`: macros without parameters
    whose body is a few words, with these. `first`: where its first word
    stands that needs what nvcc includes by itself.
    """

    includes: tuple[Include, ...]
    branches: tuple[Branch, ...]
    defined: tuple[str, ...]
    macros: tuple[tuple[str, int], ...]
    namespaces: tuple[str, ...]
    shapes: tuple[str, ...]
    asked: bool
    telling: bool
    loader: bool
    launched: tuple[str, ...]
    bodies: tuple[tuple[str, int, int], ...]
    spaces: dict[str, str] = {}
    body_words: tuple[str, ...] = ()
    ties: tuple[Tie, ...] = ()
    main: bool = False
    constants: tuple[Constant, ...] = ()
    named: tuple[str, ...] = ()
    helpers: dict[str, str] = {}
    pastes: tuple[PasteMacro, ...] = ()
    worded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    first: int | None = None


class UnitFlags(msgspec.Struct, frozen=True):
    """What the user or a compile database says of a unit."""

    include_dirs: tuple[str, ...] = ()
    system_dirs: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    undefines: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    standard: str = ""
    trigraphs: bool = False  # the unit's standard replaces them

    def encodable(self) -> UnitFlags:
        """Return the flags as they are sent and kept: see files.encodable."""
        return self._each(encodable)

    def native(self) -> UnitFlags:
        """Return the flags as the operating system and Clang take them."""
        return self._each(native)

    def _each(self, change: Callable[[str], str]) -> UnitFlags:
        def changed(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(map(change, values)) if values else values

        return UnitFlags(
            changed(self.include_dirs),
            changed(self.system_dirs),
            changed(self.defines),
            changed(self.undefines),
            changed(self.forced),
            change(self.standard),
            self.trigraphs,
        )


class CxxOptions(msgspec.Struct, frozen=True):
    """How to read. `rung` is the highest rung used; `flags` gives a unit's flags; `resolve` finds
    project headers.
    """

    root: Path
    rung: Rung
    resolve: Callable[[str, Include], str | None]
    flags: Callable[[Path], UnitFlags] = msgspec.field(default=lambda _: UnitFlags())


class RefusedInclude(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An include that leads to what Clang may not open, at bytes [start, end) of its file; `reason`
    is a case of PK906's.
    """

    start: int
    end: int
    name: str
    reason: str


class Verdict(enum.IntEnum):
    """What Clang says of a word at an offset."""

    # nothing that can be believed: the tree is lost there, or the cursor is another thing's
    UNRESOLVED = 0
    CUDA = 1  # bound to a stub declaration
    USER = 2  # bound to a declaration of the project
    MIXED = 3  # an overload set of both
    OTHER = 4  # bound to the small C and C++ library
    DECLARES = 5  # a declaration of the project with this name


class Declared(enum.IntEnum):
    """What a declaration of the project that has CUDA's name is."""

    INNER = 0  # of a member, of something local, or of a name in a namespace of the project
    FILE = 1  # for the file and those that include it
    OWNS = 2  # a function or variable that the program has for its linker
    MENTIONS = 3  # a forward declaration or a prototype, of what is defined elsewhere
    OVERLOADS = 4  # a function of C++ beside CUDA's own: an overload, or one in its place
    BESIDE = 5  # the same, for the file and those that include it: an overload
    GUARDED = 6  # a function that only some architectures have
    MAY_MENTION = 7  # a prototype of C++: MENTIONS where it speaks of CUDA's types, else BESIDE
    NAMES = 8  # a type, an alias or an enumerator, for those that include the file


class OwnName(msgspec.Struct, frozen=True, array_like=True):
    """A word of CUDA's that the project declares, and as what."""

    word: str
    declared: Declared


class Difference(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A CUDA word from `start` to `end` that is code for Clang alone (`is_code`), or for portkit
    alone.
    """

    start: int
    end: int
    word: str
    is_code: bool


class UnitFaults(msgspec.Struct, array_like=True):
    """What a unit's output is compared with: the unit's own errors, as keys, on the host's side and
    (None: it was not read) on the device's; and what was declared for it, see UnitRequest.
    """

    host: bytes
    device: bytes | None = None
    stand_ins: str = ""
    nested: dict[str, str] = msgspec.field(default_factory=dict)


class FileVerdicts(msgspec.Struct):
    """Clang's words on a file, over all units that it was read in. Keys are byte offsets."""

    seen: bool = False
    verdicts: dict[int, Verdict] = msgspec.field(default_factory=dict)
    skipped: list[tuple[int, int]] = msgspec.field(default_factory=list)
    disagreed: list[int] = msgspec.field(default_factory=list)
    refused: list[RefusedInclude] = msgspec.field(default_factory=list)
    differing: list[Difference] = msgspec.field(default_factory=list)
    owners: dict[int, str] = msgspec.field(default_factory=dict)  # of names: their scope

    def skips(self, offset: int) -> bool:
        """Return whether Clang read the file and skipped what stands at `offset`."""
        return self.seen and self.inactive(offset)

    def inactive(self, offset: int) -> bool:
        """Return whether every unit skipped the code at `offset`."""
        i = bisect_right(self.skipped, (offset, 1 << 62)) - 1
        return i >= 0 and self.skipped[i][0] <= offset < self.skipped[i][1]


class Substitutes(msgspec.Struct, frozen=True):
    """Words that are substituted in sight of a file, and the byte offsets at which the file itself
    declares them.
    """

    words: frozenset[str] = frozenset()
    places: frozenset[int] = frozenset()


class Ownership(msgspec.Struct, frozen=True):
    """Whose CUDA's names are, as far as a file needs to know it of its tree.

    `owned`: byte offsets and words that the file defines for the program, `joined`: the files that
    are likely a part of it; `groups`: words that it redeclares together; `in_sight`: words that the
    project declares in sight of the file; `guarded`: functions that it declares there for some
    architectures only; `beside`: where the file itself declares functions beside CUDA's; `around`:
    words of its macro bodies that the project declares somewhere around, as members too; `unsure`:
    the file was not read in all units that include it; `hidden`: words that files around declare
    where Clang skips them, with what the branches there ask for (see guards_at); `tags`: where the
    file gives aliases of its own to tags of that name; `meant`: types that the project defines
    elsewhere and mentions in what Clang reads with the file.
    """

    owned: tuple[tuple[int, str], ...] = ()
    joined: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    in_sight: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()
    beside: frozenset[int] = frozenset()
    around: frozenset[str] = frozenset()
    unsure: bool = False
    hidden: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tags: tuple[int, ...] = ()
    meant: frozenset[str] = frozenset()

    def facts(self) -> object:
        """Return the same as a value in a fixed order, for keys."""
        words = sorted(self.in_sight), sorted(self.guarded), sorted(self.around)
        return (
            self.owned,
            self.joined,
            self.groups,
            words,
            sorted(self.beside),
            self.unsure,
            self.hidden,
            self.tags,
            sorted(self.meant),
        )


def common_ranges(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what two sorted lists of ranges have in common, sorted."""
    found = []
    for start, end in a:
        for other_start, other_end in b:
            low, high = max(start, other_start), min(end, other_end)
            if low < high:
                found.append((low, high))
    return sorted(found)

# SPDX-License-Identifier: Apache-2.0
"""How a build for a target looks: mappings/<target>/build.toml, and the rows of build.csv as rows
of single names.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import BUILD_LIBRARY, Kind
from portkit.targets.other_rows import OtherRow, OtherTable
from portkit.targets.rows import EXISTS, PAIRS, STATUSES

FILE = "build.toml"
REPLACED_CALL = "replace-call"  # starts the note of a row that needs more than a name


class CMakeWay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How device sources of a CMake project reach the target's compiler.

    `way`: command (commands of the vendor's module make the targets) | source (a property of each
    source, with the vendor's compiler as the C++ one) | language (a language of CMake) | none
    (a person's: `note` says what is known). `root`: lines that say where the SDK is; `lines`: those
    behind them that take the place of CUDA as a language. `flags`: the list, or with `flags_text`
    the text, of options for device sources. `link_keyword`: a variable that has to hold PRIVATE
    before `add_executable` or `add_library` where the target is linked with keywords.
    `device_property`: of a source that is device code whatever its suffix. `covered`: packages that
    the lines stand for; `imported`: what takes the place of CUDA::cudart: rows | plain (names of
    libraries); `packages`: of imported targets that only a `find_package` brings. In a way by
    language `source_language` is what sources are told that keep CUDA's suffix. `switch`: what
    guards the block that is written beside CUDA's.
    """

    way: Literal["command", "source", "language", "none"]
    source: str
    note: str = ""
    note_zh: str = ""
    switch: str = ""
    root: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    add_executable: str = ""
    add_library: str = ""
    flags: str = ""
    flags_text: bool = False
    link_keyword: str = ""
    suffixes: tuple[str, ...] = ()
    device_property: tuple[str, ...] = ()
    source_language: str = ""
    language: str = ""
    covered: tuple[str, ...] = ()
    imported: Literal["rows", "plain"] = "rows"
    packages: Mapping[str, str] = {}
    configure: str = ""

    def text(self, arch: str) -> tuple[str, ...]:
        """Return all lines that take the place of CUDA as a language."""
        return tuple(line.replace("{arch}", arch) for line in (*self.root, *self.lines))


class MakeWay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How device sources of a Makefile reach the target's compiler. `{arch}` and `{root}` are filled
    in: the profile's architecture, and the variable that holds where the SDK is.

    `root`: that variable, with its usual value in `folder`; `compiler`, `include`, `library`: below
    it, "" where no source says it. `language`: words before a device source whose suffix is none of
    `suffixes`; `compile`: more words on its line; `always`: words that a line must have, by what
    they begin with. `link`: words behind the compiler on a line that links, `libraries`: at its
    end; `links_runtime`: it adds the runtime by itself, and they only say so; `host_libraries`: at
    the end of a host compiler's line that links, None where it cannot.
    `together`: one line may compile and link.
    """

    source: str
    root: str
    folder: str
    compiler: str = ""
    include: str = ""
    library: str = ""
    language: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    compile: tuple[str, ...] = ()
    always: Mapping[str, str] = {}
    link: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    links_runtime: bool = False
    host_libraries: tuple[str, ...] | None = None
    together: bool = False

    def filled(self, words: Iterable[str], arch: str) -> list[str]:
        """Return words as a Makefile has them."""
        root = f"$({self.root})"
        return [w.replace("{root}", root).replace("{arch}", arch) for w in words]


class Wrapper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a wrapper of the vendor's builds CUDA's files as they are: what is run, in what
    environment.
    """

    source: str
    commands: tuple[str, ...]
    environment: tuple[str, ...] = ()


class BuildFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a profile's file says of builds; None: nothing."""

    cmake: CMakeWay | None = None
    make: MakeWay | None = None
    wrapper: Wrapper | None = None


class _File(BuildFacts, frozen=True, forbid_unknown_fields=True):
    profiles: dict[str, BuildFacts] = {}


def load_build_facts(
    folder: Path, profile: str, profiles: Collection[str], sources: Collection[str]
) -> BuildFacts:
    """Return what a target's folder says of builds under a profile. Raises PortkitError for a file
    with faults.
    """
    path = folder / FILE
    if not path.is_file():
        return BuildFacts()
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PortkitError(f"broken build facts: {error}", str(path)) from error
    own = file.profiles.get(profile, BuildFacts())
    faults = [f"no profile is called {name!r}" for name in sorted({*file.profiles} - {*profiles})]
    for facts in (file, *file.profiles.values()):
        faults += [*_faults(facts, sources)]
    if faults:
        raise PortkitError("; ".join(faults), str(path))
    return BuildFacts(own.cmake or file.cmake, own.make or file.make, own.wrapper or file.wrapper)


def _faults(facts: BuildFacts, sources: Collection[str]) -> Iterator[str]:
    for part in (facts.cmake, facts.make, facts.wrapper):
        if part is not None:
            listed = part.source.split()
            yield from (f"unknown source id {s!r}" for s in listed if s not in sources)
            if not listed:
                yield "a table names no source"
    way = facts.cmake
    if way is None:
        return
    needed = {
        "command": (
            "root",
            "lines",
            "add_executable",
            "add_library",
            "flags",
            "suffixes",
            "switch",
        ),
        "source": ("root", "lines", "flags", "suffixes", "source_language", "switch"),
        "language": ("root", "lines", "language", "flags", "suffixes", "switch"),
        "none": ("note", "note_zh"),
    }[way.way]
    yield from (f"way {way.way} needs {name}" for name in needed if not getattr(way, name))


class BuildRows:
    """Rows of build.csv by name and kind. A name in a row may end in `*`."""

    def __init__(self, table: OtherTable) -> None:
        self._table = table
        self._patterns = [n for n, _ in table.names() if n.endswith("*")]

    def row(self, kind: Kind, kinds: tuple[str, ...], *names: str) -> Row | None:
        """Return the first row of one of the names whose own kind is one of `kinds` (in their
        order), as a row of `kind`.
        """
        for name in names:
            for other in self._of(name, kinds):
                return _row(other, name, kind)
        return None

    def variable(self, name: str) -> Row | None:
        """Return the row of a variable of the environment, whichever language's table has it."""
        found = (row for row in self._table.named(name) if row.kind == "env")
        return next((_row(row, name, Kind.ENVIRONMENT) for row in found), None)

    def beginning(self, kind: Kind, kinds: tuple[str, ...], start: str, like: str) -> Row | None:
        """Return the row of a name that begins so, of those the one that shares most words with
        `like`.
        """
        words = {*re.split(r"\W+", like)}
        found = sorted(
            (n for n, _ in self._table.names() if n.startswith(start)),
            key=lambda n: -len(words & {*re.split(r"\W+", n)}),
        )
        return self.row(kind, kinds, *found)

    def _of(self, name: str, kinds: tuple[str, ...]) -> Iterator[OtherRow]:
        spelled = [name, *(p for p in self._patterns if fnmatchcase(name, p))]
        found = [row for one in spelled for row in self._table.named(one)]
        yield from sorted(
            (r for r in found if r.table == "build" and r.kind in kinds),
            key=lambda r: kinds.index(r.kind),
        )


def _row(other: OtherRow, name: str, kind: Kind) -> Row:
    note = re.sub(rf"^{REPLACED_CALL}(?:; )?", "", other.note)
    return Row(
        name, other.target, kind, STATUSES[other.status], EXISTS[other.exists], PAIRS[other.pairs],
        BUILD_LIBRARY, other.sources, note=note,
    )  # fmt: skip

# SPDX-License-Identifier: Apache-2.0
"""What a build looks for in a target's SDK, as empty files: headers, libraries and CMake packages by
the names that the tables have, and the files of mappings/<target>/stand_ins/.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from portkit.model.words import Kind
from portkit.targets.build_facts import CMakeWay, MakeWay
from portkit.targets.target import Target
from portkit.vocab.vocabulary import load_vocabulary

_LIBRARY = re.compile(r"[\w.+-]+", re.A)
_FILE = re.compile(r"lib([\w+-]+)\.(?:so|a)", re.A)
_IMPORTED = re.compile(r"\w+::\w+", re.A)
_PACKAGE = re.compile(r"find_package\((\w+)", re.A)
STAND_INS = "stand_ins"  # a target's folder of files that are laid into the SDK's


def fill(target: Target, root: Path, empty: Path) -> None:
    """Make headers, libraries and packages by their names, and lay the target's own files over.
    `empty`: a library that does nothing.
    """
    facts = target.build.facts
    include, library = _places(facts.make)
    for name in sorted(_headers(target)):
        header = root / include / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.touch()
    (root / library).mkdir(parents=True, exist_ok=True)
    for name in sorted(libraries_of(target)):
        shutil.copy(empty, root / library / f"lib{name}.so")
    if facts.cmake is not None:
        _packages(target, facts.cmake, root)
    files = target.folder / STAND_INS
    if files.is_dir():
        shutil.copytree(files, root, dirs_exist_ok=True)


def _places(way: MakeWay | None) -> tuple[str, str]:
    return (way.include if way and way.include else "include",
            way.library if way and way.library else "lib")  # fmt: skip


def _headers(target: Target) -> set[str]:
    found = _named(target, Kind.HEADER)
    return {name for name in found if not name.startswith("/") and ".." not in name.split("/")}


def libraries_of(target: Target) -> set[str]:
    """Return the names of the target's libraries, as they are linked."""
    found = _named(target, Kind.LINK_LIBRARY)
    way = target.build.facts.make
    if way is not None:
        found |= {
            w[2:] for w in (*way.libraries, *(way.host_libraries or ())) if w.startswith("-l")
        }
    for name, _ in target.others.names():
        for row in target.others.named(name):
            if row.table == "build" and row.kind in ("lib", "library"):
                found.add(_FILE.sub(r"\1", row.target.removeprefix("-l")))
    return {name for name in found if _LIBRARY.fullmatch(name)}


def _packages(target: Target, way: CMakeWay, root: Path) -> None:
    """Make the packages that are asked for by name, with the imported targets of the rows."""
    imported = {
        row.target
        for name, _ in target.others.names()
        for row in target.others.named(name)
        if row.table == "build" and _IMPORTED.fullmatch(row.target)
    }
    asked = {p for line in way.lines for p in _PACKAGE.findall(line)}
    named = {*way.packages.values(), *asked, *_asked_in_rows(target)}
    for package in sorted(named):
        own = {i for i, p in way.packages.items() if p == package}
        brings = own or imported - way.packages.keys()
        lines = [
            f"if(NOT TARGET {i})\n  add_library({i} INTERFACE IMPORTED GLOBAL)\nendif()\n"
            for i in sorted(brings)
        ]
        folder = root / "lib" / "cmake" / package
        folder.mkdir(parents=True, exist_ok=True)
        text = f"set({package}_FOUND TRUE)\n{''.join(lines)}"
        (folder / f"{package}Config.cmake").write_text(text, encoding="utf-8")


def _asked_in_rows(target: Target) -> set[str]:
    return {
        package
        for name, _ in target.others.names()
        for row in target.others.named(name)
        if row.table == "build"
        for package in _PACKAGE.findall(row.target)
    }


def _named(target: Target, kind: Kind) -> set[str]:
    """Return what the target calls CUDA's names of a kind."""
    vocabulary = load_vocabulary()
    entities = (e for n in vocabulary.names for e in vocabulary.get(n) if e.kind is kind)
    rows = (target.row(e.name, kind, e.library, e.qualifier) for e in entities)
    return {row.target for row in rows if row is not None and row.target}

# SPDX-License-Identifier: Apache-2.0
"""PK918: a copy of one of NVIDIA's libraries that lies in the tree, told by its folders and headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

import msgspec

from portkit.model.plans import FilePlan, Finding
from portkit.model.reading import FileScan, Scan
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.registry import finding, tree_rule
from portkit.rules.view import RuleTarget
from portkit.vocab.facts import Bundled
from portkit.vocab.vocabulary import load_vocabulary

_SHADOWED = "PK908"  # said of each include, where no bundle says it of all
_INCLUDE = frozenset({"include", "inc"})


class Bundle(msgspec.Struct, frozen=True):
    """A copy of a library: the folder that it is, its name, where its headers are looked up (pairs
    of a folder and the first part of their names), and headers that lie there directly.
    """

    folder: str
    name: str
    bases: tuple[tuple[str, str], ...]
    single: frozenset[str] = frozenset()

    def holds(self, path: str) -> bool:
        """Return whether a file is one of the copy's headers."""
        return any(path.startswith(f"{base}/{top}/") for base, top in self.bases)

    def has(self, spelling: str, paths: Set[str]) -> bool:
        """Return whether an include of that spelling finds a header of the copy."""
        return any(
            (spelling in self.single or spelling.startswith(f"{top}/"))
            and f"{base}/{spelling}" in paths
            for base, top in self.bases
        )


class _Found(msgspec.Struct):
    """What was found of a library in one place. `folders`: of its parts."""

    bases: set[tuple[str, str]] = msgspec.field(default_factory=set)
    folders: set[str] = msgspec.field(default_factory=set)
    single: set[str] = msgspec.field(default_factory=set)


def bundles_of(paths: Set[str], known: Sequence[Bundled]) -> list[Bundle]:
    """Return the copies of libraries in a tree with these files, sorted by folder. A tree that is
    such a library itself has none of it.
    """
    lasts = {mark.rpartition("/")[2] for one in known for mark in one.marks}
    marked: dict[str, list[str]] = {}
    for path in paths:
        last = path.rpartition("/")[2]
        if last in lasts:
            marked.setdefault(last, []).append(path)
    found: dict[tuple[str, str], _Found] = {}
    for one in known if marked else ():
        for mark in one.marks:
            for path in marked.get(mark.rpartition("/")[2], ()):
                base = path.removesuffix(f"/{mark}")
                if base == path or not (place := _place(base, one)):
                    continue
                whole = found.setdefault((place[0], one.name), _Found())
                whole.bases.add((base, one.top))
                whole.folders.add(place[1])
                whole.single |= {m for m in one.marks if "/" not in m}
    return sorted(
        (
            Bundle(around if len(it.folders) > 1 else min(it.folders), name,
                   tuple(sorted(it.bases)), frozenset(it.single))
            for (around, name), it in found.items()
            if around or len(it.folders) == 1
        ),
        key=lambda bundle: (bundle.folder, bundle.name),
    )  # fmt: skip


def _place(base: str, library: Bundled) -> tuple[str, str] | None:
    """Return the folder around the parts of a library, and that of the part whose headers are
    looked up in `base`; None where the tree itself is the library.
    """
    parts = base.split("/")
    if parts[-1] in _INCLUDE:
        parts.pop()
    if not parts:
        return None
    if parts[-1] in library.parts:
        return "/".join(parts[:-1]), "/".join(parts)
    return base, f"{base}/{library.top}"


def without_bundled(files: Sequence[FilePlan], bundles: Sequence[Bundle]) -> Sequence[FilePlan]:
    """Return the files' plans without findings on single includes of a copy's headers."""
    if not bundles:
        return files
    paths = frozenset(file.scan.path for file in files)

    def is_told(item: Finding) -> bool:
        return item.rule == _SHADOWED and any(b.has(item.args["name"], paths) for b in bundles)

    return [
        msgspec.structs.replace(file, findings=tuple(f for f in file.findings if not is_told(f)))
        if any(map(is_told, file.findings))
        else file
        for file in files
    ]


def bundles_in(scan: Scan) -> list[Bundle]:
    """Return the copies of libraries in a scanned tree."""
    return bundles_of(frozenset(f.path for f in scan.files), load_vocabulary().bundles)


@tree_rule("PK918", "bundled-library", severity=Severity.WARNING, effort=Effort.DAYS)
def bundled(scan: Scan, target: RuleTarget) -> Iterator[tuple[str, Finding]]:
    """One for each copy of a library: its headers are the project's own."""
    bundles = bundles_in(scan)
    if not bundles:
        return
    paths = frozenset(f.path for f in scan.files)
    users = _users(scan.files, bundles, paths)
    for bundle in bundles:
        args = {
            "path": bundle.folder,
            "library": bundle.name,
            "files": str(sum(map(bundle.holds, paths))),
            "count": str(users[bundle.folder, bundle.name]),
            "target": target.id,
        }
        yield bundle.folder, finding("PK918", Span(0, 0), args)


def _users(
    files: Sequence[FileScan], bundles: Sequence[Bundle], paths: Set[str]
) -> Mapping[tuple[str, str], int]:
    """Return how many files outside of each copy include headers of it."""
    found = {(b.folder, b.name): 0 for b in bundles}
    for file in files:
        names = {r.name for r in file.references if r.project}
        for b in bundles if names else ():
            if not b.holds(file.path) and any(b.has(name, paths) for name in names):
                found[b.folder, b.name] += 1
    return found

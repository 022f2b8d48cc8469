# SPDX-License-Identifier: Apache-2.0
"""Which CUDA library a migrated name came from, where several have a name that the other platform
spells alike.

A platform may have one call for what CUDA has in its driver and in its runtime. The unmistakable
names of a file tell which of the two it was written for; where a file has none, those of the tree;
where they tell of both, nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from portkit.model.reading import FileScan, Reference, Scan
from portkit.model.words import Kind
from portkit.targets.reverse import ReverseTarget

_SHARED = frozenset({Kind.FIELD, Kind.NAMESPACE})


def settle_origins(scan: Scan, target: ReverseTarget) -> Scan:
    """Return the scan with each reference's library being the one that it came from, or "" where
    that cannot be told.
    """
    by_file = {f.path: _told(f.references, target) for f in scan.files}
    tree = frozenset[str]().union(*by_file.values()) if by_file else frozenset()
    return msgspec.structs.replace(
        scan, files=tuple(_settle(f, by_file[f.path], tree, target) for f in scan.files)
    )


def _libraries(ref: Reference, target: ReverseTarget) -> frozenset[str]:
    return frozenset(o.library for o in target.origins(ref.name, ref.kind, ref.qualifier))


def _told(references: Iterable[Reference], target: ReverseTarget) -> frozenset[str]:
    """Return the libraries that names and headers with one origin speak of; fields and namespaces
    speak of none, libraries share them.
    """
    named = (r for r in references if not r.user and r.kind not in _SHARED)
    return frozenset(next(iter(found)) for r in named if len(found := _libraries(r, target)) == 1)


def _settle(
    file: FileScan, own: frozenset[str], tree: frozenset[str], target: ReverseTarget
) -> FileScan:
    settled = []
    for ref in file.references:
        found = _libraries(ref, target)
        if len(found) > 1 and not ref.user:
            library = next((next(iter(some)) for told in (own, tree) if (some := found & told)), "")
            if len(found & (own if found & own else tree)) > 1:
                library = ""
            ref = msgspec.structs.replace(ref, library=library)
        elif found and ref.library not in found and not ref.user:
            ref = msgspec.structs.replace(ref, library=next(iter(found)))
        settled.append(ref)
    return msgspec.structs.replace(file, references=tuple(settled))

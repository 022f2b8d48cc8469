# SPDX-License-Identifier: Apache-2.0
"""Which files a scan reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from portkit.files.discovery import Discovery, discover
from portkit.languages.registry import Reads
from portkit.model.reading import Skipped
from portkit.printable import real_name
from portkit.rewrite.header import FOLDER, is_generated
from portkit.run.scan_options import ScanOptions
from portkit.targets.vendors import vendors
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary


def target_suffixes() -> frozenset[str]:
    """Return the source suffixes of every target's own files."""
    return vendors(mappings_folder()).suffixes


def reads(options: ScanOptions) -> Reads:
    """Return what of a tree is read, and in which language."""
    return Reads(options.vocabulary or load_vocabulary(), target_suffixes())


def find_files(paths: Sequence[Path], options: ScanOptions) -> Discovery:
    """Return the files that a scan of `paths` reads. Raises PortkitError for a missing path."""
    found = discover(
        paths,
        root=options.root,
        reads=reads(options),
        include=options.include,
        exclude=options.exclude,
    )
    return _without_own(found)


def _without_own(found: Discovery) -> Discovery:
    """Leave out the headers that portkit itself made: they say what it decided, not what the
    project has.
    """
    own = {
        rel
        for rel in found.tree
        if rel.startswith(f"{FOLDER}/") and is_generated(found.root / real_name(rel))
    }
    if not own:
        return found
    return msgspec.structs.replace(
        found,
        files=tuple(f for f in found.files if f.rel not in own),
        tree=tuple(rel for rel in found.tree if rel not in own),
        skipped=(*found.skipped, Skipped(FOLDER, "generated", len(own))),
    )

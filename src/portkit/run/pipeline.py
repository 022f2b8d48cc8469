# SPDX-License-Identifier: Apache-2.0
"""From paths to a scan: discovery, bytes, the readers of each language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from portkit.files.compiled import keep as keep_tables
from portkit.files.overtime import allow
from portkit.languages.base import Outcome
from portkit.languages.cxx.language import Cxx
from portkit.languages.registry import LANGUAGES
from portkit.model.reading import Scan
from portkit.run.contents import Contents
from portkit.run.early_plans import EarlyPlans, PlanFeed
from portkit.run.included import with_included
from portkit.run.project import open_project
from portkit.run.scan_options import ScanOptions
from portkit.run.sorting import sort_files
from portkit.run.tree import Tree
from portkit.run.tree_files import find_files, reads
from portkit.run.unread import unread_cuda
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary


def scan_paths(
    paths: Sequence[Path], options: ScanOptions, ahead: EarlyPlans | None = None
) -> Tree:
    """Scan files and folders; `ahead` is told of files as they are read. Raises PortkitError for a
    missing path.
    """
    vocabulary, found = options.vocabulary or load_vocabulary(), find_files(paths, options)
    contents, known = Contents(found, options.overlay), reads(options)
    found = with_included(found, contents, known)
    given = sort_files(found, contents, known)
    allow(given.size)
    if ahead is not None:
        contents.digests.update(given.digests())
    scans, outcomes = list(given.unread), list[Outcome]()
    prepare = ahead.prepare if ahead is not None else None
    with open_project(options, found, contents, prepare) as project:
        version, kept = project.clang, project.store.keeps
        for name, language in LANGUAGES.items():
            if ahead is not None and name == Cxx.NAME:
                relay = PlanFeed(ahead, scans, contents.read, cached=kept)
                project = msgspec.structs.replace(project, watch=relay)
            outcomes.append(language.read(given.files.get(name, []), project))
            scans += outcomes[-1].scans
    if options.cache:
        keep_tables()
    skipped = [*found.skipped, *given.skipped]
    skipped += options.left_out() if options.left_out is not None else ()
    everything = tuple(sorted(scans, key=lambda f: f.path))
    scan = Scan(
        str(found.root),
        found.path_base,
        everything,
        tuple(skipped),
        version,
        vocabulary_id(vocabulary),
        unread_cuda(found.others, vocabulary, known),
    )
    reused, parsed = sum(o.reused for o in outcomes), [main for o in outcomes for main in o.parsed]
    told = {key: known for o in outcomes for key, known in o.told.items()}
    keys = {rel: key for o in outcomes for rel, key in o.keys.items()}
    return Tree(scan, found, contents, reused, parsed, keys if kept else None, options, told)


def vocabulary_id(vocabulary: Vocabulary) -> str:
    """Return what identifies a vocabulary in reports and scans: CUDA's version and the digest of
    its tables.
    """
    return f"{vocabulary.version}+{vocabulary.digest}"

# SPDX-License-Identifier: Apache-2.0
"""From paths to a scan: discovery, bytes, the readers of each language."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from portkit.files.compiled import keep as keep_tables
from portkit.files.overtime import allow
from portkit.languages.base import Outcome, Project
from portkit.languages.cxx.clang.libclang import clang_version, load_clang
from portkit.languages.cxx.language import Cxx
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.file_ref import FileRef
from portkit.languages.registry import LANGUAGES
from portkit.model.errors import PortkitError
from portkit.model.reading import Scan
from portkit.model.words import Rung
from portkit.run.cache import Cache, NoCache
from portkit.run.contents import Contents
from portkit.run.early_plans import EarlyPlans, PlanFeed
from portkit.run.executors import executor
from portkit.run.scan_options import ScanOptions
from portkit.run.sorting import sort_files
from portkit.run.tree import Tree
from portkit.run.tree_files import find_files, reads
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary

if TYPE_CHECKING:
    from portkit.languages.cxx.project.workshop import Workshop


def scan_paths(
    paths: Sequence[Path], options: ScanOptions, ahead: EarlyPlans | None = None
) -> Tree:
    """Scan files and folders; `ahead` is told of files as they are read. Raises PortkitError for a
    missing path.
    """
    vocabulary, found = options.vocabulary or load_vocabulary(), find_files(paths, options)
    contents = Contents(found, options.overlay)
    given = sort_files(found, contents, reads(options))
    allow(given.size)
    version = clang_version() if options.rung is Rung.CLANG else ""
    rung = options.rung if options.rung is not Rung.CLANG or version else Rung.SYNTAX
    store = Cache() if options.cache and options.vocabulary is None else NoCache()

    def read(ref: FileRef) -> bytes:
        return contents.checked(ref.rel, ref.sha256)

    @functools.cache
    def workshop() -> Workshop:
        from portkit.languages.cxx.project.workshop import Workshop

        if rung is Rung.CLANG and load_clang() is None:
            raise PortkitError(
                "libclang was there a moment ago and cannot be loaded",
                hint="run portkit again, or with --rung syntax",
            )
        return Workshop(found.root, rung, vocabulary, read)

    if ahead is not None:
        contents.digests.update(given.digests())
    scans, outcomes = list(given.unread), list[Outcome]()
    prepare = ahead.prepare if ahead is not None else None
    with executor(options, workshop, prepare) as runs, contextlib.closing(store):
        run = options.listen(runs) if options.listen is not None else runs
        project = Project(
            found.root,
            found.tree,
            vocabulary,
            read,
            _flags_as_sent(options),
            rung,
            run,
            store,
            dict(found.links),
            version,
        )
        for name, language in LANGUAGES.items():
            if ahead is not None and name == Cxx.NAME:
                relay = PlanFeed(ahead, scans, contents.read, cached=store.keeps)
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
    )
    reused, parsed = sum(o.reused for o in outcomes), [main for o in outcomes for main in o.parsed]
    keys = {rel: key for o in outcomes for rel, key in o.keys.items()}
    return Tree(scan, found, contents, reused, parsed, keys if store.keeps else None)


def _flags_as_sent(options: ScanOptions) -> Callable[[Path], UnitFlags]:
    """Return what gives a unit's flags, as they are sent, by its path."""
    ask = options.compile_flags or (lambda _: options.flags)
    last: list[UnitFlags] = []  # nearly all units have the same flags

    def flags(path: Path) -> UnitFlags:
        given = ask(path)
        if not last or last[0] is not given:
            last[:] = given, given.encodable()
        return last[1]

    return flags


def vocabulary_id(vocabulary: Vocabulary) -> str:
    """Return what identifies a vocabulary in reports and scans: CUDA's version and the digest of
    its tables.
    """
    return f"{vocabulary.version}+{vocabulary.digest}"

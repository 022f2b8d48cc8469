# SPDX-License-Identifier: Apache-2.0
"""From paths to a scan: discovery, bytes, the readers of each language."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from portkit.files.compiled import keep as keep_tables
from portkit.files.discovery import Discovery, discover
from portkit.files.overtime import allow
from portkit.languages.base import Outcome, Project
from portkit.languages.cxx.clang.libclang import clang_version, load_clang
from portkit.languages.cxx.language import Cxx
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.jobs import Each, Job, Lost, Run
from portkit.languages.registry import LANGUAGES, Reads
from portkit.model.errors import PortkitError
from portkit.model.reading import Scan, Skipped
from portkit.model.words import Rung
from portkit.printable import real_name
from portkit.rewrite.header import FOLDER, is_generated
from portkit.run.ahead import Ahead, Relay
from portkit.run.cache import Cache, NoCache
from portkit.run.contents import Contents
from portkit.run.sorting import sort_files
from portkit.targets.vendors import vendors
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary

if TYPE_CHECKING:
    from portkit.languages.cxx.project.workshop import Workshop
    from portkit.run.pool import Pool


class ScanOptions(msgspec.Struct, frozen=True):
    """What the user says of a scan."""

    root: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rung: Rung = Rung.CLANG
    jobs: int = 0
    flags: UnitFlags = UnitFlags()
    compile_flags: Callable[[Path], UnitFlags] | None = None
    # what was not taken from flags, once they were asked for
    left_out: Callable[[], Sequence[Skipped]] | None = None
    progress: Callable[[int, int], None] | None = None
    # contents that stand in for those on disk, by real path: an editor's
    overlay: Mapping[Path, bytes] = {}
    vocabulary: Vocabulary | None = None  # None: CUDA's
    cache: bool = False
    executor: str = ""
    # wraps what runs jobs: see languages.cxx.project.why
    listen: Callable[[Run], Run] | None = None


class Tree:
    """A scanned tree: the scan, and how to read again what it was made from.

    `reused`: scans of files that the cache had; `parsed`: units that Clang read, where it had not;
    `keys`: those of scans that are in the cache, by file.
    """

    def __init__(
        self,
        scan: Scan,
        discovery: Discovery,
        contents: Contents | None = None,
        reused: int = 0,
        parsed: Sequence[str] = (),
        keys: Mapping[str, bytes] | None = None,
    ) -> None:
        self.keys: Mapping[str, bytes] = keys or {}
        self.scan, self.discovery, self.reused, self.parsed = (
            scan,
            discovery,
            reused,
            tuple(sorted(parsed)),
        )
        contents = contents or Contents(discovery, {})
        contents.digests.update((f.path, f.sha256) for f in scan.files)
        self.hold, self.read = contents.hold, contents.read


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


def scan_paths(paths: Sequence[Path], options: ScanOptions, ahead: Ahead | None = None) -> Tree:
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
    cached = isinstance(store, Cache)

    @functools.cache
    def workshop() -> Workshop:
        from portkit.languages.cxx.project.workshop import Workshop

        if rung is Rung.CLANG and load_clang() is None:
            raise PortkitError(
                "libclang was there a moment ago and cannot be loaded",
                hint="run portkit again, or with --rung syntax",
            )
        return Workshop(found.root, rung, vocabulary, lambda ref: contents.raw(ref.rel))

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
            contents.raw,
            _flags_as_sent(options),
            rung,
            run,
            store,
            dict(found.links),
            version,
        )
        for name, language in LANGUAGES.items():
            if ahead is not None and name == Cxx.NAME:
                relay = Relay(ahead, scans, contents.read, cached=cached)
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
    return Tree(scan, found, contents, reused, parsed, keys if cached else None)


@contextlib.contextmanager
def executor(
    options: ScanOptions,
    workshop: Callable[[], Workshop],
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[Run]:
    """Yield what runs jobs: worker processes of this machine, or those of the cluster that
    `options.executor` names.

    `meanwhile` is called once while workers are busy.
    """
    if options.executor and options.vocabulary is not None:
        raise PortkitError("a cluster reads CUDA only", hint="leave --executor out")
    if options.executor:
        from portkit.run.cluster import Cluster

        with Cluster(options.executor, workshop(), options.progress) as cluster:
            yield cluster.run
    else:
        with contextlib.ExitStack() as ended:
            yield _pool_when_needed(options, workshop, meanwhile, ended)


def _pool_when_needed(
    options: ScanOptions,
    workshop: Callable[[], Workshop],
    meanwhile: Callable[[], object] | None,
    ended: contextlib.ExitStack,
) -> Run:
    """Return what runs jobs in a pool that is made for the first of them, and `ended` with the run."""

    @functools.cache
    def pool() -> Pool:
        from portkit.run.pool import Pool

        made = Pool(
            lambda job: workshop().do_encoded(job),
            options.jobs,
            options.progress,
            prepare=workshop,
            meanwhile=meanwhile,
        )
        return ended.enter_context(made)

    def run(jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        return pool().run(jobs, each) if jobs else []

    return run


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

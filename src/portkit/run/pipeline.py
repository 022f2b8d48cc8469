# SPDX-License-Identifier: Apache-2.0
"""From paths to a scan: discovery, bytes, the readers of each language."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from portkit.files.compiled import keep as keep_tables
from portkit.files.discovery import DEFAULT_SUFFIXES, Discovery, SourceFile, discover
from portkit.files.include_index import IncludeIndex
from portkit.files.overtime import allow
from portkit.files.regular import SOURCE_BYTES, TooLargeError, read_regular
from portkit.files.text import detect_encoding, looks_binary
from portkit.languages import python
from portkit.languages.cxx.clang.libclang import clang_version, load_clang
from portkit.languages.cxx.letters.directives import Include
from portkit.languages.cxx.project.keys import scan_stamp
from portkit.languages.cxx.project.tree import Run, TreeReader
from portkit.languages.cxx.values.reading import CxxOptions, FileRef, UnitFlags
from portkit.model.errors import PortkitError
from portkit.model.reading import FileScan, Issue, Scan, Skipped
from portkit.model.spans import Span
from portkit.model.words import Parse, Rung
from portkit.printable import printable_name, real_name
from portkit.rewrite.header import FOLDER, is_generated
from portkit.run.ahead import Ahead, Relay
from portkit.run.cache import Cache, NoCache
from portkit.run.pool import Pool
from portkit.targets.target import source_suffixes
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary

if TYPE_CHECKING:
    from portkit.languages.cxx.project.workshop import Workshop


HELD_BYTES = 8_000_000  # of the files of a tree that stay in memory while it is worked on


class ScanOptions(msgspec.Struct, frozen=True):
    """What the user says of a scan."""

    root: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rung: Rung = Rung.CLANG
    jobs: int = 0
    flags: UnitFlags = UnitFlags()
    compile_flags: Callable[[Path], UnitFlags] | None = None
    left_out: Callable[[], Sequence[Skipped]] | None = None  # what was not taken from flags, once they were asked for
    progress: Callable[[int, int], None] | None = None
    overlay: Mapping[Path, bytes] = {}  # contents that stand in for those on disk, by real path: an editor's
    vocabulary: Vocabulary | None = None  # None: CUDA's
    cache: bool = False
    executor: str = ""


class Contents:
    """The bytes of a tree's files. The first `HELD_BYTES` that are read stay in memory, for the workers too; the rest is read again."""

    def __init__(self, discovery: Discovery, overlay: Mapping[Path, bytes]) -> None:
        self._files, self._overlay = {f.rel: f.path for f in discovery.files}, overlay
        self._held: dict[str, bytes] = {}
        self._room = HELD_BYTES
        self.digests: dict[str, str] = {}  # SHA-256 of each file as scanned, as hex, by its path

    def hold(self, contents: Mapping[str, bytes]) -> None:
        """Keep the bytes as scanned of files that are about to be written over: reports still quote them."""
        self._held.update(contents)

    def raw(self, rel: str) -> bytes:
        """Return a file's bytes. Raises OSError when they cannot be read (see read_regular)."""
        data = self._held.get(rel)
        if data is None:
            path = self._files[rel]
            data = self._overlay.get(path)
            data = read_regular(path, SOURCE_BYTES) if data is None else data
            if len(data) <= self._room:
                self._room -= len(data)
                self._held[rel] = data
        return data

    def read(self, rel: str) -> bytes:
        """Return a file's bytes as scanned. Raises PortkitError when the file is another one by now."""
        if rel in self._held:
            return self._held[rel]
        try:
            data = self.raw(rel)
        except OSError as error:
            raise PortkitError(f"cannot be read any more: {error.strerror}", rel) from error
        if hashlib.sha256(data).hexdigest() != self.digests[rel]:
            raise PortkitError("changed while portkit ran", rel, "run portkit again")
        return data


class Tree:
    """A scanned tree: the scan, and how to read again what it was made from.

    `reused`: scans of files that the cache had; `parsed`: units that Clang read, where it had not; `keys`: those of scans
    that are in the cache, by file.
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
        self.scan, self.discovery, self.reused, self.parsed = scan, discovery, reused, tuple(sorted(parsed))
        contents = contents or Contents(discovery, {})
        contents.digests.update((f.path, f.sha256) for f in scan.files)
        self.hold, self.read = contents.hold, contents.read


def target_suffixes() -> frozenset[str]:
    """Return the source suffixes of every target's own files."""
    return source_suffixes(mappings_folder())


def find_files(paths: Sequence[Path], options: ScanOptions) -> Discovery:
    """Return the files that a scan of `paths` reads. Raises PortkitError for a missing path."""
    suffixes = DEFAULT_SUFFIXES | target_suffixes()
    contents = {python.SUFFIX: python.spaces(options.vocabulary or load_vocabulary())}
    found = discover(paths, root=options.root, suffixes=suffixes, include=options.include, exclude=options.exclude, contents=contents)
    return _without_own(found)


def _without_own(found: Discovery) -> Discovery:
    """Leave out the headers that portkit itself made: they say what it decided, not what the project has."""
    own = {rel for rel in found.tree if rel.startswith(f"{FOLDER}/") and is_generated(found.root / real_name(rel))}
    if not own:
        return found
    return msgspec.structs.replace(
        found,
        files=tuple(f for f in found.files if f.rel not in own),
        tree=tuple(rel for rel in found.tree if rel not in own),
        skipped=(*found.skipped, Skipped(FOLDER, "generated", len(own))),
    )


def scan_paths(paths: Sequence[Path], options: ScanOptions, ahead: Ahead | None = None) -> Tree:
    """Scan files and folders; `ahead` is told of files as they are read. Raises PortkitError for a missing path."""
    vocabulary = options.vocabulary or load_vocabulary()
    found = find_files(paths, options)
    files: list[FileRef] = []
    other: list[FileScan] = []
    skipped: list[Skipped] = list(found.skipped)
    contents = Contents(found, options.overlay)
    for source in found.files:
        try:
            content = contents.raw(source.rel)
        except TooLargeError as error:
            contents.hold({source.rel: b""})  # no report quotes it
            other.append(_unread(source, b"", error.size, error.strerror or ""))
            continue
        except OSError:
            skipped.append(Skipped(source.rel, "unreadable"))
            continue
        encoding = detect_encoding(content)
        if encoding == "utf-16" or looks_binary(content):
            reason = "UTF-16 text" if encoding == "utf-16" else "binary content"
            other.append(_unread(source, content, len(content), reason, encoding))
        elif python.claims(source.rel):
            other.append(_python(_file(source, content, encoding), content, vocabulary))
        else:
            files.append(_file(source, content, encoding))
    allow(sum(f.size for f in files) + sum(f.size for f in other))
    version = clang_version() if options.rung is Rung.CLANG else ""
    rung = options.rung if options.rung is not Rung.CLANG or version else Rung.SYNTAX
    index = IncludeIndex(found.tree)

    def resolve(rel: str, include: Include) -> str | None:
        found = index.resolve(include.name, rel, angled=include.angled)
        if found is None or not include.angled or _in_include_folder(found, include.name):
            return found
        foreign = include.spelling in vocabulary or vocabulary.header_library(include.spelling) is not None
        return None if foreign else found

    flags = _flags_as_sent(options)
    stamp = scan_stamp(vocabulary, version, rung.value)
    store = Cache() if options.cache and options.vocabulary is None else NoCache()

    @functools.cache
    def workshop() -> Workshop:
        from portkit.languages.cxx.project.workshop import Workshop

        if rung is Rung.CLANG and load_clang() is None:
            raise PortkitError("libclang was there a moment ago and cannot be loaded", hint="run portkit again, or with --rung syntax")
        return Workshop(found.root, rung, vocabulary, lambda ref: contents.raw(ref.rel))

    cached = isinstance(store, Cache)
    relay = None
    if ahead is not None:
        contents.digests.update([(f.rel, f.sha256) for f in files] + [(f.path, f.sha256) for f in other])
        relay = Relay(ahead, other, contents.read, cached=cached)
    cxx = CxxOptions(found.root, rung, resolve, flags)
    with executor(options, workshop, ahead.prepare if ahead is not None else None) as run, contextlib.closing(store):
        reader = TreeReader(files, vocabulary, cxx, run, store, stamp, found.tree, relay)
        scans = reader.read()
    if options.cache:
        keep_tables()
    skipped += options.left_out() if options.left_out is not None else ()
    everything = tuple(sorted([*scans, *other], key=lambda f: f.path))
    scan = Scan(str(found.root), found.path_base, everything, tuple(skipped), version, vocabulary_id(vocabulary))
    return Tree(scan, found, contents, reader.reused, reader.parsed, reader.keys if cached else None)


@contextlib.contextmanager
def executor(options: ScanOptions, workshop: Callable[[], Workshop], meanwhile: Callable[[], object] | None = None) -> Iterator[Run]:
    """Yield what runs jobs: worker processes of this machine, or those of the cluster that `options.executor` names.

    `meanwhile` is called once while workers are busy.
    """
    if options.executor and options.vocabulary is not None:
        raise PortkitError("a cluster reads CUDA only", hint="leave --executor out")
    if options.executor:
        from portkit.run.cluster import Cluster

        with Cluster(options.executor, workshop(), options.progress) as cluster:
            yield cluster.run
    else:
        pool = Pool(
            lambda job: workshop().do_encoded(job),
            options.jobs,
            options.progress,
            prepare=workshop,
            meanwhile=meanwhile,
        )
        with pool:
            yield pool.run


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


def _file(source: SourceFile, content: bytes, encoding: str) -> FileRef:
    ends = content.count(b"\n")
    if b"\r" in content:
        ends += content.count(b"\r") - content.count(b"\r\n")
    lines = ends + (1 if content and not content.endswith((b"\n", b"\r")) else 0)
    digest = hashlib.sha256(content).hexdigest()
    return FileRef(source.rel, printable_name(source.path), digest, encoding, len(content), lines, source.rel_bytes or "")


def _python(file: FileRef, content: bytes, vocabulary: Vocabulary) -> FileScan:
    from portkit.languages.python.reader import read_python

    read = read_python(content, vocabulary)
    return file.scan(read.parse, facts=read.facts, issues=read.issues)


_INCLUDE_FOLDERS = frozenset({"", "include", "inc", "includes", "Include", "Inc"})


def _in_include_folder(found: str, spelling: str) -> bool:
    """An angled include of a CUDA header's name is the project's only where a folder for headers holds that file."""
    folder = found.removesuffix(spelling).rstrip("/")
    return folder.rpartition("/")[2] in _INCLUDE_FOLDERS


def vocabulary_id(vocabulary: Vocabulary) -> str:
    """Return what identifies a vocabulary in reports and scans: CUDA's version and the digest of its tables."""
    return f"{vocabulary.version}+{vocabulary.digest}"


def _unread(
    source: SourceFile,
    content: bytes,
    size: int,
    reason: str,
    encoding: str = "utf-8",
) -> FileScan:
    """Return the scan of a file of which nothing is known but its bytes, if they were read."""
    from portkit.rewrite.writer import digest

    issue = Issue("PK900", Span(0, 0), {"reason": reason})
    return FileScan(
        source.rel,
        digest(content),
        size,
        0,
        encoding,
        Parse.FAILED,
        issues=(issue,),
        path_bytes=source.rel_bytes,
    )

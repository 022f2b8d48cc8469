# SPDX-License-Identifier: Apache-2.0
"""From paths to a scan: discovery, bytes, the readers of each language."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from portkit.files.discovery import DEFAULT_SUFFIXES, Discovery, SourceFile, discover
from portkit.files.include_index import IncludeIndex
from portkit.files.text import detect_encoding, looks_binary
from portkit.model import FileScan, Issue, Parse, Rung, Scan, Skipped, Span
from portkit.rewrite.header import FOLDER, is_generated
from portkit.run.pool import run_units
from portkit.scan.cxx.directives import Include
from portkit.scan.cxx.libclang import load_clang
from portkit.scan.cxx.reader import CxxFile, CxxOptions, UnitFlags, read_tree
from portkit.target.target import source_suffixes
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary


class ScanOptions(msgspec.Struct, frozen=True):
    """What the user says of a scan."""

    root: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rung: Rung = Rung.CLANG
    jobs: int = 0
    flags: UnitFlags = UnitFlags()
    compile_flags: Callable[[Path], UnitFlags] | None = None
    progress: Callable[[int, int], None] | None = None
    overlay: Mapping[Path, bytes] = {}  # contents that stand in for those on disk, by real path: an editor's
    vocabulary: Vocabulary | None = None  # None: CUDA's


class Tree:
    """A scanned tree: the scan, and the bytes that it was made from."""

    def __init__(self, scan: Scan, discovery: Discovery, data: dict[str, bytes]) -> None:
        self.scan, self.discovery, self._data = scan, discovery, data

    def read(self, rel: str) -> bytes:
        """Return a file's bytes as scanned."""
        return self._data[rel]


def target_suffixes() -> frozenset[str]:
    """Return the source suffixes of every target's own files."""
    return source_suffixes(mappings_folder())


def find_files(paths: Sequence[Path], options: ScanOptions) -> Discovery:
    """Return the files that a scan of `paths` reads. Raises PortkitError for a missing path."""
    suffixes = DEFAULT_SUFFIXES | target_suffixes()
    found = discover(paths, root=options.root, suffixes=suffixes, include=options.include, exclude=options.exclude)
    return _without_own(found)


def _without_own(found: Discovery) -> Discovery:
    """Leave out the headers that portkit itself made: they say what it decided, not what the project has."""
    own = {rel for rel in found.tree if rel.startswith(f"{FOLDER}/") and is_generated(found.root / rel)}
    if not own:
        return found
    return msgspec.structs.replace(
        found,
        files=tuple(f for f in found.files if f.rel not in own),
        tree=tuple(rel for rel in found.tree if rel not in own),
        skipped=(*found.skipped, Skipped(FOLDER, "generated", len(own))),
    )


def scan_paths(paths: Sequence[Path], options: ScanOptions) -> Tree:
    """Scan files and folders. Raises PortkitError for a missing path."""
    vocabulary = options.vocabulary or load_vocabulary()
    found = find_files(paths, options)
    data: dict[str, bytes] = {}
    files: list[CxxFile] = []
    other: list[FileScan] = []
    skipped: list[Skipped] = list(found.skipped)
    for source in found.files:
        try:
            content = options.overlay[source.path] if source.path in options.overlay else source.path.read_bytes()
        except OSError:
            skipped.append(Skipped(source.rel, "unreadable"))
            continue
        data[source.rel] = content
        encoding = detect_encoding(content)
        if encoding == "utf-16" or looks_binary(content):
            other.append(_unread(source, content, encoding))
        else:
            files.append(CxxFile(source.rel, source.path, content, encoding, source.rel_bytes))
    clang = load_clang() if options.rung is Rung.CLANG else None
    rung = options.rung if options.rung is not Rung.CLANG or clang is not None else Rung.SYNTAX
    index = IncludeIndex(found.tree)

    def resolve(rel: str, include: Include) -> str | None:
        found = index.resolve(include.spelling, rel, angled=include.angled)
        foreign = include.spelling in vocabulary or vocabulary.header_library(include.spelling) is not None
        if found is not None and foreign and include.angled and not _in_include_folder(found, include.spelling):
            return None
        return found

    jobs = options.jobs or os.cpu_count() or 1
    flags = options.compile_flags or (lambda _: options.flags)
    cxx = CxxOptions(found.root, rung, resolve, flags)
    scans = read_tree(files, vocabulary, cxx, lambda tasks: run_units(tasks, jobs, options.progress))
    everything = tuple(sorted([*scans, *other], key=lambda f: f.path))
    version = clang.version if clang is not None else ""
    scan = Scan(str(found.root), found.path_base, everything, tuple(skipped), version, vocabulary_id(vocabulary))
    return Tree(scan, found, data)


_INCLUDE_FOLDERS = frozenset({"", "include", "inc", "includes", "Include", "Inc"})


def _in_include_folder(found: str, spelling: str) -> bool:
    """An angled include of a CUDA header's name is the project's only where a folder for headers holds that file."""
    folder = found.removesuffix(spelling).rstrip("/")
    return folder.rpartition("/")[2] in _INCLUDE_FOLDERS


def vocabulary_id(vocabulary: Vocabulary) -> str:
    """Return what identifies a vocabulary in reports and scans: CUDA's version and the digest of its tables."""
    return f"{vocabulary.version}+{vocabulary.digest}"


def _unread(source: SourceFile, content: bytes, encoding: str) -> FileScan:
    from portkit.rewrite.writer import digest

    reason = "UTF-16 text" if encoding == "utf-16" else "binary content"
    issue = Issue("PK900", Span(0, 0), {"reason": reason})
    return FileScan(source.rel, digest(content), len(content), 0, encoding, Parse.FAILED, issues=(issue,), path_bytes=source.rel_bytes)

# SPDX-License-Identifier: Apache-2.0
"""A tree from a scan that was saved (`portkit scan -o FILE`): nothing is parsed again, and every
file must be as it was.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from portkit import __version__
from portkit.files.discovery import FoundFile
from portkit.files.regular import SCAN_BYTES, SOURCE_BYTES, TooLargeError, read_regular
from portkit.files.roots import find_root
from portkit.files.text import detect_encoding
from portkit.model.errors import PortkitError
from portkit.model.reading import FileScan, Scan
from portkit.printable import real_name
from portkit.report.scan_json import decode_scan, scan_of
from portkit.run.contents import Contents
from portkit.run.included import with_included
from portkit.run.pipeline import vocabulary_id
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree
from portkit.run.tree_files import find_files, reads
from portkit.vocab.vocabulary import load_vocabulary

_SHOWN = 5


def load_tree(
    saved: Path, paths: Sequence[Path], options: ScanOptions, warn: Callable[[str], None]
) -> Tree:
    """Return the tree that a saved scan speaks of; its files are read and compared, not scanned.

    `paths`, root and patterns say where the tree is, as they do for a scan; where none are given
    those of the scan hold, relative to the root. Files of the scan outside of `paths` are left out.
    `warn` gets a line when another version of portkit or of Clang made it. Raises PortkitError when
    it is no scan, when the CUDA vocabulary is another one, and when files were changed, removed or
    added since, naming them.
    """
    try:
        data = read_regular(saved, SCAN_BYTES)
    except OSError as error:
        raise PortkitError(f"cannot read the scan: {error.strerror}", str(saved)) from error
    document = decode_scan(data, str(saved))
    wanted = vocabulary_id(options.vocabulary or load_vocabulary())
    if document.tool.vocabulary != wanted:
        raise PortkitError(
            f"made with another CUDA vocabulary ({document.tool.vocabulary}, this portkit has {wanted})",
            str(saved),
            "scan again",
        )
    if document.tool.version != __version__:
        warn(
            f"{saved}: made by portkit {document.tool.version}, this is {__version__}: what it "
            f"says was not checked again"
        )
    root = find_root(list(paths) or [Path()], options.root)[0]
    if document.files and not any(_is_there(root, f.path) for f in document.files):
        raise PortkitError(
            "none of its files is here",
            str(saved),
            f"give the PATHs of the scan; looked below {root}",
        )
    if not options.include and not options.exclude:
        options = msgspec.structs.replace(
            options,
            include=tuple(map(real_name, document.include)),
            exclude=tuple(map(real_name, document.exclude)),
        )
    places = list(paths) or [root / real_name(p) for p in document.paths]
    found = find_files(places, options)
    contents = Contents(found, {})
    found = with_included(found, contents, reads(options))
    scan = scan_of(document, str(found.root))
    return _checked(scan, found.root, saved, Tree(scan, found, contents, options=options))


def _is_there(root: Path, rel: str) -> bool:
    """Is there something of that name, which may be one that no file can have?"""
    return os.path.exists(root / real_name(rel))  # noqa: PTH110 - a Path's own would raise


def _checked(scan: Scan, root: Path, saved: Path, tree: Tree) -> Tree:
    known = {f.path: f for f in scan.files}
    listed = {s.path for s in scan.skipped}
    now = {f.rel: f for f in tree.discovery.files}
    same: set[str] = set()
    faults = [(rel, "added") for rel in now if rel not in known and rel not in listed]
    for rel, file in known.items():
        if rel not in now:
            if not _is_there(root, rel):
                faults.append((rel, "removed"))
            continue
        fault = _difference(now[rel], file)
        if fault:
            faults.append((rel, fault))
        same.add(rel)
    if faults:
        faults.sort()
        shown = ", ".join(f"{rel} ({what})" for rel, what in faults[:_SHOWN])
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise PortkitError(
            f"files are not as they were scanned: {shown}{more}",
            str(saved),
            "scan again, and give the same PATHs",
        )
    files = tuple(f for f in scan.files if f.path in same)
    known_tree = Tree(
        msgspec.structs.replace(scan, files=files), tree.discovery, options=tree.options
    )
    # What was too large to scan is not quoted.
    known_tree.hold({f.path: b"" for f in files if f.size > SOURCE_BYTES})
    return known_tree


def _difference(source: FoundFile, file: FileScan) -> str:
    """Return what tells a file from the one that was scanned, or an empty text."""
    try:
        content, size = read_regular(source.path, SOURCE_BYTES), -1
    except TooLargeError as error:
        content, size = b"", error.size
    except OSError:
        return "unreadable"
    if hashlib.sha256(content).hexdigest() != file.sha256 or file.size != max(size, len(content)):
        return "changed"
    told = file.encoding == detect_encoding(content) and file.path_bytes == source.rel_bytes
    return "" if told else "otherwise described"

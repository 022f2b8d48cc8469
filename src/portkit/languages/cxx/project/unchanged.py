# SPDX-License-Identifier: Apache-2.0
"""A tree of which nothing has changed: one entry says under which keys the scans of all its files
are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from portkit.languages.cxx.project.keys import Deps, flag_facts
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import encode
from portkit.languages.keys import content_key
from portkit.model.reading import FileScan

Get = Callable[[Sequence[bytes]], Mapping[bytes, bytes]]
_scans = msgspec.msgpack.Decoder(FileScan)


class UnchangedTree(msgspec.Struct, array_like=True):
    """The key of each file's scan, in the order of the files, and the files elsewhere that the
    scans rest on.
    """

    keys: list[bytes]
    deps: list[tuple[str, str]]


def whole_key(
    stamp: bytes, files: Iterable[FileRef], names: Sequence[str], flags: Callable[[Path], UnitFlags]
) -> bytes:
    """Return the key of a tree: its files' contents, the `names` that includes may mean, and each
    file's flags.
    """
    facts = [
        (f.rel, f.sha256, f.encoding, f.path_bytes, flag_facts(flags(Path(f.on_disk))))
        for f in files
    ]
    return content_key(stamp, "whole", facts, names)


def recall(
    key: bytes, files: Sequence[FileRef], get: Get, deps: Deps
) -> tuple[list[bytes], list[FileScan]] | None:
    """Return the keys and scans of all files, or None when one is not there or a file elsewhere is
    another one by now.
    """
    entry = get([key]).get(key)
    try:
        whole = msgspec.msgpack.decode(entry or b"", type=UnchangedTree)
        if len(whole.keys) != len(files) or not deps.hold(whole.deps):
            return None
        known = get(whole.keys)
        scans = [_scans.decode(known[k]) for k in whole.keys]
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError):
        return None
    # an entry that is not about these files is no answer
    return (
        (whole.keys, scans)
        if all(s.path == f.rel and s.sha256 == f.sha256 for s, f in zip(scans, files, strict=True))
        else None
    )


def entry_of(keys: Sequence[bytes], deps: Iterable[tuple[str, str]]) -> bytes:
    """Return the entry of a tree that has been read."""
    return encode(UnchangedTree(list(keys), sorted(deps)))

# SPDX-License-Identifier: Apache-2.0
"""A scanned tree, and the bytes that it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from portkit.files.discovery import Discovery
from portkit.model.reading import Scan
from portkit.run.contents import Contents
from portkit.run.scan_options import ScanOptions


class Tree:
    """A scanned tree: the scan, and how to read again what it was made from.

    `reused`: scans of files that the cache had; `parsed`: units that Clang read, where it had not;
    `keys`: those of scans that are in the cache, by file. `options`: what it was read with;
    `told`: see languages.base.Outcome.
    """

    def __init__(
        self,
        scan: Scan,
        discovery: Discovery,
        contents: Contents | None = None,
        reused: int = 0,
        parsed: Sequence[str] = (),
        keys: Mapping[str, bytes] | None = None,
        options: ScanOptions | None = None,
        told: Mapping[bytes, bytes] = MappingProxyType({}),
    ) -> None:
        self.keys: Mapping[str, bytes] = keys or {}
        self.scan, self.discovery, self.reused, self.parsed = (
            scan,
            discovery,
            reused,
            tuple(sorted(parsed)),
        )
        self.options, self.told = options or ScanOptions(), told
        self.contents = contents = contents or Contents(discovery, {})
        contents.digests.update((f.path, f.sha256) for f in scan.files)
        self.hold, self.read = contents.hold, contents.read

# SPDX-License-Identifier: Apache-2.0
"""A file that is to be read, whatever its language."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from portkit.model.reading import FileFacts, FileScan, Issue, Reference
from portkit.model.words import Parse
from portkit.printable import real_name

_NO_FACTS = FileFacts()


class FileRef(msgspec.Struct, frozen=True):
    """A file to read: where it lies, and what it held when the run began. `rel` is POSIX and
    relative to the root.
    """

    rel: str
    path: str
    sha256: str
    encoding: str
    size: int
    lines: int
    path_bytes: str = ""

    @property
    def fs_rel(self) -> str:
        """The relative name as the operating system's functions take it (surrogateescape)."""
        return real_name(self.rel)

    @property
    def on_disk(self) -> str:
        """Where the file lies, as the operating system's functions take it; `path` only shows it."""
        return real_name(self.path)

    def scan(
        self,
        parse: Parse,
        references: Iterable[Reference] = (),
        facts: FileFacts = _NO_FACTS,
        issues: Iterable[Issue] = (),
        language: str = "cxx",
    ) -> FileScan:
        """Return the scan of this file: what its reading yielded beside what is known of it."""
        return FileScan(
            self.rel,
            self.sha256,
            self.size,
            self.lines,
            self.encoding,
            parse,
            tuple(references),
            facts,
            tuple(issues),
            self.path_bytes,
            language,
        )

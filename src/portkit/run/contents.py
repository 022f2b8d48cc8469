# SPDX-License-Identifier: Apache-2.0
"""The bytes of a tree's files while it is worked on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from portkit.files.discovery import Discovery, FoundFile
from portkit.files.regular import SOURCE_BYTES, read_regular
from portkit.model.errors import PortkitError

HELD_BYTES = 8_000_000  # of the files of a tree that stay in memory while it is worked on


class Contents:
    """The bytes of a tree's files. The first `HELD_BYTES` that are read stay in memory, for the
    workers too; the rest is read again.
    """

    def __init__(self, discovery: Discovery, overlay: Mapping[Path, bytes]) -> None:
        self._files, self._overlay = {f.rel: f.path for f in discovery.files}, overlay
        self._held: dict[str, bytes] = {}
        self._room = HELD_BYTES
        self.digests: dict[str, str] = {}  # SHA-256 of each file as scanned, as hex, by its path

    def add(self, file: FoundFile) -> None:
        """Take a file that was found later."""
        self._files[file.rel] = file.path

    def hold(self, contents: Mapping[str, bytes]) -> None:
        """Keep the bytes as scanned of files that are about to be written over: reports still quote
        them.
        """
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
        """Return a file's bytes as scanned. Raises PortkitError when the file is another one by
        now.
        """
        return self.checked(rel, self.digests.get(rel, ""))

    def checked(self, rel: str, digest: str) -> bytes:
        """Return a file's bytes, whose SHA-256 as hex is `digest`. Raises PortkitError when the
        file is another one by now; bytes that stayed in memory are those that were read first.
        """
        if rel in self._held:
            return self._held[rel]
        try:
            data = self.raw(rel)
        except OSError as error:
            raise PortkitError(f"cannot be read any more: {error.strerror}", rel) from error
        if hashlib.sha256(data).hexdigest() != digest:
            self._held.pop(rel, None)
            raise PortkitError("changed while portkit ran", rel, "run portkit again")
        return data

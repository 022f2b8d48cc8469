# SPDX-License-Identifier: Apache-2.0
"""The values of a journal: runs, their files before and after, as they are kept on disk."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath

import msgspec

from portkit.model.errors import PortkitError
from portkit.printable import printable_name
from portkit.rewrite.writer import digest

SCHEMA = "portkit/journal/1"


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file is before or after a run: hash and permission bits, and its bytes compressed
    (zlib, base64).
    """

    sha256: str
    mode: int
    packed: str

    def data(self) -> bytes:
        """Return the bytes of the file. Raises ValueError when they are not those that were
        recorded.
        """
        try:
            data = zlib.decompress(base64.b64decode(self.packed, validate=True))
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if digest(data) != self.sha256:
            raise ValueError("the hash is another one")
        return data


class RecordedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a run. `name` is the hex of its raw POSIX name relative to the root; None means
    no such file.

    `twin`: the name, likewise, of the file that this one becomes or was: it has the owner and
    attributes to keep.
    """

    path: str  # for people
    name: str
    before: State | None
    after: State | None
    twin: str = ""

    @property
    def rel(self) -> str:
        """The relative name as the operating system's functions take it."""
        return raw(self.name)

    def turned(self) -> RecordedFile:
        """Return the entry of the run that takes this one back."""
        return RecordedFile(self.path, self.name, self.after, self.before, self.twin)


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wrote, for which target, and the options that say what is written (None: recorded before
    there were any).
    """

    version: str = ""
    target: str = ""
    command: tuple[str, ...] | None = None


class RecordedRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole run. `moves` are (source, destination), only for people. `undoes` are numbers of runs
    it takes back.

    `token` makes the names of its temporary files.
    """

    schema: str
    root: str
    meta: Meta
    entries: tuple[RecordedFile, ...]
    folders: tuple[str, ...] = ()  # hex of relative folders that the run creates, outermost first
    moves: tuple[tuple[str, str], ...] = ()
    undo: bool = False
    undoes: tuple[int, ...] = ()
    token: str = ""

    @property
    def said(self) -> str:
        """The command of the run, for people."""
        if self.undo:
            return "migrate --undo"
        return (
            spelt(self.meta.command)
            if self.meta.command is not None
            else f"migrate --to {self.meta.target}"
        )


def spelt(command: Iterable[str]) -> str:
    """Return a command of `Meta`, for people."""
    return " ".join(("migrate", *command))


def pack(data: bytes, mode: int) -> State:
    """Make the State of a file with these bytes and permission bits."""
    return State(digest(data), mode, base64.b64encode(zlib.compress(data, 3)).decode())


def entry(rel: str, before: State | None, after: State | None, twin: str = "") -> RecordedFile:
    """Make the Entry of the file `rel` (POSIX, fs-decoded); `twin` is another such name."""
    name = os.fsencode(rel)
    return RecordedFile(printable_name(name), name.hex(), before, after, os.fsencode(twin).hex())


def new_token() -> str:
    """Return what makes the names of a run's temporary files: nobody knows it before the run."""
    return os.urandom(16).hex()


def raw(name: str) -> str:
    """Return a name of a journal as the operating system's functions take it."""
    return os.fsdecode(bytes.fromhex(name))


def decode_run(data: bytes) -> RecordedRun:
    """Read a run. Raises ValueError for what is none, and for names that lead out of the root."""
    run = msgspec.json.decode(data, type=RecordedRun)
    if run.schema != SCHEMA:
        raise ValueError(f"its schema is {run.schema!r}, and this portkit knows {SCHEMA}")
    for name in (
        *(one.name for one in run.entries),
        *(one.twin for one in run.entries if one.twin),
        *run.folders,
    ):
        rel = raw(name)
        if (
            "\0" in rel
            or PurePosixPath(rel).is_absolute()
            or ".." in PurePosixPath(rel).parts
            or rel in ("", ".")
        ):
            raise ValueError(f"a name in it leads out of the root: {rel!r}")
    return run


def check_bytes(entries: Iterable[RecordedFile]) -> None:
    """Look at the bytes that are to be written. Raises PortkitError when they are not those that
    were recorded.
    """
    for one in entries:
        try:
            if one.after is not None:
                one.after.data()
        except ValueError as error:
            raise PortkitError(
                f"its bytes in the journal are damaged ({error}); nothing was touched", one.path
            ) from error

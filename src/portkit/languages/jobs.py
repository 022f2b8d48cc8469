# SPDX-License-Identifier: Apache-2.0
"""Work on the files of a tree as jobs of plain values, and what comes of one. What a job does is
the business of its language; who runs them knows no more of them than this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

import msgspec

from portkit.languages.file_ref import FileRef
from portkit.model.errors import PortkitError
from portkit.model.words import Parse

encode = msgspec.msgpack.Encoder().encode


class Job(Protocol):
    """A piece of work. `size`: bytes of its files, the first of which it is about.

    `heavy`: it may take minutes, and its progress is worth a word.
    """

    heavy: ClassVar[bool]

    @property
    def files(self) -> list[FileRef]: ...
    @property
    def size(self) -> int: ...
    def gave_up(self, answer: bytes) -> bool:
        """Return whether an answer says that memory was lacking, however the job ended."""


class Fault(msgspec.Struct):
    """An exception of a job, as plain values."""

    kind: str
    text: str
    path: str = ""
    hint: str = ""
    errno: int = 0

    def exception(self) -> Exception:
        """Return it as an exception of this process."""
        if self.kind == PortkitError.__name__:
            return PortkitError(self.text, self.path, self.hint)
        if self.errno:
            return OSError(self.errno, self.text, self.path or None)
        return RuntimeError(f"{self.kind}: {self.text}")


class Lost(msgspec.Struct):
    """A job without a result: its process died, or ran out of time or memory (`limit`), or the job
    raised something.
    """

    limit: bool = False
    fault: Fault | None = None

    @property
    def fate(self) -> Parse:
        """What becomes of the file: read by a lower rung, or not at all."""
        return Parse.LIMIT if self.limit else Parse.FAILED


Each = Callable[[int, bytes | Lost], None]


class Run(Protocol):
    """Does jobs; `each` is told the number and the result of every one as soon as it is done."""

    def __call__(
        self, jobs: Sequence[Job], each: Each | None = None, /
    ) -> Sequence[bytes | Lost]: ...


class Store(Protocol):
    """Where results are kept: bytes by key. `keeps`: whether it ever has any."""

    keeps: ClassVar[bool]

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]: ...
    def put(self, entries: Mapping[bytes, bytes]) -> None: ...

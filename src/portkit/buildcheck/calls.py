# SPDX-License-Identifier: Apache-2.0
"""What the stand-ins wrote down: each call of a compiler, and what it made of device code."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec


class Call(msgspec.Struct, frozen=True):
    """One call. `kind`: object | link | text | refused; `cwd`: its folder; `words`: behind the
    program's name; `inputs`, `outputs`: files as they were named.
    """

    tool: str
    kind: str
    cwd: str
    words: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def paths(self, names: Iterable[str]) -> Iterator[str]:
        """Yield files as real paths."""
        for name in names:
            yield os.path.realpath(Path(self.cwd) / name)


_calls = msgspec.json.Decoder(Call)


def read_calls(log: Path) -> list[Call]:
    """Return the calls of a log, in order; a line that was cut off is left out."""
    found = []
    for line in log.read_bytes().splitlines():
        try:
            found.append(_calls.decode(line))
        except msgspec.DecodeError:
            continue
    return found

# SPDX-License-Identifier: Apache-2.0
"""What Clang is asked to parse: one unit with its flags, stubs, and the files that it may open."""

from __future__ import annotations

import msgspec

from portkit.languages.cxx.clang.view import RefusedOpening, UnitView
from portkit.languages.cxx.values.reading import UnitFlags


class UnitRequest(msgspec.Struct):
    """One translation unit to parse. `path` is where the file lies; `data` its (masked) bytes.

    `view`: the files on disk that Clang may open, none by default. `refused` is what the unit's
    includes found closed.
    """

    path: str
    data: bytes
    language: str  # "c" or "cuda"
    stubs: str
    flags: UnitFlags
    masked: dict[str, bytes] = msgspec.field(default_factory=dict)
    device: bool = False
    called: tuple[str, ...] = ()  # names of member functions that the unit calls
    # other members of CUDA's classes: name -> "type" or "value"
    nested: dict[str, str] = msgspec.field(default_factory=dict)
    # declarations of third-party names, so that the code around them keeps its tree
    stand_ins: str = ""
    view: UnitView | None = None
    refused: set[RefusedOpening] = msgspec.field(default_factory=set)
    # for host and device: the headers that a parse did not find are known
    looked: set[bool] = msgspec.field(default_factory=set)

# SPDX-License-Identifier: Apache-2.0
"""What the user says of a scan, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.jobs import Run
from portkit.model.reading import Skipped
from portkit.model.words import Rung
from portkit.vocab.vocabulary import Vocabulary


class ScanOptions(msgspec.Struct, frozen=True):
    """What the user says of a scan."""

    root: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rung: Rung = Rung.CLANG
    jobs: int = 0
    flags: UnitFlags = UnitFlags()
    compile_flags: Callable[[Path], UnitFlags] | None = None
    # what was not taken from flags, once they were asked for
    left_out: Callable[[], Sequence[Skipped]] | None = None
    progress: Callable[[int, int], None] | None = None
    # contents that stand in for those on disk, by real path: an editor's
    overlay: Mapping[Path, bytes] = {}
    vocabulary: Vocabulary | None = None  # None: CUDA's
    cache: bool = False
    executor: str = ""
    # wraps what runs jobs: see languages.cxx.project.why
    listen: Callable[[Run], Run] | None = None

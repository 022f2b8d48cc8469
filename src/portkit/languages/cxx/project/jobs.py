# SPDX-License-Identifier: Apache-2.0
"""Jobs on single files and units, and their answers: plain values that go to any process or
machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec

from portkit.languages.base import Broken
from portkit.languages.cxx.values.preprocessor import Branch, Include
from portkit.languages.cxx.values.reading import (
    Difference,
    FileVerdicts,
    Ownership,
    OwnName,
    PasteMacro,
    RefusedInclude,
    Substitutes,
    UnitFaults,
    UnitFlags,
    Verdict,
)
from portkit.languages.cxx.values.units import UnitPlan
from portkit.languages.file_ref import FileRef
from portkit.model.spans import Edit
from portkit.model.words import Parse, Rung

_BATCH_BYTES, _BATCH_FILES = 200_000, 40
Edges = dict[str, list[tuple[Include, str]]]


class LexJob(msgspec.Struct, tag=True):
    """Read files and say what they are."""

    heavy: ClassVar[bool] = False
    files: list[FileRef]

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)

    def gave_up(self, answer: bytes) -> bool:
        return False  # Python says when memory is lacking


class UnitJob(msgspec.Struct, tag=True):
    """Parse a unit and ask Clang. `files` are the project's files that it reads, the main one
    first.

    `unresolved`: includes that are no file of the project, as (angled, spelling), by file.
    """

    heavy: ClassVar[bool] = True
    plan: UnitPlan
    files: list[FileRef]
    edges: Edges
    flags: UnitFlags
    unresolved: dict[str, list[tuple[bool, str]]]

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)

    def gave_up(self, answer: bytes) -> bool:
        # libclang says of want of memory no more than that it gave up
        return msgspec.msgpack.decode(answer, type=UnitAnswer).failed


class FileAnswer(msgspec.Struct):
    """Clang's word on one file of a unit. `declares`: offset -> word of CUDA's shape that is
    declared there.
    """

    rel: str
    offsets: list[int]
    verdicts: bytes  # a Verdict each
    skipped: list[tuple[int, int]]
    declares: dict[int, str]
    differing: list[Difference] = []
    owners: dict[int, str] = {}  # of names: their scope
    owned: dict[int, OwnName] = {}  # CUDA's words that the file declares
    bodies: dict[int, Verdict] = {}  # words of macro bodies


class UnitAnswer(msgspec.Struct):
    """A unit's answers. `opened` are the files beyond the project's that it read, `tried` where
    these looked for more in vain; `refused` are includes that were not followed, by the file that
    they count for; `failed` and `limit` say that it was lost.
    """

    main: str
    answers: list[FileAnswer] = []
    opened: list[str] = []
    tried: list[str] = []
    refused: list[tuple[str, RefusedInclude]] = []
    faults: UnitFaults | None = None
    failed: bool = False
    limit: bool = False


class LookJob(msgspec.Struct, tag=True):
    """Parse a unit as it is and as it is to be written. `outputs`: by file; `names`: what their
    edits replace, full name -> the target's.
    """

    heavy: ClassVar[bool] = True
    unit: UnitJob
    outputs: dict[str, list[Edit]]
    names: dict[str, str]
    known: UnitFaults | None = None  # of the unit as it is

    @property
    def files(self) -> list[FileRef]:
        return self.unit.files

    @property
    def size(self) -> int:
        return self.unit.size

    def gave_up(self, answer: bytes) -> bool:
        return msgspec.msgpack.decode(answer, type=LookAnswer).failed


class LookAnswer(msgspec.Struct):
    """What Clang holds against the output of a unit; see UnitAnswer for the others."""

    broken: list[Broken] = []
    opened: list[str] = []
    tried: list[str] = []
    failed: bool = False


class DeclareJob(msgspec.Struct, tag=True):
    """Look for declarations in branches of a file: of CUDA's names, or (`own`) of words that only
    have CUDA's shape.
    """

    heavy: ClassVar[bool] = False
    files: list[FileRef]
    branches: list[Branch]
    own: bool = False

    @property
    def size(self) -> int:
        return self.files[0].size

    def gave_up(self, answer: bytes) -> bool:
        return False  # Python says when memory is lacking


class FinishJob(msgspec.Struct, tag=True):
    """Join all that is known of a file into its scan. `rung`: read it by no higher one."""

    heavy: ClassVar[bool] = False
    files: list[FileRef]
    clang: FileVerdicts
    declared: dict[str, str]
    loading: bool
    opened: frozenset[str]
    substitutes: Substitutes
    fate: Parse
    edges: list[tuple[Include, str]]
    rung: Rung | None = None
    # macros in sight that stand for specifiers, see FileSummary.spaces
    spaces: dict[str, str] = {}
    ownership: Ownership = Ownership()
    bare: tuple[tuple[str, ...], bool] | None = None  # `bare` and `leans` of FileFacts
    trigraphs: bool = False  # a unit that reads the file has a standard that replaces them
    constants: dict[str, int] = {}  # see FileFacts, as `helpers`
    helpers: dict[str, str] = {}
    pastes: tuple[PasteMacro, ...] = ()  # in sight, see FileSummary.pastes

    @property
    def size(self) -> int:
        return self.files[0].size

    def gave_up(self, answer: bytes) -> bool:
        return False  # Python says when memory is lacking

    def weaker(self, fate: Parse) -> FinishJob:
        """Return the same job by the lowest rung, for a file that met `fate` on a higher one."""
        return msgspec.structs.replace(self, clang=FileVerdicts(), fate=fate, rung=Rung.LEX)


Job = LexJob | UnitJob | LookJob | DeclareJob | FinishJob


def lex_jobs(files: Iterable[FileRef]) -> list[LexJob]:
    """Cut files into jobs, in order: neighbours, which often include each other, stay together."""
    batches: list[LexJob] = []
    size = _BATCH_BYTES
    for file in files:
        if size >= _BATCH_BYTES or len(batches[-1].files) >= _BATCH_FILES:
            batches.append(LexJob([]))
            size = 0
        batches[-1].files.append(file)
        size += file.size
    return batches

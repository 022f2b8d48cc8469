# SPDX-License-Identifier: Apache-2.0
"""What one target asks of a tree: decisions, findings, moves."""

from __future__ import annotations

import msgspec

from portkit.model.reading import FileScan
from portkit.model.rows import Row
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Effort, Reason, Severity, Silenced


class Decision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What happens to one reference."""

    action: Action
    reason: Reason
    replacement: str = ""
    row: Row | None = None
    detail: str = ""  # of a recipe: its kind where it was applied, or why it was not


class Suppression(msgspec.Struct, frozen=True, gc=False):
    """Why a finding does not count: who silenced it, and the reason given or what did it."""

    kind: Silenced
    reason: str


class Finding(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A work item. `args` fill the rule's text; `references` are indexes into the file's
    references.
    """

    rule: str
    severity: Severity
    effort: Effort
    span: Span
    args: dict[str, str] = {}
    references: tuple[int, ...] = ()
    blocking: bool = False
    fingerprint: str = ""
    content: str = ""  # the fingerprint without the path
    exempt: str = ""  # why the gate leaves it out: baseline, since
    suppressed: Suppression | None = None
    fix: tuple[Edit, ...] = ()
    fix_safe: bool = False


class Move(msgspec.Struct, frozen=True):
    """A file that gets another name (paths are POSIX, relative to the root)."""

    source: str
    destination: str


class FilePlan(msgspec.Struct, frozen=True):
    """The plan of one file. `decisions[i]` belongs to `scan.references[i]`."""

    scan: FileScan
    decisions: tuple[Decision, ...]
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]


class Looked(msgspec.Struct, frozen=True):
    """How Clang looked at the output: units that it read, edits taken back for it, and files that
    it could not read. `skipped`: it was not to (`--no-verify`).
    """

    units: int = 0
    refused: int = 0
    unread: int = 0
    skipped: bool = False


class BuildGuide(msgspec.Struct, frozen=True):
    """How a tree is built for the target: the `route` of its build files (replace, beside,
    wrapper), what is run, in what environment; as a shell takes it.
    """

    route: str
    commands: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """What one target asks of a tree. `looked`: None where no compiler was asked; `guide`: None
    where no build file asks for CUDA.
    """

    target: str
    profile: str
    files: tuple[FilePlan, ...]
    findings: tuple[tuple[str, Finding], ...] = ()  # of the tree: (path or "", finding)
    moves: tuple[Move, ...] = ()
    created: tuple[tuple[str, bytes], ...] = ()
    looked: Looked | None = None
    guide: BuildGuide | None = None

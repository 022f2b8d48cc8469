# SPDX-License-Identifier: Apache-2.0
"""The shape of the JSON documents. The writers fill these structs and the published schemas are
made from them.

Additive: new fields may come, nothing is renamed or dropped within a version; consumers ignore what
they do not know. Field order is the order in the file. Offsets and lengths are bytes, lines and
columns are 1-based.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from portkit.assess.readiness import Summary
from portkit.assess.trend import Trend
from portkit.model.plans import BuildGuide
from portkit.model.words import Action, Context, Effort, Kind, Parse, Reason, Rung, Silenced, Status
from portkit.report.model import ToolInfo

REPORT = "portkit/report/1"
SCAN = "portkit/scan/1"

ProofWord = Literal["proved", "likely", "spelling"]
ExistsWord = Literal["user", "header", "linked", "usage", "doc", "table", "rule"]
PairsWord = Literal["user", "usage", "table", "alike", "no"]
SeverityWord = Literal["info", "warning", "error"]
PathBase = Literal["config", "git", "argument"]


class JsonReference(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One reference with its decision. `proof` is null for the project's own names."""

    name: str
    library: str
    kind: Kind
    context: Context
    offset: int
    length: int
    line: int
    column: int
    end_line: int
    end_column: int
    proof: ProofWord | None
    rung: Rung
    decision: Action
    reason: Reason
    qualifier: str | None = None
    replacement: str | None = None
    exists: ExistsWord | None = None
    pairs: PairsWord | None = None
    status: Status | None = None


class JsonEdit(msgspec.Struct, frozen=True):
    """Replace `length` bytes at `offset`, where `expect` must stand, by `new`."""

    offset: int
    length: int
    expect: str
    new: str


class JsonFix(msgspec.Struct, frozen=True):
    """Edits that go together."""

    applicability: Literal["safe", "unsafe"]
    edits: list[JsonEdit]


class JsonFinding(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One work item. `references` are indexes into the file's list of references."""

    rule: str
    severity: SeverityWord
    blocking: bool
    effort: Effort
    message: str
    args: dict[str, str]
    offset: int
    length: int
    line: int
    column: int
    end_line: int
    end_column: int
    references: list[int]
    fingerprint: str
    suppressed: str | None = None
    exempt: Literal["baseline", "since"] | None = None
    fix: JsonFix | None = None
    silenced: Silenced | None = None


class JsonTreeFinding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A work item of the tree: of a path that was not read, or of no path at all."""

    path: str
    rule: str
    severity: SeverityWord
    blocking: bool
    effort: Effort
    message: str
    args: dict[str, str]
    fingerprint: str
    suppressed: str | None = None
    exempt: Literal["baseline", "since"] | None = None
    silenced: Silenced | None = None


class JsonKernel(msgspec.Struct, frozen=True):
    """A function with an execution-space specifier; the range covers its body.

    `state`: `blocked` by a finding in its body, `affected` through a function that it calls, other
    `work`, or `clear`.
    """

    name: str
    space: str
    offset: int
    length: int
    line: int
    column: int
    end_line: int
    end_column: int
    state: Literal["blocked", "affected", "work", "clear"] = "clear"
    rules: list[str] = []
    features: list[str] = []
    through: str | None = None


class JsonFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a plan. `path_bytes` is the hex of the name's bytes where `path`, its printable
    form, is another text.

    `language`: the one that read it, "" for none; left out for C, C++ and CUDA ("cxx").
    """

    path: str
    encoding: str
    parse: Parse
    references: list[JsonReference]
    findings: list[JsonFinding]
    kernels: list[JsonKernel]
    path_bytes: str | None = None
    language: str = "cxx"


class JsonMove(msgspec.Struct, frozen=True):
    """A file that gets another name."""

    source: str
    destination: str


class JsonCreated(msgspec.Struct, frozen=True):
    """A file that the plan adds; `size` in bytes."""

    path: str
    size: int
    sha256: str


class JsonLooked(msgspec.Struct, frozen=True):
    """How Clang looked at the output before it was written: units that it read, edits taken back
    for it, files that it could not read; `skipped`: it was not to.
    """

    units: int
    refused: int
    unread: int
    skipped: bool


class JsonPlan(msgspec.Struct, frozen=True):
    """What one target asks of the tree."""

    target: str
    profile: str
    files: list[JsonFile]
    findings: list[JsonTreeFinding]
    moves: list[JsonMove]
    created: list[JsonCreated]
    summary: Summary
    verified: JsonLooked | None = None
    # how the tree is built: where a build file asks for CUDA
    build: BuildGuide | None = None
    since_report: Trend | None = None


class ReportDocument(msgspec.Struct, frozen=True):
    """`portkit report --format json`."""

    schema: Literal["portkit/report/1"]
    tool: ToolInfo
    path_base: PathBase
    plans: list[JsonPlan]


class QueryOther(msgspec.Struct, frozen=True):
    """A row of a table that speaks of other files than C++: `table` is build, python or frameworks,
    `kind` one of that table's own. Such a row decides nothing in C++ code.
    """

    table: str
    kind: str
    name: str
    status: Literal["mapped", "same", "dropped", "manual", "none"]
    exists: ExistsWord
    pairs: PairsWord
    sources: dict[str, str]
    note: str


class QueryTarget(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one target says of a name; `target` is spelt `id@profile`.

    `status` is `unknown` when no row and no naming rule speaks of it, and nothing else is given
    then. `sources` maps the short id of a source to its text.
    """

    target: str
    status: Literal["mapped", "same", "dropped", "manual", "none", "unknown"]
    name: str | None = None
    exists: ExistsWord | None = None
    pairs: PairsWord | None = None
    derived: bool | None = None
    recipe: str | None = None
    note: str | None = None
    sources: dict[str, str] | None = None
    others: list[QueryOther] | None = None


class QueryEntity(msgspec.Struct, frozen=True, omit_defaults=True):
    """One CUDA entity of the name asked for; versions are like "11.8"."""

    name: str
    kind: Kind
    library: str
    qualifier: str | None = None
    header: str | None = None
    since: str | None = None
    deprecated: str | None = None
    removed: str | None = None
    arity: str | None = None
    flags: list[str] | None = None
    type: str | None = None


class QueryAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one name: its entities and what each target says, or suggestions when it is not
    known.
    """

    name: str
    entities: list[QueryEntity]
    targets: list[QueryTarget]
    suggestions: list[str] | None = None


class QueryDocument(msgspec.Struct, frozen=True):
    """`portkit query NAME... --format json`."""

    schema: Literal["portkit/query/1"]
    answers: list[QueryAnswer]

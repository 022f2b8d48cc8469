# SPDX-License-Identifier: Apache-2.0
"""Small plans made by hand, for the tests of assessment and reports, and shorter ways to a plan.

Names here are fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from portkit.assess.effort import EffortHint, EffortTable, by_rule, total
from portkit.model.plans import Decision, FilePlan, Finding, Plan
from portkit.model.reading import FileScan, Reference, Scan
from portkit.model.rows import Row
from portkit.model.spans import Span
from portkit.model.words import (
    Action,
    Context,
    Effort,
    Exists,
    Kind,
    Pairs,
    Parse,
    Proof,
    Reason,
    Rung,
    Severity,
    Status,
)
from portkit.plan.decide import Policy
from portkit.plan.earlier import Earlier
from portkit.plan.outline import outline_of
from portkit.plan.planner import Planning
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

SOURCE = "#include <cuda.h>\r\n/* 中文 */ cudaA(cudaB, threadIdx.x);\n\tcudaC();\n".encode()


def row(
    name: str,
    exists: Exists = Exists.HEADER,
    pairs: Pairs = Pairs.USAGE,
    status: Status = Status.MAPPED,
) -> Row:
    return Row(
        name, name.replace("cuda", "tgt"), Kind.FUNCTION, status, exists, pairs, "runtime", ("src",)
    )


def ref(name: str, data: bytes = SOURCE, **more: object) -> Reference:
    start = data.index(name.encode())
    fields: dict[str, object] = {
        "kind": Kind.FUNCTION,
        "context": Context.CALL,
        "rung": Rung.CLANG,
        "proof": Proof.PROVED,
        "library": "runtime",
    }
    return Reference(Span(start, start + len(name)), name, **(fields | more))  # type: ignore[arg-type]


def edit(r: Reference, exists: Exists = Exists.HEADER, pairs: Pairs = Pairs.USAGE) -> Decision:
    made = row(r.name, exists, pairs)
    return Decision(Action.EDIT, Reason.MAPPED, made.target, made)


def manual(r: Reference, reason: Reason, made: Row | None = None) -> Decision:
    return Decision(Action.MANUAL, reason, made.target if made else "", made)


def keep(reason: Reason = Reason.SAME_SPELLING) -> Decision:
    return Decision(Action.KEEP, reason)


def found(rule: str, r: Reference, index: int, **more: object) -> Finding:
    fields: dict[str, object] = {
        "blocking": True,
        "args": {"name": r.name, "target": "toy"},
        "fingerprint": f"{index:032x}",
    }
    severity = more.pop("severity", Severity.ERROR)
    return Finding(rule, severity, Effort.HOURS, r.span, references=(index,), **(fields | more))  # type: ignore[arg-type]


def file_plan(
    path: str,
    pairs: list[tuple[Reference, Decision]],
    findings: list[Finding] | None = None,
    parse: Parse = Parse.CLANG,
) -> FilePlan:
    scan = FileScan(path, "0" * 64, len(SOURCE), 3, "utf-8", parse, tuple(r for r, _ in pairs))
    return FilePlan(scan, tuple(d for _, d in pairs), (), tuple(findings or ()))


def toy_plan() -> tuple[Plan, Scan]:
    a, b, c = ref("cudaA"), ref("cudaB", context=Context.NAME), ref("cudaC", proof=Proof.LIKELY)
    thread = ref("threadIdx", kind=Kind.BUILTIN, library="device", context=Context.NAME)
    header = ref(
        "cuda.h",
        kind=Kind.HEADER,
        context=Context.INCLUDE,
        library="driver",
        proof=None,
        user=True,
        project=True,
    )
    first = file_plan(
        "src/a.cu",
        [
            (header, keep(Reason.PROJECT_HEADER)),
            (a, edit(a)),
            (b, manual(b, Reason.UNPROVEN, row("cudaB", Exists.RULE, Pairs.ALIKE))),
            (thread, keep()),
            (c, edit(c, Exists.TABLE)),
        ],
        [found("PK103", b, 2, severity=Severity.WARNING)],
    )
    second = file_plan(
        "src/b.cu",
        [(a, edit(a)), (b, manual(b, Reason.NO_EQUIVALENT))],
        [found("PK101", b, 1)],
        Parse.SYNTAX,
    )
    tree = Finding(
        "PK906",
        Severity.INFO,
        Effort.MINUTES,
        Span(0, 0),
        {"path": "ext", "reason": "vendored", "case": "vendored", "files": "3"},
    )
    plan = Plan("toy", "one", (first, second), (("ext", tree),))
    return plan, Scan(
        "/nowhere", "argument", tuple(f.scan for f in plan.files), clang="22.1", vocabulary="v"
    )


def make_plan(
    scan: Scan,
    target: Target,
    vocabulary: Vocabulary,
    policy: Policy,
    read: Callable[[str], bytes],
    earlier: Sequence[Earlier] = (),
) -> Plan:
    """Return the plan of a scan for one target. `earlier`: none, or one."""
    outline = outline_of(scan.files)
    planning = Planning(outline, [target], vocabulary, policy, read, earlier)
    for file in scan.files:
        planning.add(file)
    (plan,) = planning.finish(scan)
    return plan


def plan_file(
    file: FileScan,
    target: Target,
    vocabulary: Vocabulary,
    policy: Policy,
    read: Callable[[str], bytes],
) -> FilePlan:
    """Return the plan of the only file of a scan."""
    scan = Scan("/nowhere", "argument", (file,))
    return make_plan(scan, target, vocabulary, policy, read).files[0]


def estimate(
    findings: Iterable[Finding], edited_files: int, table: EffortTable | None = None
) -> EffortHint:
    """Return the hours that findings and the review of rewritten files ask for."""
    return total(by_rule(findings, edited_files, table))

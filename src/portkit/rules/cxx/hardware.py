# SPDX-License-Identifier: Apache-2.0
"""PK5xx: units of the machine and ways to launch that a target may lack."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Edit, Span
from portkit.model.words import Effort, Severity
from portkit.rules.any.features import feature_finding, feature_rule, speaks_of, state_of, uses
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.cxx.host_code import device_lambdas, in_host_branch
from portkit.rules.cxx.kernels import code
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget, full_name

feature_rule("PK501", "matrix-units", "tensor-cores", "warpgroup-mma", "cutlass")
feature_rule("PK502", "async-copy", "async-copy", "tma", "memory-barriers")
feature_rule("PK503", "clusters", "clusters")
feature_rule(
    "PK505", "cooperative-launch", "cooperative-launch", "multi-device-launch", "cooperative-groups"
)
feature_rule("PK506", "graphs", "graphs")
feature_rule("PK507", "launch-attributes", "dependent-launch", "extensible-launch")
feature_rule("PK508", "device-partitioning", "green-contexts", "multi-process-service")

_MERE = 3  # bytes of a launch's bracket in one piece
_OPENED = re.compile(rb"<<\s*<")
_CLOSED = re.compile(rb">\s*>\s*>\Z")
_NESTED = "dynamic-parallelism"


@rule(
    "PK504", "dynamic-parallelism", severity=Severity.ERROR, effort=Effort.DAYS, needs=("kernels",)
)
def dynamic_parallelism(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A launch inside a kernel's body, by a macro too; names of the device runtime count too."""
    if state_of(_NESTED, target).status == "same":
        return
    for kernel, span in view.once(nested_launches):
        if not view.ported(span, target):
            made = feature_finding("PK504", _NESTED, target, span, [f"{kernel}<<<>>>"])
            if made is not None:
                yield made
    used = view.decided(uses).get(_NESTED)
    if used is not None and used.references:
        first = view.references[used.references[0]].span
        names = [full_name(view.references[i]) for i in used.references]
        live = any(view.live(i) for i in used.references)
        made = feature_finding(
            "PK504", _NESTED, target, first, names, tuple(used.references), live=live
        )
        if made is not None:
            yield made


def nested_launches(source: FileSource) -> list[tuple[str, Span]]:
    """Return the launches in device code: the kernel's name, or that of the macro that launches it,
    and where. Use it through `source.once(nested_launches)`.
    """
    facts = source.scan.facts
    if not facts.launches:
        return []
    found = [(launch.kernel, launch.span) for launch in facts.launches]
    macros = {
        macro.name
        for macro in facts.macros
        if any(macro.body.contains(launch.span) for launch in facts.launches)
    }
    if macros:
        plain = source.once(code).plain
        either = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(macros)))})(?=\s*\()", re.A)
        found += [(m.group(), Span(m.start(), m.end())) for m in either.finditer(plain)]
    bodies = Bodies([k.span for k in facts.kernels] + source.once(device_lambdas))
    nested = [one for one in found if bodies.holding(one[1])]
    return sorted((n for n in nested if not in_host_branch(source, n[1])), key=lambda n: n[1])


@rule(
    "PK509",
    "launch-syntax",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=("launches",),
    scope="name",
)
def launch_syntax(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Launches by `<<<...>>>`, once a file, where a target's compiler takes them in some versions
    only.
    """
    own = [launch for launch in view.scan.facts.launches if not view.ported(launch.span, target)]
    if own:
        made = feature_finding(
            "PK509", "launch-syntax", target, own[0].span, [launch.kernel for launch in own]
        )
        if made is not None:
            yield made


@rule("PK510", "spaced-launch", severity=Severity.WARNING, needs=("launches",))
def spaced_launch(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A launch whose brackets are cut: `k<< <1, 32>> >(p)`. What cuts them goes, if it is white
    space.
    """
    for launch in view.scan.facts.launches:
        text = view.data[launch.span.start : launch.span.end]
        opened, closed = _OPENED.match(text), _CLOSED.search(text)
        if text.startswith(b"<<<") and text.endswith(b">>>"):
            continue
        if len(text) == _MERE or view.ported(launch.span, target):
            continue
        fix = tuple(
            Edit(
                Span(launch.span.start + match.start(), launch.span.start + match.end()),
                match.group(),
                sign * _MERE,
            )
            for match, sign in ((opened, b"<"), (closed, b">"))
            if match is not None and len(match.group()) > _MERE
        )
        told = opened is not None and closed is not None
        made = finding("PK510", launch.span, {"name": launch.kernel, "target": target.id})
        yield msgspec.structs.replace(made, fix=fix, fix_safe=True) if told else made


speaks_of("PK504", "dynamic-parallelism")
speaks_of("PK509", "launch-syntax")

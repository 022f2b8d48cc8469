# SPDX-License-Identifier: Apache-2.0
"""PK5xx: units of the machine and ways to launch that a target may lack."""

from __future__ import annotations

from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.words import Effort, Severity
from portkit.rules.any.features import feature_finding, feature_rule, speaks_of, state_of, uses
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.registry import rule
from portkit.rules.view import FileView, RuleTarget, full_name

feature_rule("PK501", "matrix-units", "tensor-cores", "warpgroup-mma", "cutlass")
feature_rule("PK502", "async-copy", "async-copy", "tma", "memory-barriers")
feature_rule("PK503", "clusters", "clusters")
feature_rule(
    "PK505", "cooperative-launch", "cooperative-launch", "multi-device-launch", "cooperative-groups"
)
feature_rule("PK506", "graphs", "graphs")
feature_rule("PK507", "launch-attributes", "dependent-launch", "extensible-launch")
feature_rule("PK508", "device-partitioning", "green-contexts", "multi-process-service")

_NESTED = "dynamic-parallelism"


@rule(
    "PK504", "dynamic-parallelism", severity=Severity.ERROR, effort=Effort.DAYS, needs=("kernels",)
)
def dynamic_parallelism(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A launch inside a kernel's body; names of the device runtime count too."""
    if state_of(_NESTED, target).status == "same":
        return
    bodies = Bodies([k.span for k in view.scan.facts.kernels])
    for launch in view.scan.facts.launches:
        if bodies.holding(launch.span) and not view.ported(launch.span, target):
            made = feature_finding(
                "PK504", _NESTED, target, launch.span, [f"{launch.kernel}<<<>>>"]
            )
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


speaks_of("PK504", "dynamic-parallelism")
speaks_of("PK509", "launch-syntax")

# SPDX-License-Identifier: Apache-2.0
"""PK906, PK919: what of the tree was not read at all, and why."""

from __future__ import annotations

from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.reading import Scan
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.registry import finding, tree_rule
from portkit.rules.view import RuleTarget


@tree_rule("PK906", "skipped-path", severity=Severity.INFO)
def skipped(scan: Scan, target: RuleTarget) -> Iterator[tuple[str, Finding]]:
    """A file or folder that discovery left out."""
    for item in scan.skipped:
        args = {
            "path": item.path,
            "reason": item.reason,
            "case": item.reason,
            "files": str(item.files),
            "words": str(item.words),
        }
        severity = Severity.WARNING if item.reason == "unreadable" else None
        yield item.path, finding("PK906", Span(0, 0), args, severity=severity)


@tree_rule("PK919", "unread-cuda-files", severity=Severity.WARNING, effort=Effort.HOURS)
def unread(scan: Scan, target: RuleTarget) -> Iterator[tuple[str, Finding]]:
    """One for each kind of files that no language reads and that hold CUDA."""
    for item in scan.unread:
        more = item.files - len(item.paths)
        args = {
            "kind": item.kind,
            "case": f"{item.kind}-more" if more else item.kind,
            "files": str(item.files),
            "words": str(item.words),
            "paths": ", ".join(item.paths),
            "more": str(more),
        }
        yield item.paths[0], finding("PK919", Span(0, 0), args)

# SPDX-License-Identifier: Apache-2.0
"""What of a tree is ported already: a vendor's own files, and branches that its macro switches on."""

from __future__ import annotations

from portkit.model.reading import FileScan, Reference
from portkit.model.words import Context, Kind
from portkit.rules.view import any_needs_vendor
from portkit.targets.target import Target


def is_native(file: FileScan, target: Target) -> bool:
    """Return whether a file is a vendor's own code: its suffix says so, or it defines a name of
    CUDA's as what that becomes on the target.

    A macro of the project's own with a target's name in it says nothing: that is what portkit makes
    of one with CUDA's.
    """
    if file.path.lower().endswith((*target.suffixes, *target.other_suffixes)):
        return True
    defined = [
        ref
        for ref in file.references
        if ref.user and ref.context is Context.DIRECTIVE and ref.kind is not Kind.UNKNOWN
    ]
    if not defined:
        return False
    bodies = {m.span.start: m.first for m in file.facts.macros}
    return any(
        (body := bodies.get(ref.span.start, ""))
        and target.is_own_name(body)
        and _becomes(ref, target) == body
        for ref in defined
    )


def _becomes(ref: Reference, target: Target) -> str:
    row = target.row(ref.name, ref.kind, ref.library, ref.qualifier)
    return row.target if row is not None else ""


def guarded_by_vendor(ref: Reference, target: Target, file: FileScan | None = None) -> bool:
    """Return whether a branch around the reference needs a macro of the target or of another
    vendor.

    An include does not carry its guards; `file` tells the branches that it may stand in.
    """
    guards = ref.guard.split(";")
    if ref.context is Context.INCLUDE and file is not None:
        guards = [guard for guard, branch in file.facts.guards if branch.contains(ref.span)]
    return any_needs_vendor([guard for guard in guards if guard], target)

# SPDX-License-Identifier: Apache-2.0
"""What of a tree is ported already: a vendor's own files, and branches that its macro switches on."""

from __future__ import annotations

import re

from portkit.model.reading import FileScan, Reference
from portkit.model.words import Context, Kind, Reason
from portkit.rules.view import any_needs_vendor
from portkit.targets.target import Target

_MACRO = re.compile(r"[^&|]+")


def is_native(file: FileScan, target: Target) -> bool:
    """Return whether a file is a vendor's own code."""
    return native_as(file, target) is not None


def native_as(file: FileScan, target: Target) -> Reason | None:
    """Return whose own code a file is, the target's (`vendor-code`) or another vendor's, as the
    reason to leave it; None for code of CUDA's.

    The suffix says so; or the file defines a name of CUDA's as what that becomes on the target; or
    it includes headers of another platform's, and none of CUDA's. A macro of the project's own with
    a target's name in it says nothing: that is what portkit makes of one with CUDA's.
    """
    if file.facts.python is not None:
        from portkit.plan.python import is_ported

        return Reason.VENDOR_CODE if is_ported(file, target) else None
    path = file.path.lower()
    if path.endswith(tuple(target.suffixes)):
        return Reason.VENDOR_CODE
    if path.endswith(tuple(target.other_suffixes)):
        return Reason.OTHER_VENDOR
    if file.facts.foreign and _is_foreign(file):
        return Reason.OTHER_VENDOR
    return Reason.VENDOR_CODE if _is_compat_header(file, target) else None


def _is_foreign(file: FileScan) -> bool:
    """Is it compiled for a platform that is no target, whatever macros are defined?"""
    branches = [branch for _, branch in file.facts.guards]
    always = any(not any(b.contains(span) for b in branches) for span in file.facts.foreign)
    return always and not any(r.kind is Kind.HEADER and not r.user for r in file.references)


def _is_compat_header(file: FileScan, target: Target) -> bool:
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
        and (_becomes(ref, ref.name, target) == body or _becomes(ref, body, target) == ref.name)
        for ref in defined
    )


def _becomes(ref: Reference, name: str, target: Target) -> str:
    """Return what a name of the reference's kind becomes; on the way back that leads from the name
    in the body to the one that is defined.
    """
    row = target.row(name, ref.kind, ref.library, ref.qualifier)
    return row.target if row is not None else ""


def guarded_as(ref: Reference, target: Target, file: FileScan | None = None) -> Reason | None:
    """Return whose macro a branch around the reference needs, as the reason to leave it: another
    vendor's where one of the branches is for others only; None where none needs a vendor's.

    An include does not carry its guards; `file` tells the branches that it may stand in.
    """
    guards = ref.guard.split(";")
    if ref.context is Context.INCLUDE and file is not None:
        guards = [guard for guard, branch in file.facts.guards if branch.contains(ref.span)]
    needed = [guard for guard in guards if guard and any_needs_vendor([guard], target)]
    if not needed:
        return None
    own = all(target.vendor_macros.intersection(_MACRO.findall(guard)) for guard in needed)
    return Reason.VENDOR_CODE if own else Reason.OTHER_VENDOR

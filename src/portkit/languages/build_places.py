# SPDX-License-Identifier: Apache-2.0
"""Places in build files: what the languages of builds find, and what it is known again by."""

from __future__ import annotations

import re

import msgspec

from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import BUILD_LIBRARY, Context, Kind, Proof, Rung


class Place(msgspec.Struct, frozen=True, gc=False, order=True):
    """A construct of CUDA's. `user`: the project's own name, with CUDA's letters in it."""

    span: Span
    name: str
    kind: Kind
    user: bool = False
    proof: Proof = Proof.LIKELY

    def reference(self, guard: str = "") -> Reference:
        """Return it as a reference of a build. `guard`: the conditions around it."""
        return Reference(
            self.span, self.name, self.kind, Context.BUILD, Rung.SYNTAX,
            None if self.user else self.proof, BUILD_LIBRARY, user=self.user, guard=guard,
        )  # fmt: skip


def spelling(ref: Reference) -> str:
    """Return what a reference is known again by: of an option its letters without a value, which
    only a list for nvcc tells.
    """
    return re.split(r"[ =]", ref.name, maxsplit=1)[0] if ref.kind is Kind.FLAG else ref.name

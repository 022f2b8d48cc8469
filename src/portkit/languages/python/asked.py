# SPDX-License-Identifier: Apache-2.0
"""What the judges of tests and of strings ask of the walk over a file."""

from __future__ import annotations

import ast
from typing import Protocol

from portkit.languages.python.lines import Lines
from portkit.languages.python.tables import PythonWords
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof


class Asked(Protocol):
    """A walk over a file, at some place of it."""

    data: bytes
    words: PythonWords
    lines: Lines

    def dotted(self, node: ast.expr) -> str:
        """Return the full name of names joined by dots; "" where the first is the program's own."""

    def add(
        self,
        span: Span,
        name: str,
        kind: Kind,
        context: Context,
        proof: Proof,
        qualifier: str = "",
        library: str = "",
    ) -> None:
        """Take a reference."""

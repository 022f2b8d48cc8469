# SPDX-License-Identifier: Apache-2.0
"""PK4xx: inline assembly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from portkit.model import Effort, Severity
from portkit.rules.registry import FileView, Hit, rule

if TYPE_CHECKING:
    from portkit.target.target import Target

_INSTRUCTION = re.compile(r"(?:^|[;{}\n])\s*(?:@!?%?\w+\s+)?([a-z][\w]*(?:\.[\w:]+)*)", re.A)


def mnemonics(text: str) -> list[str]:
    """Return the instructions of an asm template in order, each once."""
    plain = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    return list(dict.fromkeys(m.group(1) for m in _INSTRUCTION.finditer(plain)))


@rule("PK401", "inline-ptx", severity=Severity.ERROR, effort=Effort.HOURS, blocking=True)
def inline_assembly(view: FileView, target: Target) -> Iterator[Hit]:
    """Inline PTX: no target takes it. One finding a statement, with its instructions."""
    if view.native:
        return
    for statement in view.scan.facts.asm:
        listed = mnemonics(statement.text)
        name = " ".join(listed[:6]) + (" ..." if len(listed) > 6 else "")
        if statement.text.strip() or statement.in_macro:
            yield Hit(statement.span, {"name": name or "asm"})

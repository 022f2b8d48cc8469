# SPDX-License-Identifier: Apache-2.0
"""A small parser of PTX as it stands in inline assembly: statements, predicates, mnemonics,
operands, registers.

The grammar is that of NVIDIA's "PTX ISA" manual (docs.nvidia.com/cuda/parallel-thread-execution),
chapter Syntax: labels, directives that start with a dot, instructions with dotted modifiers, `;` at
the end, `{ }` for scopes and for vector operands. In a template of extended assembly `%0` is an
operand of the C++ side and `%%` is a percent sign.
"""

from __future__ import annotations

import functools
import re

import msgspec

HOLE = "\u00a4"  # stands where the template's text comes from a macro that was not followed

# A hole may hold the end of a comment, and any sign that ends a line may end it.
_COMMENT = re.compile(rf"//[^\n\r\f\v{HOLE}]*|/\*[^{HOLE}]*?\*/")
_LABEL = re.compile(rf"\s*[A-Za-z_$%{HOLE}][\w$%{HOLE}]*(?:\s*%=)?\s*:(?!:)", re.A)
_PREDICATE = re.compile(rf"\s*@\s*!?\s*(%?%?[\w{HOLE}]+|%\[\w+\])", re.A)
_MNEMONIC = re.compile(rf"\s*([A-Za-z_{HOLE}][\w{HOLE}]*(?:\s*(?:\.|::)[\w{HOLE}]+)*)", re.A)
_REGISTER = re.compile(r"(?<![%\w])%{1,2}([A-Za-z_][A-Za-z_0-9]*(?:\.[xyzw])?)", re.A)


class Instruction(msgspec.Struct, frozen=True):
    """One PTX instruction. `mnemonic` is the opcode with its modifiers, as written but for blanks;
    `operands` are texts.

    `predicate` is the guard without `@`, with `!` kept out, or "". A mnemonic that a macro
    completes holds HOLE.
    """

    mnemonic: str
    operands: tuple[str, ...] = ()
    predicate: str = ""

    @property
    def opcode(self) -> str:
        """The first word of the mnemonic: `ld` of `ld.global.nc.f32`."""
        return re.split(r"\.|::", self.mnemonic, maxsplit=1)[0]

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The words behind the opcode, in order."""
        return tuple(p for p in re.split(r"\.|::", self.mnemonic)[1:] if p)

    @property
    def registers(self) -> tuple[str, ...]:
        """The named registers of the operands, without percent signs; numbered operands of the
        template are left out.
        """
        return tuple(m.group(1) for part in self.operands for m in _REGISTER.finditer(part))


class Assembly(msgspec.Struct, frozen=True):
    """A parsed template: its instructions in order, its directives (`.reg`, `.shared`...), and the
    text that fits neither.
    """

    instructions: tuple[Instruction, ...] = ()
    directives: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@functools.lru_cache(maxsize=4096)
def parse_assembly(text: str) -> Assembly:
    """Parse a template's text (decoded literals joined). Never fails: what does not fit is in
    `unread`.
    """
    instructions, directives, unread = [], [], []
    for statement in _statements(_COMMENT.sub(" ", text)):
        body = statement
        while (label := _LABEL.match(body)) is not None:
            body = body[label.end() :]
        predicate = ""
        if (guard := _PREDICATE.match(body)) is not None:
            predicate, body = guard.group(1).lstrip("%"), body[guard.end() :]
        if not body.strip():
            continue
        if body.lstrip().startswith("."):
            directives.append(body.split()[0])
        elif (match := _MNEMONIC.match(body)) is not None and re.search(
            r"[A-Za-z]", match.group(1)
        ):
            mnemonic = re.sub(r"\s+", "", match.group(1))
            instructions.append(Instruction(mnemonic, _operands(body[match.end() :]), predicate))
        else:
            unread.append(body.strip())
    return Assembly(tuple(instructions), tuple(directives), tuple(unread))


def _statements(text: str) -> list[str]:
    """Split at `;` and at the braces of scopes; the braces of vector operands stay inside their
    statement.
    """
    found, current, depth = [], "", 0
    for piece in re.split(r"([;{}])", text):
        if piece == "{" and (current.strip(" \t\r\n") and not _ends_label(current)):
            depth += 1
            current += piece
        elif piece == "}" and depth:
            depth -= 1
            current += piece
        elif piece in ("{", "}") or (piece == ";" and not depth):
            found.append(current)
            current = ""
        elif piece == ";":
            found.append(current)  # a brace that was never closed
            current, depth = "", 0
        else:
            current += piece
    found.append(current)
    return [s for s in found if s.strip()]


def _ends_label(text: str) -> bool:
    match = _LABEL.match(text)
    return match is not None and not text[match.end() :].strip()


def _operands(text: str) -> tuple[str, ...]:
    """Split at the commas outside brackets."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char in "[{(") - (char in "]})")
        if char == "," and depth <= 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    if current.strip():
        parts.append(current.strip())
    return tuple(parts)

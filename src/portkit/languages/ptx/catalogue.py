# SPDX-License-Identifier: Apache-2.0
"""What a PTX instruction does and what CUDA C++ has for it: mappings/cuda/ptx.toml (sources stand
there).
"""

from __future__ import annotations

import functools
import re
import tomllib

import msgspec

from portkit.languages.ptx.bit_tables import written_out
from portkit.languages.ptx.parser import HOLE, Assembly, Instruction
from portkit.model.errors import PortkitError
from portkit.vocab.data import mappings_folder

UNKNOWN = "unknown"
REGISTER = "special-register"
WARP = "warp"


class ListedInstruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instruction of the list: `words` must all stand in a mnemonic, the first as its opcode.

    `operands`, if given, are the only operands for which the entry holds.

    `cuda` says what CUDA C++ has for it ("" for nothing); `fix` is a statement that replaces it
    exactly; `note` is what to mind, by language;
    `table`: the last operand is the table of a function of three bits.
    """

    words: tuple[str, ...]
    group: str
    operands: tuple[str, ...] | None = None
    cuda: str = ""
    fix: str = ""
    note: dict[str, str] = {}
    table: bool = False


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family of special registers: a regular expression for the name without its percent sign."""

    pattern: str
    cuda: str = ""


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The list as loaded. `groups` give each group's name by language."""

    groups: dict[str, dict[str, str]]
    instruction: tuple[ListedInstruction, ...]
    register: tuple[Register, ...]


class Meaning(msgspec.Struct, frozen=True):
    """What is known of one instruction. `registers` are the special ones that it reads; `known`
    says it is in the list.
    """

    group: str
    cuda: str = ""
    fix: str = ""
    registers: tuple[str, ...] = ()
    known: bool = True


@functools.cache
def load_catalogue() -> Catalogue:
    """Return the list. Raises PortkitError when the file is missing or malformed."""
    path = mappings_folder() / "cuda" / "ptx.toml"
    try:
        loaded = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Catalogue)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PortkitError(
            f"unusable list of PTX instructions: {error}", str(path), "reinstall portkit"
        ) from error
    if strange := {e.group for e in loaded.instruction} - loaded.groups.keys():
        raise PortkitError(
            f"instructions of unknown groups: {', '.join(sorted(strange))}", str(path)
        )
    return loaded


@functools.cache
def _by_opcode() -> dict[str, list[ListedInstruction]]:
    found: dict[str, list[ListedInstruction]] = {}
    for entry in load_catalogue().instruction:
        found.setdefault(entry.words[0], []).append(entry)
    for entries in found.values():
        entries.sort(key=lambda e: (-len(e.words), e.operands is None))
    return found


@functools.cache
def _registers() -> tuple[tuple[re.Pattern[str], Register], ...]:
    return tuple((re.compile(r.pattern), r) for r in load_catalogue().register)


@functools.lru_cache(maxsize=4096)
def meaning(instruction: Instruction) -> Meaning:
    """Return what an instruction does; a read of a special register counts as such, whatever moves
    it.
    """
    special = [
        (name, r)
        for name in instruction.registers
        for pattern, r in _registers()
        if pattern.fullmatch(name)
    ]
    words = {instruction.opcode, *instruction.modifiers}
    entry = next(
        (
            e
            for e in _by_opcode().get(instruction.opcode, ())
            if words.issuperset(e.words) and e.operands in (None, instruction.operands)
        ),
        None,
    )
    if entry is not None and special and entry.group == "move":
        wanted = [r.cuda for _, r in special]
        return Meaning(
            REGISTER,
            ", ".join(dict.fromkeys(wanted)) if all(wanted) else "",
            "",
            tuple(n for n, _ in special),
        )
    names = tuple(n for n, _ in special)
    if entry is None:
        return Meaning(UNKNOWN, registers=names, known=False)
    written = written_out(instruction.operands[-1]) if entry.table and instruction.operands else ""
    return Meaning(
        entry.group,
        written or entry.cuda,
        entry.fix if HOLE not in instruction.mnemonic else "",
        names,
    )


def is_ptx(assembly: Assembly) -> bool:
    """Return whether a template is PTX by itself: an instruction of the list with a modifier, or a
    PTX declaration.
    """
    if any(d.split(".")[1] in _DIRECTIVES for d in assembly.directives):
        return True
    return any(
        (i.modifiers and i.opcode in _by_opcode()) or meaning(i).registers
        for i in assembly.instructions
    )


_DIRECTIVES = frozenset({"reg", "local", "shared", "param", "pragma"})

# SPDX-License-Identifier: Apache-2.0
"""PK4xx: inline PTX, and PTX made or loaded at run time. What an instruction does stands in
mappings/cuda/ptx.toml.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from portkit.languages.ptx.catalogue import REGISTER, WARP, Meaning, is_ptx, meaning
from portkit.languages.ptx.parser import HOLE, Assembly, parse_assembly
from portkit.model.plans import Finding
from portkit.model.reading import AsmStatement
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.any.features import feature_rule, speaks_of, state_of
from portkit.rules.cxx.host_code import device_lambdas
from portkit.rules.cxx.kernels import code
from portkit.rules.cxx.lanes import LANES
from portkit.rules.cxx.ptx_fix import exact_fix
from portkit.rules.cxx.warp_terms import mask_bits
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

SHOWN = 8


class Statement:
    """An asm statement of device code, parsed; `virtual` says that it is PTX by itself."""

    def __init__(self, statement: AsmStatement) -> None:
        self.span: Span = statement.span
        self.in_macro = statement.in_macro
        self.assembly: Assembly = parse_assembly(statement.text)
        self.virtual = is_ptx(self.assembly)
        self.meanings: tuple[Meaning, ...] = tuple(meaning(i) for i in self.assembly.instructions)

    @property
    def mnemonics(self) -> list[str]:
        """The instructions with their modifiers, each once, in order of appearance."""
        return list(dict.fromkeys(i.mnemonic for i in self.assembly.instructions))

    @property
    def case(self) -> str:
        """Which kind of work the statement is: empty, other, register, unnamed (a register without
        a CUDA form), intrinsic or "" for other PTX without one.
        """
        if not self.assembly.instructions and not self.assembly.unread:
            return "empty"
        if not self.virtual and (self.assembly.unread or not all(m.known for m in self.meanings)):
            return "other"
        if not self.meanings or not all(m.cuda for m in self.meanings):
            alone = self.meanings and all(m.group == REGISTER for m in self.meanings)
            return "unnamed" if alone else ""
        return "register" if any(m.group == REGISTER for m in self.meanings) else "intrinsic"


def statements(view: FileSource) -> list[Statement]:
    """Return the asm statements that are PTX, stand in device code, or are a macro's whose users
    give the text.

    The host's own assembly is not CUDA's business.
    """
    if not view.scan.facts.asm:
        return []
    bodies = sorted(k.span for k in view.scan.facts.kernels)
    starts = [b.start for b in bodies]
    lambdas, found = view.once(device_lambdas), []
    for raw in view.scan.facts.asm:
        made = Statement(raw)
        before = bisect_right(starts, raw.span.start) - 1
        unknown = raw.in_macro and raw.text == HOLE
        if (
            made.virtual
            or unknown
            or (before >= 0 and bodies[before].contains(raw.span))
            or any(body.contains(raw.span) for body in lambdas)
        ):
            found.append(made)
    return found


@rule(
    "PK401",
    "inline-ptx",
    severity=Severity.ERROR,
    effort=Effort.HOURS,
    needs=("asm",),
    blocking=True,
)
def inline_ptx(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Inline assembly of device code: what its instructions are, and what CUDA C++ has for them."""
    near = state_of("inline-assembly", target)
    for statement in view.once(statements):
        if view.ported(statement.span, target):
            continue
        args = {
            "target": target.id,
            "mnemonics": _listed(statement.mnemonics),
            "count": str(len(statement.mnemonics)),
        }
        case = statement.case
        if near.status == "partial" and statement.virtual and case != "empty":
            # a text of the target's own, in which some of PTX is taken
            note = near.note
            args |= {"case": "near", "note": note.get("en", ""), "note_zh": note.get("zh", "")}
        elif case:
            args["case"] = case
        if strange := [
            i.mnemonic
            for i, m in zip(statement.assembly.instructions, statement.meanings, strict=True)
            if not m.known
        ]:
            args["unknown"] = ", ".join(dict.fromkeys((*strange, *statement.assembly.unread)))
        if groups := [m.group for m in statement.meanings if m.known]:
            args["groups"] = _listed(groups)
        if cuda := [m.cuda for m in statement.meanings if m.cuda]:
            args["cuda"] = _listed(cuda)
        if registers := [f"%{r}" for m in statement.meanings for r in m.registers]:
            args["registers"] = _listed(registers)
        if case == "empty":
            yield finding(
                "PK401",
                statement.span,
                args,
                severity=Severity.INFO,
                blocking=False,
                effort=Effort.MINUTES,
            )
            continue
        made = finding(
            "PK401", statement.span, args, effort=Effort.MINUTES if case == "intrinsic" else None
        )
        # a set of lanes that has more bits there than a register of 32
        cut = mask_bits(target) > LANES and any(m.group == WARP for m in statement.meanings)
        fix = (
            ()
            if statement.in_macro
            else exact_fix(view, statement.span, statement.assembly, target)
        )
        yield msgspec.structs.replace(made, fix=fix, fix_safe=not cut) if fix else made


def _listed(words: list[str]) -> str:
    distinct = list(dict.fromkeys(words))
    return ", ".join(distinct[:SHOWN]) + (", ..." if len(distinct) > SHOWN else "")


speaks_of("PK401", "inline-assembly")
feature_rule("PK402", "runtime-ptx", "runtime-compilation", "modules")
feature_rule("PK403", "runtime-entry-points", "entry-points")


_MODULE_FILE = re.compile(r"[\w./\\%{}$+-]*\.(ptx|cubin|fatbin)", re.A)
_HINT = re.compile(rb"\.(?:ptx|cubin|fatbin)")


@rule("PK404", "module-file", severity=Severity.ERROR, effort=Effort.HOURS, blocking=True)
def module_file(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A string that names a file of PTX, of machine code or of both: NVIDIA's formats, which no
    other device loads.
    """
    if not view.references or _HINT.search(view.data) is None:
        return
    both = view.once(code)
    for span in both.literals:
        written = both.text[span.start : span.end].strip('"')
        match = _MODULE_FILE.fullmatch(written)
        if match is not None and not view.ported(span, target):
            args = {
                "name": written.rpartition("/")[2],
                "kind": match.group(1),
                "target": target.id,
                "case": match.group(1),
            }
            yield finding("PK404", span, args)

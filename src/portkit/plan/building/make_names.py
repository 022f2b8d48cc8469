# SPDX-License-Identifier: Apache-2.0
"""References of a file of Make's whose name decides: libraries, architectures, places of the
toolkit, device sources, programs.
"""

from __future__ import annotations

import posixpath
import re

from portkit.model.plans import Decision
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Kind, Reason
from portkit.plan.building.findings import ARCHITECTURE, VERSION
from portkit.plan.building.make_lines import called_edit
from portkit.plan.building.make_shop import NO_PLACE, MakeShop
from portkit.plan.building.names import by_name

DROPPED = "PK707"
_BEHIND = re.compile(
    rb"(?P<close>[)}]?)(?P<rest>/lib64(?![\w/])|/lib(?![\w/])|/include(?![\w])|/bin(?=/nvcc)|/[\w.]+)?"
)


def plan_name(shop: MakeShop, index: int) -> None:
    """Plan one reference."""
    ref = shop.ref(index)
    if ref.kind is Kind.SOURCE:
        _plan_source(shop, index)
    elif ref.kind is Kind.ARCH:
        _plan_arch(shop, index)
    elif ref.kind in (Kind.ENVIRONMENT, Kind.PATH):
        _plan_place(shop, index)
    elif ref.kind is Kind.TOOL:
        _plan_tool(shop, index)
    elif ref.kind is Kind.LINK_LIBRARY:
        _plain(shop, index)
    else:
        shop.leave(index, NO_PLACE)


def _plain(shop: MakeShop, index: int) -> None:
    ref, decision = shop.ref(index), by_name(shop.ref(index), shop.site)
    if decision.action is Action.MANUAL:
        shop.leave(index, decision)
        return
    shop.made.decide(index, decision)
    if decision.action is Action.EDIT:
        edit = Edit(
            ref.span, shop.data[ref.span.start : ref.span.end], decision.replacement.encode()
        )
        shop.made.change([edit], [index])


def _plan_source(shop: MakeShop, index: int) -> None:
    """Plan a device source: it stays, or has the suffix that files get."""
    ref = shop.ref(index)
    stem, suffix = posixpath.splitext(ref.name)
    if not suffix:
        stem, suffix = "", ref.name
    new = shop.suffix(suffix)
    if new == suffix or ".." in ref.name:
        shop.keep(index)
    elif "$" in stem:
        shop.leave(index, NO_PLACE, DROPPED, "moved")
    else:
        span = Span(ref.span.end - len(suffix), ref.span.end)
        edit = Edit(ref.span, ref.name.encode("latin-1"), f"{stem}{new}".encode("latin-1"))
        shop.edit(index, stem + new, [edit] if span else [])


def _plan_arch(shop: MakeShop, index: int) -> None:
    """Plan an architecture that is the one word of a variable: the profile's stands for it."""
    ref = shop.ref(index)
    held = shop.reading.assignment_at(ref.span.start)
    decision = by_name(ref, shop.site)
    alone = held is not None and len(held.words) == 1 and held.words[0].span == ref.span
    if held is None or not alone or not _is_taken(shop, held.name):
        decision = NO_PLACE
    if decision.action is not Action.EDIT or not shop.arch:
        shop.leave(index, decision, ARCHITECTURE)
        return
    edit = Edit(ref.span, ref.name.encode(), shop.arch.encode())
    shop.edit(index, shop.arch, [edit], decision.row)


def _is_taken(shop: MakeShop, name: str) -> bool:
    """Do only lines of nvcc's take in the variable that holds an architecture? In a file without
    commands others do, which take it in.
    """
    if not shop.file.rules:
        return True
    reading = shop.reading
    alone = bool(reading.device_lines) and name not in reading.in_recipes
    return alone or name in reading.of_device


def _plan_place(shop: MakeShop, index: int) -> None:
    """Plan a variable of the environment, or a path of the toolkit, with the folder below it."""
    ref, way = shop.ref(index), shop.way
    decision = _of_place(shop, index)
    if decision.action is Action.MANUAL:
        shop.leave(index, decision, "PK716" if ref.kind is Kind.ENVIRONMENT else "")
        return
    match = _BEHIND.match(shop.data, ref.span.end)
    rest = (match["rest"] or b"").decode() if match is not None else ""
    name = decision.replacement or ref.name
    below = {
        "/lib64": way.library, "/lib": way.library, "/include": way.include, "/bin": way.compiler,
    }  # fmt: skip
    if rest and not below.get(rest):
        shop.leave(index, NO_PLACE, "PK710")
        return
    if not rest or rest == "/bin":
        if decision.action is Action.KEEP:
            shop.made.decide(index, decision)
            return
        edit = Edit(ref.span, ref.name.encode(), name.encode())
        shop.edit(index, name, [edit], decision.row)
        return
    assert match is not None
    close = match["close"].decode()
    before, after = f"{ref.name}{close}{rest}", f"{name}{close}/{below[rest]}"
    if before == after:
        shop.made.decide(index, decision)
        return
    edit = Edit(Span(ref.span.start, match.end()), before.encode(), after.encode())
    shop.edit(index, name, [edit], decision.row)


def _of_place(shop: MakeShop, index: int) -> Decision:
    ref = shop.ref(index)
    decision = by_name(ref, shop.site)
    if decision.row is None and ref.kind is Kind.ENVIRONMENT and ref.name in shop.reading.values:
        return Decision(Action.KEEP, Reason.USER_DECLARED)  # the project's own: its value follows
    return decision


def _plan_tool(shop: MakeShop, index: int) -> None:
    """Plan a program: nvcc where a variable is to hold the compiler; what is asked of others, and
    what reads it, is a person's.
    """
    ref = shop.ref(index)
    held = shop.reading.assignment_at(ref.span.start)
    word = held.word_at(ref.span.start) if held is not None else None
    compiler = held is not None and held.name in shop.reading.compilers
    holds = word is not None and word.span.contains(ref.span) and "shell" not in word.text
    decision = by_name(ref, shop.site)
    behind = shop.data[ref.span.end : ref.span.end + 12]
    if behind.lstrip().startswith((b"--version", b"-V")):
        shop.leave(index, NO_PLACE, VERSION)
    elif not compiler or not holds:
        shop.leave(index, NO_PLACE if decision.row is None or not decision.row.note else decision)
    elif decision.action is not Action.EDIT:
        shop.leave(index, decision)
    elif (edit := called_edit(shop, index, decision)) is None:
        shop.leave(index, NO_PLACE, "PK710")
    else:
        shop.made.decide(index, decision)
        shop.made.change([edit], [index])

# SPDX-License-Identifier: Apache-2.0
"""The commands by which a file of Make's calls a compiler: what tells the compiler that a source is
device code stands on the line that compiles it, never in a variable that lines that link share.
"""

from __future__ import annotations

from portkit.languages.cmake.names import names as sources
from portkit.languages.make.lines import Line
from portkit.languages.make.names import names
from portkit.model.plans import Decision
from portkit.model.spans import Edit
from portkit.model.words import Action, Kind
from portkit.plan.building.made import inserted
from portkit.plan.building.make_shop import NO_PLACE, MakeShop
from portkit.plan.building.names import by_name

SHARED = "PK709"  # one line, or one variable, for compiling and linking


def plan_lines(shop: MakeShop) -> None:
    """Plan each line of a compiler's with the word that calls it."""
    for line in shop.reading.lines:
        word = line.compiler
        inside = [
            i for i in shop.within(word.span) if shop.ref(i).kind in (Kind.COMMAND, Kind.TOOL)
        ]
        for index in inside:
            _plan_line(shop, line, index)


def _plan_line(shop: MakeShop, line: Line, index: int) -> None:
    tool = shop.ref(index).kind is Kind.TOOL
    if line.role == "asks":
        if tool:
            shop.leave(index, NO_PLACE, "PK708")
        else:
            shop.keep(index)
        return
    if line.mixed:
        shop.leave(index, NO_PLACE, SHARED, "mixed")
        return
    edits = _edits(shop, line)
    if edits is None:
        shop.leave(index, NO_PLACE, SHARED, "together" if line.device else "host")
        return
    ref = shop.ref(index)
    if not tool:
        if edits:
            shop.edit(index, " ".join([ref.name, *_added(edits)]), edits)
        else:
            shop.keep(index)
        return
    decision = by_name(ref, shop.site)
    if decision.action is not Action.EDIT:
        shop.leave(index, decision)
        return
    called = called_edit(shop, index, decision)
    if called is None:
        shop.leave(index, NO_PLACE, "PK710")
        return
    shop.made.decide(index, decision)
    shop.made.change([called, *edits], [index])


def _added(edits: list[Edit]) -> list[str]:
    return [e.new.decode("utf-8", "surrogateescape").strip() for e in edits]


def called_edit(shop: MakeShop, index: int, decision: Decision) -> Edit | None:
    """Return the edit of a compiler's name, with the folder that it lies in; None where that is
    not known.
    """
    span, data = shop.ref(index).span, shop.data
    folder = b"bin/"
    if data[span.start - 1 : span.start] != b"/":
        return Edit(span, data[span.start : span.end], decision.replacement.encode())
    start = span.start - len(folder)
    if not shop.way.compiler or data[start : span.start] != folder:
        return None
    return Edit(type(span)(start, span.end), data[start : span.end], shop.way.compiler.encode())


def _edits(shop: MakeShop, line: Line) -> list[Edit] | None:
    """Return what a line needs beside the compiler's name; None where it cannot be rewritten."""
    way = shop.way
    if line.role == "lost":
        return None
    if not line.device:
        if way.host_libraries is None:
            return None
        return _at_end(shop, line, way.host_libraries)
    if line.role == "link":
        behind = (
            [inserted(line.compiler.span.end, f" {' '.join(way.filled(way.link, shop.arch))}")]
            if way.link
            else []
        )
        return [*behind, *_at_end(shop, line, way.libraries)]
    if line.role not in ("compile", "both"):
        return []
    device = line.has(sources().sources)
    edits: list[Edit] = []
    if device:
        before = _before_source(shop, line)
        if before is None:
            return None
        edits += before
    elif not line.inputs:
        return None  # what it compiles is not known
    if line.role == "compile":
        return edits
    if not way.together:
        return None
    return [*edits, *_at_end(shop, line, way.libraries)]


def _before_source(shop: MakeShop, line: Line) -> list[Edit] | None:
    """Return what is written before the device sources of a line; None where objects, or sources
    of the host, would be taken for device code too.
    """
    way, known = shop.way, names()
    found = {s for _, some in line.inputs for s in some}
    device = {shop.suffix(s) for s in found & {*sources().sources}}
    native = device <= {*way.suffixes}
    words = [] if native or _says_language(line) else [*way.language]
    words += [w for start, w in way.always.items() if not _is_told(line, start)]
    words = way.filled([*words, *way.compile], shop.arch)
    if line.role == "both" and found - {*sources().sources}:
        return None
    if not words:
        return []
    if line.role == "compile" and found & {*known.objects}:
        found -= {*known.objects}
    at = min(n for n, some in line.inputs if some & {*sources().sources})
    recipe = line.recipe.words
    said = [n for n, w in enumerate(recipe) if w.text in known.compiles and line.at < n < at]
    place = recipe[said[0] if said else at]
    return [inserted(place.span.start, f"{' '.join(words)} ")]


def _is_told(line: Line, start: str) -> bool:
    """Has a line an option that begins so, or the one of nvcc's that becomes it?"""
    told = [start, *_ALIKE.get(start, ())]
    return any(w.startswith(tuple(told)) for w in line.words)


_ALIKE = {"-arch": ("--gpu-arch", "-gencode", "--generate-code"), "-std": ("--std",)}


def _says_language(line: Line) -> bool:
    """Is nvcc told on a line that sources are CUDA's? The table of options moves that."""
    pairs = zip(line.words, (*line.words[1:], ""), strict=True)
    return any(a in ("-x=cu", "--x=cu") or (a in ("-x", "--x") and b == "cu") for a, b in pairs)


def _at_end(shop: MakeShop, line: Line, words: tuple[str, ...]) -> list[Edit]:
    """Return the libraries that a line needs at its end, save those that it names already."""
    said = {_linked(shop, w) for w in line.words if w.startswith("-l")}
    needed = [w for w in words if w not in said]
    if not any(w.startswith("-l") for w in needed):
        return []
    text = " ".join(shop.way.filled(needed, shop.arch))
    return [inserted(line.recipe.words[-1].span.end, f" {text}")]


def _linked(shop: MakeShop, word: str) -> str:
    row = shop.site.build.rows.row(Kind.LINK_LIBRARY, ("lib",), word[2:])
    return f"-l{row.target}" if row is not None and row.target else word

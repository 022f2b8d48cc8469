# SPDX-License-Identifier: Apache-2.0
"""Which route Python code takes to a target, and what its tables say of a reference on it."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from portkit.languages.python.tables import LIBRARY, python_words
from portkit.model.errors import PortkitError
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.words import Context, Exists, Kind, Pairs, Status
from portkit.targets.lazy_set import LazySet
from portkit.targets.other_rows import OtherRow, OtherTable
from portkit.targets.parts import other_files
from portkit.targets.routes import NOTHING, Route, Routes, load_routes
from portkit.targets.rows import EXISTS, PAIRS, STATUSES
from portkit.targets.suggest import suggest
from portkit.targets.target import Target

_ROUTE = re.compile(r"route=([\w-]+)(?:; |$)")
_QUOTED = re.compile(r'"([^"]*)"')
_STEM = re.compile(r"(?:.*/)?(lib[\w-]+?)\.so(?:\.[\d.]+)?")
_KINDS: dict[Kind, tuple[str, ...]] = {  # of a table's rows, the first that is there counts
    Kind.ATTRIBUTE: ("attribute", "call", "namespace"),
    Kind.DEVICE: ("string",),
    Kind.BACKEND: ("string",),
    Kind.DISPATCH_KEY: ("dispatch-key",),
    Kind.ENVIRONMENT: ("env",),
    Kind.LINK_LIBRARY: ("string",),
    Kind.TOOL: ("string",),
    Kind.PACKAGE: ("package",),
    Kind.EXTENSION: ("extension",),
}
PYTHON_KINDS = frozenset(
    {
        Kind.ATTRIBUTE, Kind.DEVICE, Kind.BACKEND, Kind.DISPATCH_KEY, Kind.PACKAGE,
        Kind.EXTENSION, Kind.TOOL,
    }
)  # fmt: skip


def is_python(ref: Reference) -> bool:
    """Return whether a reference is one of Python's own, and not CUDA source in a string."""
    return ref.kind in PYTHON_KINDS or ref.context is Context.ARGUMENT


def routes_of(target: Target) -> Routes:
    """Return the table of a target's routes; on the way back to CUDA there are none."""
    return NOTHING if target.folder.name != target.id else load_routes(target.folder)


def route_of(target: Target) -> Route | None:
    """Return the route that was asked for, else the profile's default one; None where the target
    has none.
    """
    found = routes_of(target).of(target.profile)
    return next((r for r in found if target.way in (r.id, r.way)), found[0] if found else None)


def take_route(targets: Iterable[Target], way: str) -> None:
    """Have targets take a route, by its id or what it does. Raises PortkitError where one of them
    has none of that name.
    """
    for target in targets:
        found = routes_of(target).of(target.profile)
        names = list(dict.fromkeys(name for r in found for name in (r.id, r.way)))
        if way not in names:
            hint = suggest(way, names, f"routes of {target.spec}")
            raise PortkitError(f"unknown route {way!r} of {target.spec}", hint=hint)
        target.way = way
        target.digest = hashlib.sha256(f"{target.digest} {way}".encode()).hexdigest()[:16]


class PythonRow(Row, frozen=True, gc=False, omit_defaults=True):
    """A row of Python's tables. `route`: the one that it belongs to, "" for any."""

    route: str = ""


def python_row(ref: Reference, target: Target) -> PythonRow | None:
    """Return what a target's tables say of a reference of Python's, whatever the route."""
    table = _table(target.folder, target.profile)
    own = _own_rows(target.folder, target.profile)
    for name in _names(ref):
        said = next((own[kind, name] for kind in _KINDS[ref.kind] if (kind, name) in own), None)
        if said is not None:
            return _as_row(ref, said)
        found = table.named(name)
        for kind in _KINDS[ref.kind]:
            for row in found:
                if row.kind == kind:
                    return _as_row(ref, row)
    if ref.kind is Kind.LINK_LIBRARY:
        return _library(ref, target)
    if ref.kind is Kind.ATTRIBUTE:
        return _of_module(ref, target)
    if ref.kind is Kind.ENVIRONMENT:
        known = target.row(ref.name, Kind.ENVIRONMENT, "environment")
        if known is not None and not known.derived:
            return PythonRow(
                known.name, known.target, known.kind, known.status, known.exists, known.pairs,
                ref.library, known.sources, note=known.note,
            )  # fmt: skip
    return None


def portable_row(ref: Reference, target: Target) -> PythonRow | None:
    """Return the row of a name that every platform has."""
    to = python_words().portable.get(ref.name, "")
    if not to and ref.library == LIBRARY:
        note = "torch.accelerator has nothing for it"
        return PythonRow(
            ref.name,
            "",
            ref.kind,
            Status.NONE,
            Exists.HEADER,
            Pairs.NO,
            ref.library,
            note=note,
        )
    if not to:
        return None
    return PythonRow(ref.name, to, ref.kind, Status.MAPPED, Exists.HEADER, Pairs.ALIKE, ref.library)


def _names(ref: Reference) -> Iterator[str]:
    """Yield what tables may call a reference, the most telling first."""
    words = python_words()
    if ref.kind in (Kind.DEVICE, Kind.BACKEND):
        if ref.context is Context.COMPARE:
            yield (
                'x.device.type == "cuda"' if ref.kind is Kind.DEVICE else 'get_backend() == "nccl"'
            )
        if ref.qualifier in words.keyword_rows:
            yield words.keyword_rows[ref.qualifier]
        call, _, keyword = ref.qualifier.partition("(")
        parameter = words.parameter(call)
        if parameter is not None and keyword and parameter.row_keyword:
            yield parameter.row_keyword
        if parameter is not None and parameter.row:
            yield parameter.row
        form = "device" if ref.kind is Kind.DEVICE else "backends" if ":" in ref.name else "backend"
        yield words.strings[form].row
    elif ref.kind is Kind.TOOL:
        yield f'subprocess "{ref.name}"'
    elif ref.kind is Kind.LINK_LIBRARY:
        yield f'"{ref.name}"'
    else:
        yield ref.name
        if ref.name in words.rows:
            yield words.rows[ref.name]
        if ref.name.endswith("Activity.CUDA"):
            yield ref.name.replace(".autograd.", ".profiler.")
            yield ".".join(ref.name.split(".")[-2:])
        parts = ref.name.split(".")
        yield from (".".join([*parts[:n], "*"]) for n in range(len(parts) - 1, 1, -1))


def _of_module(ref: Reference, target: Target) -> PythonRow | None:
    """Return the row of the module that a name is in, where that says that it is not there."""
    module = ref.name.rpartition(".")[0]
    if module not in python_words().modules:
        return None
    own = _own_rows(target.folder, target.profile).get(("attribute", module))
    listed = _table(target.folder, target.profile).named(module)
    for row in [own] if own is not None else listed:
        if row.kind == "attribute" and row.status in ("none", "manual"):
            return _as_row(ref, row)
    return None


@functools.lru_cache(maxsize=16)
def _table(folder: Path, profile: str) -> OtherTable:
    """Return Python's rows alone: build files have rows of the same names that say other things.
    Whether they are well-formed is judged where all tables are (`Target.others`).
    """
    anything = LazySet(frozenset)
    table = OtherTable(anything, anything)
    for file in other_files(folder, profile):
        if file.stem.partition("@")[0] == "python":
            table.read(file, overlay="@" in file.stem)
    return table


@functools.lru_cache(maxsize=16)
def _own_rows(folder: Path, profile: str) -> dict[tuple[str, str], OtherRow]:
    """Return the rows that stand with the routes, by kind and name."""
    return {
        key: OtherRow(
            "python", r.kind, r.target, r.status, r.exists, r.pairs, tuple(r.source.split()),
            f"route={r.route}; {r.note}" if r.route else r.note,
        )
        for key, r in load_routes(folder).rows(profile).items()
    }  # fmt: skip


@functools.lru_cache(maxsize=16)
def _libraries(folder: Path, profile: str) -> dict[str, OtherRow]:
    """Return the rows of libraries by the stem of their name."""
    table, found = _table(folder, profile), {}
    for name, _ in table.names():
        match = _STEM.fullmatch(name.strip('"'))
        if match is not None and name.startswith('"'):
            for row in table.named(name):
                found[match[1]] = row
    return found


def _library(ref: Reference, target: Target) -> PythonRow | None:
    match = _STEM.fullmatch(ref.name)
    row = _libraries(target.folder, target.profile).get(match[1]) if match is not None else None
    return _as_row(ref, row) if row is not None else None


def _as_row(ref: Reference, row: OtherRow) -> PythonRow:
    """Return a row for a reference; its target is what stands in the reference's place."""
    to = row.target
    if ref.kind in (Kind.DEVICE, Kind.BACKEND, Kind.LINK_LIBRARY):
        quoted = _QUOTED.findall(to)
        to = quoted[-1] if quoted else ""
        if ":" in ref.name and ref.kind is Kind.BACKEND:
            to = ",".join(_pair(p, to) for p in ref.name.split(","))
    elif ref.kind is Kind.ATTRIBUTE:
        to = ref.name if row.status == "same" else to.removesuffix("()")
    match = _ROUTE.match(row.note)
    status = STATUSES[row.status]
    if status is Status.MAPPED and not to:
        status = Status.MANUAL
    return PythonRow(
        ref.name, to, ref.kind, status, EXISTS[row.exists], PAIRS[row.pairs], ref.library,
        row.sources, note=row.note[match.end() :] if match is not None else row.note,
        route=match[1] if match is not None else "",
    )  # fmt: skip


def _pair(pair: str, to: str) -> str:
    """Return a pair of device and backend as the other platform has it."""
    device = pair.partition(":")[0]
    if device != "cuda":
        return pair
    return next((p for p in to.split(",") if not p.startswith("cpu:")), pair)

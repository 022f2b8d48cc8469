# SPDX-License-Identifier: Apache-2.0
"""The folder that stands for a target's SDK: stand-ins for its compilers, and empty headers,
libraries and CMake packages by the names that the tables have. Where the SDK is on the machine, the
folder shows it, with its compilers behind a program that writes down how they are called.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from portkit.buildcheck import stand_in
from portkit.buildcheck.empty import make_empty
from portkit.buildcheck.stand_in_sdk import fill
from portkit.languages.make.names import names as make_names
from portkit.languages.nvcc_flags import nvcc_flags
from portkit.model.errors import PortkitError
from portkit.targets.target import Target

LANGUAGE = "-x"  # of any compiler's driver
_HOSTS = ("cc", "c++", "gcc", "g++", "clang", "clang++")
ARCHIVER = "ar"


class Toolchain(msgspec.Struct, frozen=True):
    """What the build is given. `root`: the SDK's folder; `path`: folders for PATH; `log`: where the
    stand-ins write; `compilers`: of device code; `real`: whether they are the real ones.
    """

    root: Path
    path: tuple[Path, ...]
    log: Path
    compilers: tuple[str, ...]
    real: bool


def compilers_of(target: Target) -> tuple[str, ...]:
    """Return the target's compilers of device code: what stands for CUDA's in its rows."""
    found = dict[str, None]()
    for name in sorted(make_names().compilers):
        for row in target.others.named(name):
            if row.table == "build" and row.kind in ("make", "tool") and " " not in row.target:
                found[row.target] = None
    return tuple(found)


def make_toolchain(target: Target, folder: Path, sdk: Path | None) -> Toolchain:
    """Make the stand-ins in an empty folder. `sdk`: where the target's SDK is, None where it is not
    on the machine. Raises PortkitError where the tables know no compiler.
    """
    compilers = compilers_of(target)
    if not compilers:
        raise PortkitError(
            f"no compiler of {target.spec} is known",
            hint="its wrapper builds the files as they are",
        )
    root, bin_, log = folder / "sdk", folder / "bin", folder / "calls.jsonl"
    for made in (root, bin_):
        made.mkdir()
    log.touch()
    way = target.build.facts.make
    below = way.compiler if way is not None and way.compiler else f"bin/{compilers[0]}"
    real = _real(compilers, below, sdk)
    notes, empty = folder / "notes.json", make_empty(folder)
    if sdk is not None:
        _show(sdk, root, {str(Path(below).parent)})
    else:
        fill(target, root, empty["library"])
    for place in (bin_, (root / below).parent):
        place.mkdir(parents=True, exist_ok=True)
        for name in compilers:
            _program(place / name, notes, name)
    for name in (*_HOSTS, *sorted(make_names().compilers), ARCHIVER):
        if not (bin_ / name).exists():
            _program(bin_ / name, notes, name)
    notes.write_text(json.dumps(_notes(target, compilers, real, empty, log)), encoding="utf-8")
    return Toolchain(root, (bin_, (root / below).parent), log, compilers, bool(real))


def _real(compilers: Iterable[str], below: str, sdk: Path | None) -> dict[str, str]:
    """Return the programs of an SDK by name. Raises PortkitError where it has none."""
    if sdk is None:
        return {}
    places = [sdk / Path(below).parent, sdk / "bin"]
    found = {n: str(p / n) for n in compilers for p in places if os.access(p / n, os.X_OK)}
    if not found:
        raise PortkitError(f"no {' or '.join(compilers)} here", str(sdk), "give the SDK's folder")
    return found


def _notes(
    target: Target,
    compilers: tuple[str, ...],
    real: dict[str, str],
    empty: dict[str, Path],
    log: Path,
) -> dict[str, object]:
    host = next((p for n in ("c++", "g++", "clang++") if (p := shutil.which(n))), "")
    hosts = {name: path for name in _HOSTS if (path := shutil.which(name))}
    archiver = {ARCHIVER: shutil.which(ARCHIVER) or ""}
    way = target.build.facts.make
    return {
        "log": str(log),
        "host": host,
        "real": (real | hosts if real else {}) | archiver,
        "probe": hosts,
        "device": list(compilers),
        "languages": [w for w in (way.language if way is not None else ()) if w != LANGUAGE],
        "own_words": sorted(_own_words(target)),
        "refused": {
            name: f"a stand-in of portkit: this build still calls {name}"
            for name in sorted(make_names().compilers)
        },
        # options of nvcc's that are left over have their values
        "takes": sorted(s for s, f in nvcc_flags().items() if f.own and f.value in ("one", "list")),
        "compiles": sorted(make_names().compiles),
        "empty": {kind: str(path) for kind, path in empty.items()},
    }


def _own_words(target: Target) -> set[str]:
    """Return the beginnings of options that a host compiler does not know."""
    known, way = nvcc_flags(), target.build.facts.make
    rows = [r for some in target.build.flags.rows.values() for r in some if r.target]
    words = {r.target.split()[0] for r in rows if r.step not in ("host", "link")}
    own = {w for w in words if (flag := known.get(w)) is None or flag.own}
    if way is not None:
        own |= {re.split(r"[={]", w)[0] for w in (*way.compile, *way.link)}
        own |= {w for w in way.libraries if w.startswith("-l")}
    return {w for w in own if w.startswith("-") and w != LANGUAGE}


def _program(place: Path, notes: Path, name: str) -> None:
    line = (sys.executable, "-I", "-S", str(Path(stand_in.__file__)), str(notes), name)
    place.unlink(missing_ok=True)  # a link into the SDK is never written through
    place.write_text(f'#!/bin/sh\nexec {shlex.join(line)} "$@"\n', encoding="utf-8")
    place.chmod(0o755)


def _show(sdk: Path, root: Path, own: set[str]) -> None:
    """Lay links to all of an SDK, but for the folders that are `own`, whose entries are linked."""
    for entry in sorted(sdk.iterdir()):
        if entry.name in {Path(o).parts[0] for o in own if o != "."}:
            (root / entry.name).mkdir()
            inner = {str(Path(*Path(o).parts[1:])) for o in own if Path(o).parts[0] == entry.name}
            _show(entry, root / entry.name, inner)
        else:
            (root / entry.name).symlink_to(entry)

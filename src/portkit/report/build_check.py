# SPDX-License-Identifier: Apache-2.0
"""What came of a build with stand-ins, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TextIO

import msgspec

import portkit
from portkit.model.build_check import BuildCheck, Ran
from portkit.printable import printable, printable_json, printable_path
from portkit.report.i18n import Catalog, catalog

SCHEMA = "portkit/build-check/1"


# `build-check --format json`: what is said of the document, and all of a BuildCheck.
_HEAD: tuple[tuple[str, Any], ...] = (
    ("schema", str),
    ("tool", dict[str, str]),
    ("holds", bool),
    ("silent", bool),
)
BuildCheckDocument = msgspec.defstruct(
    "BuildCheckDocument",
    [*_HEAD, *((f.name, f.type) for f in msgspec.structs.fields(BuildCheck))],
    frozen=True,
)
_NAMES = 12  # sources, faults of a kind: shown


def as_text(found: BuildCheck, title: str, language: str, out: TextIO) -> None:
    """Write it as lines of text."""
    words = catalog(language)
    out.write("\n".join(_lines(words, found, title)) + "\n")


def _lines(words: Catalog, found: BuildCheck, title: str) -> Iterable[str]:
    compilers = ", ".join(found.compilers)
    yield words("check_title", title=title, spec=f"{found.target}@{found.profile}")
    kind = "check_stand_ins" if found.stand_ins else "check_real"
    yield words(kind, compilers=compilers)
    for run in found.runs:
        yield from _run(words, run)
    done = len(found.sources) - len(found.left) - len(found.unnamed)
    yield words(
        "check_sources",
        sources=f"{len(found.sources):,}", done=f"{done:,}", compiles=f"{found.compiles:,}",
        compilers=compilers,
    )  # fmt: skip
    if found.links:
        yield words("check_links", links=f"{found.links:,}", host=f"{found.host_links:,}")
    if found.silent:
        yield words("check_silent")
    yield from _some(words, "check_left", map(printable_path, found.left))
    yield from _some(words, "check_unnamed", map(printable_path, found.unnamed))
    for case in dict.fromkeys(fault.case for fault in found.faults):
        some = [fault for fault in found.faults if fault.case == case]
        yield words(f"check_{case.replace('-', '_')}")
        for fault in some[:_NAMES]:
            yield words(
                "check_fault",
                what=printable(fault.what), count=f"{fault.count:,}",
                first=printable_path(fault.first),
            )  # fmt: skip
        if len(some) > _NAMES:
            yield words("check_more", count=f"{len(some) - _NAMES:,}")
    yield words("check_holds" if found.holds else "check_fails")


def _run(words: Catalog, run: Ran) -> Iterable[str]:
    seconds = f"{run.seconds:.1f}"
    if run.code == 0:
        yield words("check_ran", command=run.command, seconds=seconds)
        return
    key = "check_timeout" if run.code is None else "check_failed"
    yield words(key, command=run.command, code=run.code, seconds=seconds)
    yield from (f"    {line}" for line in run.said)


def _some(words: Catalog, key: str, names: Iterable[str]) -> Iterable[str]:
    listed = list(names)
    if listed:
        yield words(key)
        yield from (f"    {name}" for name in listed[:_NAMES])
    if len(listed) > _NAMES:
        yield words("check_more", count=f"{len(listed) - _NAMES:,}")


def as_json(found: BuildCheck, title: str, language: str, out: TextIO) -> None:
    """Write it as one document."""
    tool = {"name": "portkit", "version": portkit.__version__}
    parts = msgspec.structs.asdict(found)
    document = BuildCheckDocument(SCHEMA, tool, found.holds, found.silent, **parts)
    out.write(printable_json(msgspec.json.encode(document)) + "\n")


FORMATS: dict[str, Callable[[BuildCheck, str, str, TextIO], None]] = {
    "text": as_text,
    "json": as_json,
}

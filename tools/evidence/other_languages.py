# SPDX-License-Identifier: Apache-2.0
"""Rows of python.tsv and build.tsv: what Python, libtorch and build files say. They come with both
axes and a decision, and with the profiles or the route that they hold for.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evidence.reading import cells_of

INCLUDE = re.compile(r'#include [<"]([\w./+\-]+)[>"]', re.A)
NAME = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)
EXISTS = {"source": "header"}  # the vendor's own package defines it
# What a line says of C++ by a piece of code, and the name that is meant in it.
CALLED = re.compile(r"tensor\.([A-Za-z_]\w*)\(\)", re.A)
KEY_OF = re.compile(r"(STABLE_)?TORCH_LIBRARY_IMPL\(ns, (\w+), m\)", re.A)
# How a line says what is to be done -> the status of a row.
STATUS = {"keep": "same", "rename": "mapped", "drop": "dropped"}
NONE = ("-", "")
# What the collected notes say of the product of their day, not of the name.
OLD = re.compile(
    r"(?:no row in )?portkit [\d.]+(?: (?:says|derives|names|writes) [^;]*|:[^;]*|)|measured \d+"
    r'|a "same" row is wanted',
    re.A,
)
# Words of the profile column that name no profile.
EVERYWHERE = frozenset({"any", "native", "torch", ""})


def add_other_languages(importer: Any, evidence: Path) -> None:
    """Add the rows of both files to an importer, and drop with a reason what makes none."""
    for table in ("python", "build"):
        path = evidence / f"{table}.tsv"
        if path.is_file():
            for cells in cells_of(path)[1]:
                _add(importer, table, [*cells, *[""] * 9][:9])


def _add(importer: Any, table: str, cells: list[str]) -> None:
    kind, name, target, where, how, exists, pairs, source, note = cells
    if table == "python" and kind in ("c++", "dispatch-key"):
        name, target = (_meant(text, kind == "dispatch-key") for text in (name, target))
        table, kind = "frameworks", "torch-c++"
    target = "" if target in NONE or (how == "drop" and target == "drop") else target
    if name in NONE:
        importer.drop(name, target, "no name of CUDA's: a line to add")
        return
    profiles, route = _profiles(importer, where)
    text = "; ".join(filter(None, [route, _how(how), OLD.sub("", note).strip(" ;")]))
    for profile in profiles:
        row = _row(importer, table, kind, name, target)
        if how == "keep":  # spelt as it is, whatever the line adds
            extra = "" if target in (name, "") else f"kept; {target}"
            row["target"], text = row["name"], "; ".join(filter(None, [extra, text]))
        if row["name"] != name and (profile, row["key"]) in importer.rows and row["target"]:
            importer.drop(name, target, f"by way of another namespace: {row['name']} has a row")
            continue
        row |= {
            "status": _status(how, row["name"], row["target"]),
            "exists": EXISTS.get(exists, exists), "pairs": pairs if row["target"] else "no",
            "sources": importer.sources.ids(source), "note": text, "recipe": "", "seen": 0,
        }  # fmt: skip
        if row["status"] == "dropped":
            row["target"] = ""
        if row["status"] in ("manual", "none") and not row["note"]:
            row["note"] = "the source names no counterpart"
        importer.offer(profile, row)


def _meant(text: str, is_key: bool) -> str:
    """Return the header or name that a piece of code names, as the vocabulary spells it."""
    if (key := KEY_OF.fullmatch(text)) is not None:
        return f"{'torch::stable' if key.group(1) else 'c10'}::DispatchKey::{key.group(2)}"
    if is_key and NAME.fullmatch(text):
        return f"c10::DispatchKey::{text}"
    return CALLED.sub(r"\1", INCLUDE.sub(r"\1", text))


def _row(importer: Any, table: str, kind: str, name: str, target: str) -> dict[str, Any]:
    """Return name, target, kind and library; a C++ name of the vocabulary goes to its library."""
    if table == "frameworks" and (NAME.fullmatch(name) or "/" in name) and " " not in name:
        wanted = "header" if "/" in name else "function"
        library, placed = importer.places.place(name, wanted, "")
        if library not in ("frameworks", "unlisted"):
            scope = importer.places.scope(name)
            name = importer.places.placed(f"{scope}::{name}" if scope else name)
            if NAME.fullmatch(target) or not target or "/" in target:
                made = {"name": name, "target": target, "kind": placed, "library": library}
                return made | {"key": importer.key(library, name, placed)}
    made = {"name": name, "target": target, "kind": kind, "library": table}
    return made | {"key": importer.key(table, name, kind)}


def _profiles(importer: Any, where: str) -> tuple[list[str], str]:
    """Return the profiles that a line holds for ("": all of them) and the route that it says."""
    parts = where.split(";")
    profiles = [p for p in parts if p in importer.profiles]
    other = [p for p in parts if p not in importer.profiles and p not in EVERYWHERE]
    if set(profiles) >= {p for p in importer.profiles if p}:
        profiles = []
    return profiles or [""], ", ".join(other)


def _status(how: str, name: str, target: str) -> str:
    if how == "rename" and name == target:
        return "same"
    status = STATUS.get(how, "manual")
    return "manual" if status in ("same", "mapped") and not target else status


def _how(how: str) -> str:
    return how if how in ("shim", "replace-call") else ""

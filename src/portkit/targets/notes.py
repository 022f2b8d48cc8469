# SPDX-License-Identifier: Apache-2.0
"""What the notes of a target's rows say in Chinese: mappings/<target>/notes.zh.toml.

A note is made of parts between `; `; the file has each part once. A `*` in a part stands for any
text, and in its translation for that text again.
"""

from __future__ import annotations

import functools
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from portkit.model.errors import PortkitError
from portkit.targets.recipes import AnyRecipe
from portkit.targets.schema import Assumed, Missing

FILE = "notes.zh.toml"
_ROUTES = "portkit.targets.routes"


class Translations:
    """Parts of notes in English with their Chinese."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._whole = {en: zh for en, zh in parts.items() if "*" not in en}
        self._shapes = [
            (re.compile(re.escape(en).replace(r"\*", "(.+)"), re.A), zh)
            for en, zh in parts.items()
            if "*" in en
        ]

    def of(self, note: str) -> str:
        """Return a note in Chinese; empty where none of its parts is translated, and with the parts
        in English that are not.
        """
        if note in self._whole:
            return self._whole[note]
        parts = note.split("; ")
        made = [self._part(part) for part in parts]
        if not any(made):
            return ""
        return "；".join(  # noqa: RUF001
            zh or en for en, zh in zip(parts, made, strict=True)
        )

    def lacking(self, note: str) -> list[str]:
        """Return the parts of a note that are in English only."""
        if note in self._whole:
            return []
        return [part for part in note.split("; ") if part and not self._part(part)]

    def _part(self, part: str) -> str:
        if part in self._whole:
            return self._whole[part]
        for shape, zh in self._shapes:
            if match := shape.fullmatch(part):
                for text in match.groups():
                    zh = zh.replace("*", text, 1)
                return zh
        return ""


def read_translations(path: Path) -> dict[str, str]:
    """Return the pairs of a file; none when there is no file. Raises PortkitError for a malformed
    one.
    """
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PortkitError(f"broken translations: {error}", str(path)) from error
    for en, zh in found.items():
        if not isinstance(zh, str) or en.count("*") != zh.count("*"):
            raise PortkitError(f"broken translation of {en!r}", str(path))
    return found


def translator(
    folder: Path, missing: Iterable[Missing | Assumed], recipes: Mapping[str, AnyRecipe]
) -> Callable[[str], str]:
    """Return what gives a target's notes in Chinese: by its file, its groups, its
    recipes and its routes.
    """
    parts = read_translations(folder / FILE)
    parts |= {m.note: m.note_zh for m in missing if m.note_zh}
    parts |= {r.note: r.note_zh for r in recipes.values() if r.note and r.note_zh}
    known = Translations(parts)

    def of(note: str) -> str:
        said = known.of(note)
        if said or _ROUTES not in sys.modules:  # whoever has a note of a route has read routes
            return said
        return _of_routes(folder).get(note, "")

    return of


@functools.cache
def _of_routes(folder: Path) -> dict[str, str]:
    """Return the notes of a target's routes, which only those of Python code meet."""
    from portkit.targets.routes import load_routes

    notes = [
        note
        for route in load_routes(folder).route
        for note in (*(g.note for g in route.gaps), *(a.note for a in route.answers))
    ]
    return {note["en"]: note["zh"] for note in notes}

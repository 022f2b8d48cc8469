# SPDX-License-Identifier: Apache-2.0
"""Reads a target.toml and judges it: every fault is one line, file:line: key: what is wrong."""

from __future__ import annotations

import difflib
import enum
import functools
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from portkit.files.toml_lines import KeyPath, key_lines, line_of
from portkit.targets.patterns import fault_of
from portkit.targets.rows import TableError
from portkit.targets.schema import Assumed, Count, Facts, Guard, Missing, Pattern, TargetFile

_PROFILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_NOUNS = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    dict: "a table",
    list: "a list",
}

_NUMBERS = tuple(f.name for f in msgspec.structs.fields(Facts) if f.type == Count | None)

Fault = tuple[KeyPath, str]


class TargetFileError(TableError):
    """A target.toml with faults. The message is the first of `problems`, on one line; `target`: the
    folder that the file is in.
    """

    def __init__(self, problems: list[str], target: str) -> None:
        super().__init__(problems)
        self.target = target
        more = (
            f" (and {len(problems) - 1} more: portkit targets --check)" if len(problems) > 1 else ""
        )
        self.message = f"{problems[0]}{more}"


def read_target_file(path: Path, patterns: bool = True) -> TargetFile:
    """Return what a target.toml says; without `patterns`, these are not judged, for who reads other
    keys only.

    Raises TargetFileError with every fault of it.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        what = [f"{path}: broken target file: not UTF-8"]
        raise TargetFileError(what, path.parent.name) from error
    except OSError as error:
        what = [f"{path}: cannot read the target file: {error.strerror}"]
        raise TargetFileError(what, path.parent.name) from error
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = place[1] if place and place[1] else str(text.count("\n") + 1)
        what = [f"{path}:{line}: broken target file: {_PLACE.sub('', str(error))}"]
        raise TargetFileError(what, path.parent.name) from error
    try:
        file = msgspec.convert(data, TargetFile)
        found = list(_agreement(file, path.parent.name))
    except msgspec.ValidationError as error:
        found = list(_checked(data, TargetFile, ())) or [((), str(error))]
    else:
        if patterns:
            found += list(_checked(data, TargetFile, ())) or _joined(file)
        if not found:
            return file
    lines = key_lines(text)
    placed = sorted((line_of(lines, at), _spelled(at), what) for at, what in found)
    problems = [f"{path}:{line}: {f'{key}: ' if key else ''}{what}" for line, key, what in placed]
    raise TargetFileError(problems, path.parent.name)


def _checked(value: object, kind: Any, at: KeyPath) -> Iterator[Fault]:
    """Yield what keeps `value` from being a `kind`, all of it: msgspec would stop at the first."""
    metas: tuple[Any, ...] = ()
    if typing.get_origin(kind) is Annotated:
        if kind == Pattern and isinstance(value, str):
            if fault := fault_of(value, groups=at[-4:-2] != ("naming", "rules")):
                yield at, fault
            return
        kind, *rest = typing.get_args(kind)
        metas = tuple(rest)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):  # `| None` only: TOML has no null
        yield from _checked(value, next(a for a in args if a is not types.NoneType), at)
        return
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _table(value, kind, at)
    elif origin is dict:
        yield from _mapping(value, args, at)
    elif origin is tuple:
        yield from _list(value, args, at)
    elif origin is typing.Literal or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        words = [str(w) for w in args or [member.value for member in kind]]
        if value not in words:
            yield at, f"{value!r} is none of {', '.join(words)}{_nearest(str(value), words)}"
    elif type(value) is not kind:
        yield at, f"want {_NOUNS[kind]}, not {_noun(value)}"
        return
    yield from ((at, fault) for meta in metas for fault in _limits(value, meta))


def _limits(value: Any, meta: msgspec.Meta) -> Iterator[str]:
    if meta.gt is not None and value <= meta.gt:
        yield f"want a number above {meta.gt}, not {value}"
    if meta.pattern is not None and not re.search(meta.pattern, value):
        yield f"{value!r} is not of the form {meta.pattern}"
    if meta.min_length is not None and isinstance(value, dict) and len(value) < meta.min_length:
        yield "the table is empty"


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    return {f.encode_name: f for f in msgspec.structs.fields(kind)}


def _table(value: object, kind: type[msgspec.Struct], at: KeyPath) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield at, f"want a table, not {_noun(value)}"
        return
    fields = _fields(kind)
    for key, item in value.items():
        if key in fields:
            yield from _checked(item, fields[key].type, (*at, key))
        else:
            yield (*at, key), f"unknown key{_nearest(key, fields)}"
    for key, field in fields.items():
        if field.required and key not in value:
            yield at, f"the key {key} is needed here"


def _mapping(value: object, kinds: tuple[Any, ...], at: KeyPath) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield at, f"want a table, not {_noun(value)}"
        return
    for key, item in value.items():
        yield from _checked(key, kinds[0], (*at, key))
        yield from _checked(item, kinds[1], (*at, key))


def _list(value: object, kinds: tuple[Any, ...], at: KeyPath) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield at, f"want a list, not {_noun(value)}"
        return
    if kinds[-1] is not Ellipsis and len(kinds) != len(value):
        yield at, f"want a list of {len(kinds)}, not of {len(value)}"
        return
    for number, item in enumerate(value):
        yield from _checked(item, kinds[0 if kinds[-1] is Ellipsis else number], (*at, number))


def _agreement(file: TargetFile, folder: str) -> Iterator[Fault]:
    """Yield where parts of a file that has the right form do not fit together."""
    if file.id != folder:
        yield ("id",), f"want {folder!r}, the name of the target's folder, not {file.id!r}"
    for name in file.profiles:
        if not _PROFILE.fullmatch(name):
            yield ("profiles", name), "a profile's name has letters, digits, `_`, `.` and `-` only"
    if file.default_profile and file.default_profile not in file.profiles:
        yield ("default_profile",), _no_profile(file.default_profile, file)
    macros = {*file.vendor_macros, *file.vendor_switches}
    for number, macro in enumerate(file.identity_macros):
        if macro not in macros:
            yield (
                ("identity_macros", number),
                f"{macro} is none of vendor_macros{_nearest(macro, macros)}",
            )
    yield from _guard_facts((), file.guards)
    for name, own in file.profiles.items():
        yield from _guard_facts(("profiles", name), own.guards)
    for number, entry in enumerate(file.missing):
        yield from _named(("missing", number), entry, file)
    for number, assumption in enumerate(file.assumed):
        yield from _named(("assumed", number), assumption, file)


def _guard_facts(at: KeyPath, guards: Mapping[str, Guard]) -> Iterator[Fault]:
    """Yield which guards take their value from a fact that is no number."""
    for macro, guard in guards.items():
        if guard.fact and guard.fact not in _NUMBERS:
            why = f"no fact with a number is called {guard.fact!r}{_nearest(guard.fact, _NUMBERS)}"
            yield (*at, "guards", macro, "fact"), why


def _named(at: KeyPath, entry: Missing | Assumed, file: TargetFile) -> Iterator[Fault]:
    for position, name in enumerate(entry.profiles):
        if name not in file.profiles:
            yield (*at, "profiles", position), _no_profile(name, file)
    if not (entry.libraries or entry.names) or not entry.note or not entry.source:
        yield at, "needs libraries or names, a source and a note"


def _joined(file: TargetFile) -> Iterator[Fault]:
    """Yield which lists of patterns, each good by itself, cannot be joined into one."""
    for key, patterns in (
        ("own_patterns", file.own_patterns),
        ("vendor_headers", file.vendor_headers),
        ("bare_headers", file.bare_headers),
    ):
        try:
            re.compile("|".join(patterns), re.A)
        except re.error as error:
            yield (key,), f"the patterns do not go together: {error}"


def _no_profile(name: str, file: TargetFile) -> str:
    return f"no profile is called {name!r}{_nearest(name, file.profiles)}"


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _noun(value: object) -> str:
    return _NOUNS.get(type(value), "a date or time")


def _spelled(at: KeyPath) -> str:
    """Return a key's path as TOML spells it; items of a list are counted from 1."""
    said = ""
    for part in at:
        if isinstance(part, int):
            said += f"[{part + 1}]"
        else:
            quoted = part if _BARE.fullmatch(part) else f'"{part}"'
            said += f".{quoted}" if said else quoted
    return said

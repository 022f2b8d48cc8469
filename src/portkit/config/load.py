# SPDX-License-Identifier: Apache-2.0
"""Reading a configuration file: portkit.toml, or the table `tool.portkit` of pyproject.toml."""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from portkit.config.keys import Accept, Config, EffortKeys, Override, file_key
from portkit.files.compdb import DATABASE_FILE
from portkit.files.git_dirs import git_top
from portkit.files.links import stays
from portkit.files.patterns import faults_of
from portkit.files.regular import SETTINGS_BYTES, read_regular
from portkit.model.errors import PortkitError

_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_AT = re.compile(r" - at `(?:key in )?(?P<path>\$[^`]*)`")
_HEADER = re.compile(r"\s*\[(?P<many>\[)?(?P<name>[^\[\]]+)\]")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*""")
_KEY = re.compile(rf"{_PART.pattern}(?:\.{_PART.pattern})*")
Where = tuple[str | int, ...]


class ConfigFile(msgspec.Struct, frozen=True):
    """A configuration as read: its values, the file, and the line (1-based) of each key that is set
    at the top.
    """

    path: Path
    config: Config
    lines: dict[str, int]


def load_config(path: Path) -> ConfigFile:
    """Read a configuration. Raises PortkitError that names the file, the line where known, and a
    key that was meant.
    """
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # numbers that Python does not read too
        raise PortkitError(f"not TOML: {error}", str(path)) from error
    except RecursionError as error:
        raise PortkitError("not TOML that can be read: nested too deeply", str(path)) from error
    inside = path.name == "pyproject.toml"
    table = _own_table(document) if inside else document
    prefix: Where = ("tool", "portkit") if inside else ()
    lines = key_lines(text)
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise _explained(str(error), path, prefix, lines) from None
    for where, fault in (*_zero_bytes(table), *_pattern_faults(config)):
        raise PortkitError(f"{_spelt(where)}: {fault}", _place(path, (*prefix, *where), lines))
    found = {key.replace("-", "_"): lines.get((*prefix, key), 0) for key in table}
    if config.baseline is not None:
        _check_place(config.baseline, path, found.get("baseline", 0))
    return ConfigFile(path, config, found)


def load_found(path: Path) -> ConfigFile:
    """Read a configuration that nobody named: one that was found in the tree.

    It counts for the tree alone: itself, its maps and its compile database lie in the git checkout
    (without one, in the configuration's folder), with each link on the way. Raises PortkitError.
    """
    top = git_top(path.parent) or path.parent
    if not stays(path, [top]):
        hint = "name the file by --config, or pass --no-config"
        raise PortkitError("the configuration is a link out of the tree", str(path), hint)
    found = load_config(path)
    for key, said, hint in (
        ("maps", found.config.maps or [], "one elsewhere is named by --map or PORTKIT_MAPS"),
        ("compile-db", _database(found), "one elsewhere is named by -p or PORTKIT_COMPILE_DB"),
    ):
        line = found.lines.get(key.replace("-", "_"), 0)
        for name in said:
            if not stays(path.parent / name, [top]):
                what = f"{key}: {name!r} leads out of the tree"
                raise PortkitError(what, f"{path}:{line}" if line else str(path), hint)
    return found


def _database(found: ConfigFile) -> list[str]:
    """Return the names that may be the compile database: the folder and the file in it."""
    name = found.config.compile_db
    return [] if name is None else [name, f"{name}/{DATABASE_FILE}"]


def _text(path: Path) -> str:
    try:
        data = read_regular(path, SETTINGS_BYTES).removeprefix(codecs.BOM_UTF8)
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise PortkitError(f"cannot read the configuration: {error.strerror}", str(path)) from error
    except UnicodeDecodeError as error:
        place = f"{path}:{data.count(10, 0, error.start) + 1}"
        raise PortkitError("the configuration is not UTF-8", place, "save it as UTF-8") from error


def _own_table(document: Mapping[str, Any]) -> Any:
    tool = document.get("tool", {})
    return tool.get("portkit", {}) if isinstance(tool, dict) else {}


def _zero_bytes(value: Any, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Yield the strings that hold a zero byte: no path, pattern or name can."""
    if isinstance(value, str):
        if "\0" in value:
            yield where, "holds a zero byte"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _zero_bytes(key, where)
            yield from _zero_bytes(inner, (*where, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _zero_bytes(inner, (*where, index))


def _pattern_faults(config: Config) -> Iterator[tuple[Where, str]]:
    lists: dict[Where, Sequence[str]] = {
        ("include",): config.include or (),
        ("exclude",): config.exclude or (),
    }
    lists |= {("overrides", n, "paths"): o.paths for n, o in enumerate(config.overrides or ())}
    for where, patterns in lists.items():
        for index, fault in faults_of(patterns):
            if index >= 0:
                yield (*where, index), f"{patterns[index]!r} {fault}"
            else:
                yield where, fault


def _check_place(name: str, path: Path, line: int) -> None:
    """Raise PortkitError for a file to write that does not lie below the configuration's folder,
    links resolved.

    A configuration comes with the tree, and whoever wrote it must not choose what is written
    elsewhere.
    """
    folder, where = path.parent.resolve(), f"{path}:{line}" if line else str(path)
    try:
        real = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise PortkitError(f"baseline: {name!r} cannot be resolved: {error}", where) from error
    hint = "one elsewhere is named by --baseline or PORTKIT_BASELINE"
    if real == folder or not real.is_relative_to(folder) or not stays(folder / name, [folder]):
        raise PortkitError(
            f"baseline: {name!r} does not lie below the configuration's folder", where, hint
        )
    if any(part.casefold() == ".git" for part in real.relative_to(folder).parts):
        raise PortkitError(f"baseline: {name!r} lies in the repository's own folder", where, hint)


def _explained(text: str, path: Path, prefix: Where, lines: dict[Where, int]) -> PortkitError:
    at = _AT.search(text)
    where = _path(at["path"]) if at else ()
    unknown = _UNKNOWN.search(text)
    hint = ""
    if unknown:
        known = _known_keys(where)
        near = difflib.get_close_matches(unknown["key"].replace("_", "-"), known, 1, 0.6)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        said = f"unknown key {_spelt((*where, unknown['key']))!r}"
        where = (*where, unknown["key"])
    else:
        said = f"{_spelt(where) or 'the configuration'}: {_AT.sub('', text)}"
        words = _words(where[-1]) if where and "Invalid enum value" in text else ()
        hint = f"one of {', '.join(words)}" if words else ""
    return PortkitError(said, _place(path, (*prefix, *where), lines), hint)


def _place(path: Path, where: Where, lines: Mapping[Where, int]) -> str:
    """Return the file with the line of a key, or of the nearest one around it that has a line."""
    line = next((lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in lines), 0)
    return f"{path}:{line}" if line else str(path)


def _known_keys(where: Where) -> list[str]:
    kinds: dict[str, Any] = {"overrides": Override, "accept": Accept, "effort": EffortKeys}
    named = [part for part in where if isinstance(part, str)]
    kind = kinds.get(named[-1], Config) if named else Config
    return [f.encode_name for f in msgspec.structs.fields(kind)]


def _words(key: str | int) -> tuple[str, ...]:
    """Return the words that a key takes, for one of a closed set."""
    for kind in (Config, Accept):
        hints = {file_key(name): hint for name, hint in get_type_hints(kind).items()}
        for option in get_args(hints.get(str(key))):
            if get_origin(option) is Literal:
                return tuple(map(str, get_args(option)))
    return ()


def _path(text: str) -> Where:
    """`$.overrides[0].select` -> ("overrides", 0, "select")."""
    parts = re.findall(r"\.([\w-]+)|\[(\d+)\]|\[\.\.\.\]", text)
    return tuple(name or int(number) for name, number in parts if name or number)


def _spelt(where: Where) -> str:
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def key_lines(text: str) -> dict[Where, int]:
    """Return the line of each key and table header of a TOML text, by its path; the first of a
    repeated one.
    """
    found: dict[Where, int] = {}
    table: Where = ()
    counts: dict[Where, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            table = _dotted(header["name"])
            if header["many"]:
                index = counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, index)
            for depth in range(1, len(table) + 1):
                found.setdefault(table[:depth], number)
            continue
        name, equals, _ = line.partition("=")
        if equals and (key := _dotted(name)):
            found.setdefault((*table, *key), number)
    return found


def _dotted(text: str) -> Where:
    if _KEY.fullmatch(text) is None:
        return ()
    return tuple(next(g for g in match.groups() if g is not None) for match in _PART.finditer(text))

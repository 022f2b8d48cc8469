# SPDX-License-Identifier: Apache-2.0
"""The values that hold: command line over environment over file over default, each with where it
came from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from portkit.config.keys import FILE_ONLY, PATHS, Accept, Config, EffortKeys, Override, file_key
from portkit.config.load import ConfigFile
from portkit.model.errors import PortkitError

_FIELDS = {field.name: field for field in msgspec.structs.fields(Config)}
_SINGLE = frozenset(
    {"accept", "build", "compile_db", "rung", "jobs", "lang", "fail_on", "fail_under", "baseline"}
)
DEFAULTS: Mapping[str, Any] = {"accept": "", "rung": "clang", "jobs": 0}


class Value(msgspec.Struct, frozen=True):
    """One key's value. `origin` is default, file, environment or command line; `where` names the
    file, variable or option.
    """

    value: Any
    origin: str
    where: str = ""


def variable(name: str) -> str:
    """Return the environment variable of a key: `fail_on` -> PORTKIT_FAIL_ON."""
    return f"PORTKIT_{name.upper()}"


def effective(
    file: ConfigFile | None,
    environ: Mapping[str, str] | None = None,
    given: Mapping[str, tuple[Any, str]] | None = None,
) -> dict[str, Value]:
    """Return the value of every key. `given` holds what the command line says: key -> (value,
    option).

    Paths of a file are relative to its folder and come back absolute. Lists are tuples. Raises
    PortkitError for a variable that does not read.
    """
    env = os.environ if environ is None else environ
    found: dict[str, Value] = {}
    for name in _FIELDS:
        said = (given or {}).get(name)
        text = "" if name in FILE_ONLY else env.get(variable(name), "")
        written = getattr(file.config, name) if file is not None else None
        if said is not None:
            found[name] = Value(said[0], "command line", said[1])
        elif text:
            found[name] = Value(_from_text(name, text), "environment", variable(name))
        elif file is not None and written is not None:
            found[name] = Value(
                _from_file(name, written, file.path.parent), "file", _place(file, name)
            )
        else:
            found[name] = Value(
                DEFAULTS.get(name, None if name in _SINGLE or name == "effort" else ()), "default"
            )
    return found


def _place(file: ConfigFile, name: str) -> str:
    line = file.lines.get(name, 0)
    return f"{file.path.name}:{line}" if line else file.path.name


def _from_file(name: str, value: Any, folder: Path) -> Any:
    if name in PATHS:
        return (
            str(folder / value) if isinstance(value, str) else tuple(str(folder / v) for v in value)
        )
    if isinstance(value, Accept):
        return str(value)
    if name == "overrides":
        return tuple(_absolute(o, folder) for o in value)
    return tuple(value) if isinstance(value, list) else value


def _absolute(override: Override, folder: Path) -> Override:
    dirs = (
        None if override.include_dirs is None else [str(folder / d) for d in override.include_dirs]
    )
    return msgspec.structs.replace(override, include_dirs=dirs)


def _from_text(name: str, text: str) -> Any:
    """Read a variable: lists are parted by commas. A language is like LANG: one that is not known
    means English.
    """
    if name == "lang":
        code = text.replace("-", "_").split(".")[0].split("_")[0].lower()
        return code if code in ("en", "zh") else "en"
    value: Any = (
        text if name in _SINGLE else [part.strip() for part in text.split(",") if part.strip()]
    )
    try:
        checked = msgspec.convert({file_key(name): value}, Config, strict=False)
    except msgspec.ValidationError as error:
        raise PortkitError(f"{variable(name)}: {str(error).partition(' - at ')[0]}") from None
    result = getattr(checked, name)
    return tuple(result) if isinstance(result, list) else result


def shown(value: Any) -> Any:
    """Return a value as JSON shows it: tuples and structs as lists and objects with the keys of the
    file.
    """
    if isinstance(value, tuple):
        return [shown(v) for v in value]
    if isinstance(value, (Override, EffortKeys)):
        return msgspec.to_builtins(value)
    return str(value) if isinstance(value, Path) else value

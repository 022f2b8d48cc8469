# SPDX-License-Identifier: Apache-2.0
"""The options of a command completed from environment and configuration file, and what both say of single paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portkit.config.effective import Value, effective
from portkit.config.load import ConfigFile, load_config, load_found

if TYPE_CHECKING:
    from portkit.languages.cxx.values.reading import UnitFlags
    from portkit.plan.decide import Policy

_PATHS = frozenset({"maps", "compile_db", "baseline"})  # what commands take as Path


def complete(options: dict[str, Any], context: click.Context) -> None:
    """Fill in every option that the command line leaves open; `values` keeps each key's value with its origin.

    Not `lang`: machine formats follow the command line alone.
    """
    given = {name: (options[name], _flag(context, name)) for name in options if _typed(context, name)}
    if "target" in given:
        given["targets"] = ((options["target"],), "--to")
    values = effective(configuration(options), None, given)
    for name, value in values.items():
        if name in options and name != "lang" and value.origin != "command line":
            options[name] = as_option(name, value.value)
    if "target" in options and "target" not in given:
        options["target"] = _only_target(values["targets"])
    if "targets" in options and not options["targets"] and context.command.name in ("report", "check", "baseline"):
        raise click.UsageError("--to is required: give a target, or `targets` in the configuration", context)
    if values["effort"].value is not None:
        from portkit.assess.effort import changed_table

        changed_table(values["effort"].value)  # what is wrong with it is said before any work
    options["values"] = values


def as_option(name: str, value: Any) -> Any:
    """Return a key's value as the option of a command line gives it: paths as Path."""
    if name not in _PATHS or value is None:
        return value
    return tuple(map(Path, value)) if isinstance(value, tuple) else Path(value)


def configuration(options: Mapping[str, Any]) -> ConfigFile | None:
    """Return the configuration file that rules the paths given: --config, else the nearest one upward."""
    from portkit.files.roots import common_folder, find_config, real_path

    if options["no_config"] and options["config_file"]:
        raise click.UsageError("--config and --no-config exclude each other")
    if options["no_config"]:
        return None
    path = options["config_file"]
    if path is None:
        given = [real_path(Path(p)) for p in options["paths"] or [Path()]]
        path = find_config(common_folder(given))
        return load_found(path) if path is not None else None
    return load_config(Path(path))


def _typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _flag(context: click.Context, name: str) -> str:
    found = next((p for p in context.command.params if p.name == name), None)
    return max(found.opts, key=len) if found is not None else name


def _only_target(value: Value) -> str | None:
    if len(value.value) > 1:
        names = ", ".join(value.value)
        raise click.UsageError(f"migrate takes one target and {value.where} names {names}: choose one with --to")
    return value.value[0] if value.value else None


def overridden(options: Mapping[str, Any], key: str) -> list[tuple[Any, Any]]:
    """Return (patterns, value) of the overrides that speak of `key`.

    There are none when command line or environment does.
    """
    from portkit.files.patterns import settings_patterns

    values: Mapping[str, Value] = options["values"]
    if values[key].origin in ("command line", "environment"):
        return []
    said = ((o.paths, getattr(o, key)) for o in values["overrides"].value)
    kept = [(paths, value) for paths, value in said if value is not None]
    return [(settings_patterns(paths, "overrides.paths"), value) for paths, value in kept]


def make_policy(options: Mapping[str, Any]) -> Policy:
    """Return what the options and the overrides accept and select. Raises PortkitError for a library that is not known."""
    from portkit.cli.libraries import libraries
    from portkit.plan.decide import PathPolicy, Policy
    from portkit.plan.selection import make_selection
    from portkit.targets.floors import parse_floors

    floors = [PathPolicy(spec, floors=parse_floors(str(value))) for spec, value in overridden(options, "accept")]
    only = [PathPolicy(spec, only=libraries("only", value)) for spec, value in overridden(options, "only")]
    skip = [PathPolicy(spec, skip=libraries("skip", value)) for spec, value in overridden(options, "skip")]
    base = parse_floors(options["accept"]), libraries("only", options["only"]), libraries("skip", options["skip"])
    selection = make_selection(options["select"], options["ignore"], path_ignores(options))
    return Policy(*base, selection, (*floors, *only, *skip))


def path_flags(options: Mapping[str, Any]) -> Callable[[Path, UnitFlags], UnitFlags] | None:
    """Return what adds the overrides' include folders and macros to the flags of a file; None when there are none."""
    from dataclasses import replace

    from portkit.files.roots import find_root

    dirs, defines = overridden(options, "include_dirs"), overridden(options, "defines")
    if not dirs and not defines:
        return None
    root = find_root(list(options["paths"]) or [Path()], options["root"])[0]

    def add(path: Path, flags: UnitFlags) -> UnitFlags:
        rel = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        return replace(flags, include_dirs=(*flags.include_dirs, *_matching(dirs, rel)), defines=(*flags.defines, *_matching(defines, rel)))

    return add


def _matching(found: Sequence[tuple[Any, Sequence[str]]], rel: str) -> list[str]:
    return [item for spec, values in found if spec.match_file(rel) for item in values]


def path_ignores(options: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return (pattern, id prefixes) for every rule that an override ignores under some paths."""
    values: Mapping[str, Value] = options["values"]
    return [(pattern, o.ignore) for o in values["overrides"].value if o.ignore for pattern in o.paths]

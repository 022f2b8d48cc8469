# SPDX-License-Identifier: Apache-2.0
"""The options of a command completed from environment and configuration file, and handed on as a
session's options.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portkit.config.effective import Value, effective
from portkit.config.load import ConfigFile

if TYPE_CHECKING:
    from portkit.api.options import Options

_PATHS = frozenset({"maps", "compile_db", "baseline"})  # what commands take as Path


def complete(options: dict[str, Any], context: click.Context) -> None:
    """Fill in every option that the command line leaves open; `values` keeps each key's value with
    its origin.

    Not `lang`: machine formats follow the command line alone.
    """
    given = {
        name: (options[name], _flag(context, name)) for name in options if _typed(context, name)
    }
    if "target" in given:
        given["targets"] = ((options["target"],), "--to")
    values = effective(configuration(options), None, given)
    for name, value in values.items():
        if name in options and name != "lang" and value.origin != "command line":
            options[name] = _as_option(name, value.value)
    if "target" in options and "target" not in given:
        options["target"] = _only_target(values["targets"])
    if (
        "targets" in options
        and not options["targets"]
        and context.command.name in ("report", "check", "baseline")
    ):
        raise click.UsageError(
            "--to is required: give a target, or `targets` in the configuration", context
        )
    if values["effort"].value is not None:
        from portkit.assess.effort import changed_table

        changed_table(values["effort"].value)  # what is wrong with it is said before any work
    options["values"] = values


def session_options(options: Mapping[str, Any]) -> Options:
    """Return what a session is asked for by a command's completed options."""
    from msgspec.structs import replace

    from portkit.api.options import Options

    kept = Options.from_values(options["values"], in_tree=options["config_file"] is None)
    return replace(
        kept,
        root=options["root"],
        from_scan=options["from_scan"],
        cache=not options["no_cache"],
        executor=options["executor"],
        baseline=options.get("baseline"),
        since=options.get("since"),
        **{name: options[name] for name in _WRITTEN if name in options},
    )


# of `migrate`, and of `report` the last
_WRITTEN = ("strategy", "fix", "unsafe_fixes", "comments", "rename_files", "verify")


def _as_option(name: str, value: Any) -> Any:
    """Return a key's value as the option of a command line gives it: paths as Path."""
    if name not in _PATHS or value is None:
        return value
    return tuple(map(Path, value)) if isinstance(value, tuple) else Path(value)


def configuration(options: Mapping[str, Any]) -> ConfigFile | None:
    """Return the configuration file that rules the paths given: --config, else the nearest one
    upward.
    """
    if options["no_config"] and options["config_file"]:
        raise click.UsageError("--config and --no-config exclude each other")
    if options["no_config"]:
        return None
    from portkit.api.options import read_configuration

    return read_configuration([Path(p) for p in options["paths"]], options["config_file"])


def _typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _flag(context: click.Context, name: str) -> str:
    found = next((p for p in context.command.params if p.name == name), None)
    return max(found.opts, key=len) if found is not None else name


def _only_target(value: Value) -> str | None:
    if len(value.value) > 1:
        names = ", ".join(value.value)
        raise click.UsageError(
            f"migrate takes one target and {value.where} names {names}: choose one with --to"
        )
    return value.value[0] if value.value else None

# SPDX-License-Identifier: Apache-2.0
"""Options that commands share, as click declares them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def scan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add PATH... and the options of a scan."""
    added = (
        click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
        click.option(
            "--root",
            type=click.Path(path_type=Path, file_okay=False),
            help="What report paths are relative to.",
        ),
        click.option(
            "--include",
            multiple=True,
            metavar="GLOB",
            help="Read only files that match (gitignore syntax).",
        ),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave matching files out."),
        click.option(
            "--rung",
            type=click.Choice(["lex", "syntax", "clang"]),
            help="Highest rung used (default: clang).",
        ),
        click.option(
            "-j", "--jobs", type=click.IntRange(min=0), help="Worker processes (default: cores)."
        ),
        click.option(
            "-I", "include_dirs", multiple=True, metavar="DIR", help="Include folder for Clang."
        ),
        click.option(
            "-D", "defines", multiple=True, metavar="NAME[=VALUE]", help="Macro for Clang."
        ),
        click.option(
            "-p",
            "compile_db",
            type=click.Path(path_type=Path),
            help="compile_commands.json or its folder.",
        ),
        click.option(
            "--from-scan",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Take a saved scan (scan -o) instead of reading the code.",
        ),
        click.option(
            "--no-cache", is_flag=True, help="Neither use nor write the cache of scan results."
        ),
        click.option(
            "--executor",
            default="",
            metavar="dask://HOST:PORT",
            help="Work on a Dask cluster instead of this machine.",
        ),
        click.option(
            "-q", "--quiet", is_flag=True, help="No progress, no hints; the text report is short."
        ),
        click.option("-v", "--verbose", count=True, help="More on stderr."),
        click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Use this configuration file.",
        ),
        click.option("--no-config", is_flag=True, help="Use no configuration file."),
    )
    return _apply(function, added)


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a rendered report."""
    added = (
        click.option(
            "--format",
            "formats",
            multiple=True,
            metavar="FORMAT[=FILE]",
            help="text, json ...; repeatable.",
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            help="Write the report here instead of stdout.",
        ),
        click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of messages."),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
        ),
    )
    return _apply(function, added)


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a plan."""
    added = (
        click.option(
            "--accept",
            metavar="AXIS=WORD,...",
            help="Evidence floors: exists=, pairs=, proof=, assumed=.",
        ),
        click.option(
            "--only", multiple=True, metavar="LIBRARY", help="Rewrite only these libraries."
        ),
        click.option("--skip", multiple=True, metavar="LIBRARY", help="Leave these libraries out."),
        click.option(
            "--map",
            "maps",
            multiple=True,
            type=click.Path(path_type=Path),
            help="Your own rows (CSV or JSON), above all others.",
        ),
        click.option(
            "--build",
            type=click.Choice(["replace", "beside", "wrapper"]),
            default=None,
            help="How build files move (default: as the profile of the target has it).",
        ),
        click.option(
            "--route",
            default="",
            metavar="ROUTE",
            help="What Python code does to run there: keep, import, rename, portable (default: the target's).",
        ),
        *rule_options(),
        click.option(
            "--fail-on",
            type=click.Choice(["none", "info", "warning", "error"]),
            default=None,
            help="Exit 1 on a finding at or above.",
        ),
        click.option(
            "--baseline",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Only findings not in it count.",
        ),
        click.option(
            "--since",
            metavar="REV",
            help="Only findings on lines changed since a git revision count (REV...: since the fork).",
        ),
        click.option(
            "--fail-under",
            type=click.FloatRange(0, 100),
            metavar="READINESS",
            help="Exit 1 when a target's readiness is lower.",
        ),
    )
    return _apply(function, added)


def targets_option(help: str = "Target; repeatable.") -> Decorator:
    """Return the option of the targets that a command is asked for."""
    return click.option("--to", "targets", multiple=True, metavar="TARGET[@PROFILE]", help=help)


def trend_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that compares with a report that was saved."""
    return click.option(
        "--since-report",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Say how far the tree has come since this JSON report.",
    )(function)


def verify_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that has Clang read the output."""
    return click.option(
        "--verify/--no-verify",
        default=None,
        help="Have Clang read the output first, and take back what it refuses (migrate: the default).",
    )(function)


def rule_options() -> tuple[Decorator, Decorator]:
    """Return the options that choose rules by id prefix; the longest prefix that fits an id
    decides.
    """
    return (
        click.option(
            "--select",
            multiple=True,
            metavar="ID,...",
            help="Rules that count, by id or prefix (default: all).",
        ),
        click.option(
            "--ignore",
            multiple=True,
            metavar="ID,...",
            help="Rules that do not count, by id or prefix; they stay in the report as suppressed.",
        ),
    )


def _apply(function: Callable[..., Any], added: Sequence[Decorator]) -> Callable[..., Any]:
    for decorator in reversed(added):
        function = decorator(function)
    return function


def pass_options(function: Callable[[dict[str, Any]], int]) -> Callable[..., int]:
    """Hand a command its options as one dict; those of a scan completed from environment and
    configuration.
    """

    @functools.wraps(function)
    def wrapper(**options: Any) -> int:
        if "config_file" in options:
            from portkit.cli.settings import complete

            complete(options, click.get_current_context())
        return function(options)

    return wrapper

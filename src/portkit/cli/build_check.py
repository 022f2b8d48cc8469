# SPDX-License-Identifier: Apache-2.0
"""`portkit build-check OUT --to T`: the tree's own build, with stand-ins for the target's compiler."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from portkit.cli.options import pass_options
from portkit.cli.said import say


@click.command("build-check")
@click.argument("tree", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--to", "target", metavar="TARGET[@PROFILE]", required=True, help="Target.")
@click.option(
    "--command",
    "commands",
    multiple=True,
    metavar="LINE",
    help="A line that configures or builds; repeatable, in order. {options} in it becomes what"
    " tells the build where the SDK is. Default: CMake or make, by the tree's files.",
)
@click.option(
    "--sdk",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The target's SDK: its real compilers are used.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=1800,
    show_default=True,
    help="Seconds for each command.",
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path),
    help="Build in this folder, which must be empty or absent, and leave it there.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write it here instead of stdout."
)
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of messages.")
@click.option("-q", "--quiet", is_flag=True, help="Do not say what is running.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """Run the build of OUT, a tree that `migrate` wrote, with stand-ins for the target's compiler.

    The project's own commands are run, in a copy of the tree. It proves plumbing, no code: which
    device sources reach the compiler, with which options. Exit code 1 when something is in the way.
    """
    from portkit.buildcheck.check import check_build
    from portkit.cli.said import unguarded
    from portkit.printable import printable
    from portkit.report.build_check import FORMATS
    from portkit.report.i18n import choose_language
    from portkit.report.output import write_file
    from portkit.targets.target import load_target

    tree: Path = options["tree"]
    target, language = load_target(options["target"]), choose_language(options["lang"])
    _check(tree, options["scratch"])

    def begins(line: str) -> None:
        if not options["quiet"]:
            say(f"portkit: $ {printable(line)}", err=True)

    with _scratch(options["scratch"]) as scratch:
        found = check_build(
            tree,
            target,
            scratch,
            commands=options["commands"],
            sdk=options["sdk"],
            seconds=options["timeout"],
            begins=begins,
        )
    render = functools.partial(FORMATS[options["form"]], found, target.name(language), language)
    if options["output"] is None:
        render(unguarded(sys.stdout))
    else:
        write_file(options["output"], render, tree, "what came of the build")
    return 0 if found.holds else 1


def _check(tree: Path, scratch: Path | None) -> None:
    from portkit.files.roots import real_path
    from portkit.model.errors import PortkitError

    if not tree.is_dir():
        raise PortkitError("no such folder", str(tree), "give a tree that migrate --out-dir wrote")
    if scratch is None:
        return
    if scratch.exists() and (not scratch.is_dir() or any(scratch.iterdir())):
        raise PortkitError("is not an empty folder", str(scratch), "choose another --scratch")
    if real_path(scratch).is_relative_to(real_path(tree)):
        raise PortkitError("lies inside the tree", str(scratch), "choose another --scratch")


@contextlib.contextmanager
def _scratch(folder: Path | None) -> Iterator[Path]:
    """Yield an empty folder; one that nobody named is removed at the end."""
    from portkit.files.roots import real_path
    from portkit.run.scratch import Scratch

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield real_path(folder)
        return
    made = Scratch()
    try:
        inner = made.folder / "build-check"
        inner.mkdir()
        yield inner
    finally:
        made.close()

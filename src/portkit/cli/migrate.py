# SPDX-License-Identifier: Apache-2.0
"""`portkit migrate PATH... --to T`: rewrite; a dry run unless --in-place, --out-dir or --diff says
where to.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portkit.api.session import Session
from portkit.cli.gate import gate
from portkit.cli.options import (
    output_options,
    pass_options,
    plan_options,
    scan_options,
    verify_option,
)
from portkit.cli.reading import open_session, read_tree
from portkit.cli.reporting import emit
from portkit.cli.said import say, say_text
from portkit.cli.written import WRITTEN, writing
from portkit.model.errors import PortkitError
from portkit.model.plans import FilePlan, Plan
from portkit.report.terminal import is_terminal

if TYPE_CHECKING:
    from portkit.api.migration import Migration
    from portkit.rewrite.journal import Journal
    from portkit.targets.target import Target

# What is said of a run that is left while files are being replaced.
HALF = "files may be written: the same command again finishes it, --undo takes it back"


@click.command("migrate")
@scan_options
@click.option("--to", "target", metavar="TARGET[@PROFILE]", help="Target.")
@click.option(
    "--from",
    "source",
    metavar="TARGET[@PROFILE]",
    help="The way back: from this target to CUDA (--to cuda).",
)
@click.option("--in-place", is_flag=True, help="Write over the files (git tree must be clean).")
@click.option(
    "--out-dir", type=click.Path(path_type=Path), help="Write a full copy of the tree here."
)
@click.option("--diff", is_flag=True, help="Print a patch on stdout.")
@click.option("--undo", is_flag=True, help="Bring the tree back to before portkit's first run.")
@click.option(
    "--abandon",
    is_flag=True,
    help="Set a run that was cut off aside, and leave the files as they are.",
)
@click.option("--allow-dirty", is_flag=True, help="Write in place without a clean git tree.")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--rename-files", is_flag=True, help="Give sources the target's suffixes.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes of findings too.")
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="Apply fixes that need a look afterwards too (implies --fix).",
)
@click.option("--comments", is_flag=True, help="Rename in comments too.")
@click.option(
    "--strategy",
    type=click.Choice(["rename", "header"]),
    default="rename",
    show_default=True,
    help="Rename in the sources, or leave them as they are and make headers that rename.",
)
@click.option("--exit-code", is_flag=True, help="Exit 1 when there are edits.")
@click.option(
    "--compiler",
    metavar="CMD",
    help="Run this on each source written ({} is the file), exit 1 when it refuses one.",
)
@verify_option
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """Rewrite PATHS for a target."""
    from portkit.files.discovery import find_root
    from portkit.rewrite.journal import Journal

    paths = list(options["paths"]) or [Path()]
    root = find_root(paths, options["root"])[0]
    if options["undo"] or options["abandon"]:
        return _look_back(Journal(root), options)
    _check(options, root)
    if options["out_dir"] is not None:
        from portkit.run.copy import check_out_dir

        check_out_dir(options["out_dir"], root, paths, options["force"])
    session = open_session(options, [options["target"]], source=_source(options))
    _finish(Journal(root), session.asked_for(), options)
    read_tree(session, options)
    migration = session.migration()
    fixing = options["strategy"] != "header" and (options["fix"] or options["unsafe_fixes"])
    fixes = f", {migration.fixed} findings fixed" if fixing else ""
    said, changed = _write(session, migration, options)
    if options["in_place"] or options["out_dir"] is not None:
        WRITTEN.append(said)
    stream = sys.stderr if options["diff"] else sys.stdout
    try:
        assessed = emit(session, [migration.plan], options, stream)
    except BaseException:
        back = "; --undo takes it back" if options["in_place"] and changed else ""
        say(f"portkit: {said}{fixes}{back}", err=True)
        raise
    say(f"portkit: {said}{fixes}", err=True)
    refused = _compile(session, migration, options) if options["compiler"] else False
    if refused or (options["exit_code"] and changed):
        return 1
    return gate(assessed, options, "none")


def _look_back(journal: Journal, options: dict[str, Any]) -> int:
    """Take the runs back, or set the one that was cut off aside; say what came of it."""
    if options["undo"] and options["abandon"]:
        raise click.UsageError("--undo and --abandon exclude each other")
    if options["undo"]:
        with writing(
            journal.state,
            "the undo was cut off: `portkit migrate --undo` again goes on",
            "the files are brought back",
        ):
            undone = journal.undo()
        left = (
            f"; {undone.left} older runs stay, files were changed after them" if undone.left else ""
        )
        say(f"{len(undone.files)} files brought back{left}", err=True)
        return 0
    done = journal.abandon()
    left = (
        f"{done.written} of {done.files} files hold its edits, --undo takes those back"
        if done.written
        else "no file holds its edits"
    )
    say(
        f"portkit: set aside {', '.join(map(click.format_filename, done.places))}; {left}", err=True
    )
    return 0


def _finish(journal: Journal, asked: Sequence[str], options: dict[str, Any]) -> None:
    """Finish a run of the same command that was cut off, before anything is read."""
    if not options["in_place"]:
        return
    with writing(journal.state, HALF, "an earlier run was finished"):
        finished = journal.resume(asked)
    if finished:
        say(f"portkit: finished an earlier run ({finished} files)", err=True)
        WRITTEN.append(f"an earlier run was finished ({finished} files)")


def _check(options: dict[str, Any], root: Path) -> None:
    from portkit.report.output import check_outputs

    if not options["target"] and not options["source"]:
        raise click.UsageError("--to is required")
    if options["target"] == "cuda" and not options["source"]:
        raise click.UsageError("--to cuda wants --from: the target that the code was written for")
    if options["compiler"] and not (options["in_place"] or options["out_dir"]):
        raise click.UsageError("--compiler checks what was written: give --out-dir or --in-place")
    if options["source"] and options["strategy"] == "header":
        raise click.UsageError("--from renames in the sources: no --strategy header")
    if sum((options["in_place"], options["out_dir"] is not None, options["diff"])) > 1:
        raise click.UsageError("--in-place, --out-dir and --diff exclude each other")
    touching = [o for o in ("comments", "rename_files", "fix", "unsafe_fixes") if options[o]]
    if options["strategy"] == "header" and touching:
        raise click.UsageError(
            f"--strategy header leaves the sources as they are: no --{touching[0].replace('_', '-')}"
        )
    check_outputs(options["formats"], options["output"], lambda: root)


def _source(options: dict[str, Any]) -> str:
    """Return the target that the tree is led back from, if there is one."""
    context = click.get_current_context()
    typed = context.get_parameter_source("target") is click.core.ParameterSource.COMMANDLINE
    if options["source"] and typed and options["target"] != "cuda":
        raise click.UsageError("--from leads back to CUDA: give --to cuda, or leave it out")
    return options["source"] or ""


def _compile(session: Session, migration: Migration, options: dict[str, Any]) -> bool:
    """Run the user's compiler over the sources that changed; say which it refuses, and return
    whether there are any.
    """
    from portkit.run.compiler import syntax_check

    plan, folder = migration.plan, options["out_dir"] or session.root
    moves = {m.source: m.destination for m in plan.moves}
    paths = [
        moves.get(f.scan.path, f.scan.path) for f in plan.files if f.edits or f.scan.path in moves
    ]
    suffixes = migration.target.suffixes
    count, failures = syntax_check(options["compiler"], folder, paths, suffixes)
    for failure in failures:
        say(f"{failure.path}: refused by the compiler", err=True)
        for line in failure.said:
            say(f"  {line}", err=True)
    say(f"portkit: the compiler takes {count - len(failures)} of {count} sources", err=True)
    return bool(failures)


def _write(session: Session, migration: Migration, options: dict[str, Any]) -> tuple[str, bool]:
    """Apply and verify the plan in memory, then write where the options say; return what to tell,
    and whether it edits.
    """
    from portkit.rewrite.journal import Journal

    changes, created, remade = migration.changes, migration.created, migration.remade
    count = _count(migration.plan, len(changes), migration.target)
    if options["in_place"]:
        with writing(Journal(session.root).state, HALF, f"{count} written, --undo takes it back"):
            migration.write_in_place(allow_dirty=options["allow_dirty"])
        said = f"{count} written"
    elif options["out_dir"] is not None:
        from portkit.files.regular import shown_size
        from portkit.run.copy import LARGEST

        copied = migration.copy_to(options["out_dir"], force=options["force"])
        said = f"{count}; {copied.files} files written to {options['out_dir']}"
        if large := copied.too_large:
            more = f" (and {len(large) - 1} more)" if len(large) > 1 else ""
            limit = shown_size(LARGEST)
            say(f"portkit: left out, larger than {limit}: {large[0]}{more}", err=True)
        if left := copied.left_out:
            said += f"; {len(left)} left out as no regular file, the first {left[0]}"
    elif options["diff"]:
        _print_bytes(migration.patch())
        said = f"{count} as a patch, nothing written"
    else:
        said = f"{count}, nothing written"
    return said, bool(changes or created or remade)


def _count(plan: Plan, changed: int, target: Target) -> str:
    if plan.created:
        from portkit.rewrite.header import header_folder

        hint = f"compile with -I {header_folder(target.id)} before other -I"
        return f"{len(plan.created)} headers for {sum(map(_by_header, plan.files))} references ({hint})"
    moved = f", {len(plan.moves)} files renamed" if plan.moves else ""
    return f"{sum(len(f.edits) for f in plan.files)} edits in {changed} files{moved}"


def _by_header(file: FilePlan) -> int:
    from portkit.model.words import Reason

    return sum(d.reason is Reason.COMPAT_HEADER for d in file.decisions)


def _print_bytes(data: bytes | Sequence[int]) -> None:
    """Write raw bytes to stdout; on a terminal, where a patch is only looked at, as text with what
    acts on it escaped.

    Raises PortkitError when stdout takes no bytes.
    """
    if is_terminal(sys.stdout):
        say_text(bytes(data).decode("utf-8", "surrogateescape").removesuffix("\n"))
        return
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        raise PortkitError("stdout takes no bytes")
    buffer.write(data)
    buffer.flush()

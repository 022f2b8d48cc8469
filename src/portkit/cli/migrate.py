# SPDX-License-Identifier: Apache-2.0
"""`portkit migrate PATH... --to T`: rewrite; a dry run unless --in-place, --out-dir or --diff says where to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from portkit.cli.gate import gate
from portkit.cli.options import emit, load_targets, make_plans, output_options, pass_options, plan_options, scan_options, scan_tree
from portkit.model import PortkitError


@click.command("migrate")
@scan_options
@click.option("--to", "target", metavar="TARGET[@PROFILE]", help="Target.")
@click.option("--in-place", is_flag=True, help="Write over the files (git tree must be clean).")
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), help="Write a full copy of the tree here.")
@click.option("--diff", is_flag=True, help="Print a patch on stdout.")
@click.option("--undo", is_flag=True, help="Bring the tree back to before portkit's first run.")
@click.option("--allow-dirty", is_flag=True, help="Write in place without a clean git tree.")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--rename-files", is_flag=True, help="Give sources the target's suffixes.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes of findings too.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply fixes that need a look afterwards too (implies --fix).")
@click.option("--strategy", type=click.Choice(["rename"]), default="rename", show_default=True)
@click.option("--exit-code", is_flag=True, help="Exit 1 when there are edits.")
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """Rewrite PATHS for a target."""
    from portkit.files.discovery import find_root
    from portkit.rewrite.diff import unified_diff
    from portkit.rewrite.journal import Journal
    from portkit.run.migrate import make_changes, plan_moves, write_in_place, write_out_dir
    from portkit.vocab.vocabulary import load_vocabulary

    root = find_root(list(options["paths"]) or [Path()], options["root"])[0]
    if options["undo"]:
        restored = Journal(root).undo()
        click.echo(f"{len(restored)} files brought back", err=True)
        return 0
    if not options["target"]:
        raise click.UsageError("--to is required")
    if sum((options["in_place"], options["out_dir"] is not None, options["diff"])) > 1:
        raise click.UsageError("--in-place, --out-dir and --diff exclude each other")
    if options["in_place"]:
        finished = Journal(root).resume()
        if finished:
            click.echo(f"portkit: finished an earlier run ({finished} files)", err=True)
    targets = load_targets([options["target"]], options["maps"])
    tree = scan_tree(options)
    plan = make_plans(tree, targets, options)[0]
    fixes = ""
    if options["fix"] or options["unsafe_fixes"]:
        from portkit.plan.fixes import apply_fixes

        plan, count = apply_fixes(plan, targets[0], load_vocabulary(), unsafe=options["unsafe_fixes"])
        fixes = f", {count} findings fixed"
    if options["rename_files"]:
        plan = msgspec.structs.replace(plan, moves=plan_moves(plan, targets[0].rename_suffixes, tree.discovery.tree))
    changes = make_changes(plan, tree.read, load_vocabulary())
    edits = sum(len(f.edits) for f in plan.files)
    if options["in_place"]:
        write_in_place(Path(tree.scan.root), targets[0].spec, changes, options["allow_dirty"])
        said = f"{edits} edits in {len(changes)} files written"
    elif options["out_dir"] is not None:
        count = write_out_dir(options["out_dir"], tree.discovery, changes, options["force"])
        said = f"{edits} edits in {len(changes)} files; {count} files written to {options['out_dir']}"
    elif options["diff"]:
        sys.stdout.flush()
        sys.stdout.buffer.write(unified_diff(changes))
        sys.stdout.buffer.flush()
        said = f"{edits} edits in {len(changes)} files as a patch, nothing written"
    else:
        said = f"{edits} edits in {len(changes)} files, nothing written"
    stream = sys.stderr if options["diff"] else sys.stdout
    try:
        assessed = emit(tree, [plan], targets, options, stream)
    except PortkitError:
        click.echo(f"portkit: {said}{fixes}", err=True)
        raise
    click.echo(f"portkit: {said}{fixes}", err=True)
    if options["exit_code"] and changes:
        return 1
    return gate(assessed, options, "none")

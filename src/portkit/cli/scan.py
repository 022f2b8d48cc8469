# SPDX-License-Identifier: Apache-2.0
"""`portkit scan PATH...`: what CUDA this tree uses, for no target in particular."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from portkit.cli.options import pass_options, scan_options, targets_option
from portkit.cli.said import say
from portkit.printable import printable_name


@click.command("scan")
@scan_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the whole scan as portkit/scan/1.",
)
@click.option(
    "--why", metavar="FILE:LINE[:COL]", help="Say why each word there was read as it was."
)
@targets_option("With --why: what a target makes of it.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """What CUDA the files under PATHS use."""
    if options["from_scan"] is not None:
        raise click.UsageError("--from-scan is for the commands that come after a scan")
    if options["why"]:
        from portkit.cli.why import explain

        return explain(options)
    from portkit.cli.reading import open_session, read_tree

    session = open_session(options)
    if options["output"] is not None:
        from portkit.rewrite.place import output_place

        output_place(options["output"], session.root)  # a mistake is told before the work is done
    scan = read_tree(session, options).scan
    if options["output"] is not None:
        from portkit.report.model import tool_info
        from portkit.report.output import write_file
        from portkit.report.scan_json import Extent, write_scan

        patterns = (tuple(map(printable_name, options[key])) for key in ("include", "exclude"))
        extent = Extent(_relative(options["paths"], Path(scan.root)), *patterns)
        write_file(
            options["output"],
            lambda file: write_scan(scan, tool_info(scan), file, extent),
            Path(scan.root),
            "the scan",
        )
    libraries: Counter[str] = Counter()
    names: dict[str, set[str]] = {}
    for file in scan.files:
        for ref in file.references:
            if not ref.user:
                libraries[ref.library or "unknown"] += 1
                names.setdefault(ref.library or "unknown", set()).add(ref.name)
    say(
        f"{len(scan.files)} files, {sum(f.lines for f in scan.files)} lines, {sum(libraries.values())} references"
    )
    for library, count in libraries.most_common():
        say(f"{count:8d}  {library} ({len(names[library])} names)")
    launches = sum(len(f.facts.launches) for f in scan.files)
    say(f"{launches} kernel launches, {sum(len(f.facts.asm) for f in scan.files)} asm statements")
    return 0


def _relative(paths: Sequence[Path], root: Path) -> tuple[str, ...]:
    """Return the paths given, relative to the root and printable."""
    return tuple(
        printable_name(os.path.relpath(p.resolve(), root).replace(os.sep, "/"))
        for p in paths or (Path(),)
    )

# SPDX-License-Identifier: Apache-2.0
"""`portkit targets --sdk DIR --to T`: what a vendor's SDK on this machine says of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portkit.cli.said import say

SHOWN = 20  # missing names of a library; --verbose shows all


def read(folder: Path, spec: str, options: Mapping[str, Any]) -> int:
    """Read the SDK, keep what it proves for later reports, and print what it has and lacks; what
    the tree of --coverage needs comes first.
    """
    from portkit.targets.sdk import overlay_path, read_sdk, save_overlay
    from portkit.targets.target import load_target
    from portkit.vocab.vocabulary import load_vocabulary

    target = load_target(spec)
    result = read_sdk(folder, target, load_vocabulary())
    overlay = result.overlay
    if not overlay.names:
        say(
            f"portkit: none of {target.spec}'s names is in {overlay.headers} headers and {overlay.libraries} libraries",
            err=True,
        )
        return 1
    save_overlay(overlay)
    say(
        f"{target.spec}: {overlay.label}, {overlay.headers} headers, {overlay.libraries} shared objects"
    )
    if options["paths"]:
        from portkit.cli.coverage import show_needs

        show_needs(options, target.spec, overlay.names)
    verbose = options["verbose"]
    raised = ", ".join(f"{count} from {grade}" for grade, count in result.raised.items())
    say(f"raised to `header`: {raised or 'none'}")
    for library in sorted({*result.found, *result.missing}):
        lacking = result.missing.get(library, ())
        say(f"{library}: {result.found.get(library, 0)} there, {len(lacking)} not there")
        for name in lacking if verbose else lacking[:SHOWN]:
            say(f"  {name}")
        if len(lacking) > SHOWN and not verbose:
            say(f"  ... and {len(lacking) - SHOWN} more (-v)")
    say(
        f"kept in {overlay_path(target.spec)}; later reports name it, --forget-sdk takes it away",
        err=True,
    )
    return 0


def forget(spec: str) -> int:
    """Take the overlay of a target away."""
    from portkit.targets.sdk import overlay_path
    from portkit.targets.target import load_target

    path = overlay_path(load_target(spec).spec)
    there = path.exists()
    path.unlink(missing_ok=True)
    say(f"{path.stem}: {'taken away' if there else 'there was none'}", err=True)
    return 0

# SPDX-License-Identifier: Apache-2.0
"""From a session's options to a tree: read by the languages, or from a saved scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from portkit.api.options import Options
from portkit.api.unit_flags import FlagsOfUnits
from portkit.files.overtime import allow
from portkit.languages.jobs import Run
from portkit.run.early_plans import EarlyPlans
from portkit.run.machine import cores
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree
from portkit.vocab.vocabulary import Vocabulary


def read_tree(
    paths: Sequence[Path],
    options: Options,
    vocabulary: Vocabulary | None,
    texts: Mapping[Path, bytes],
    progress: Callable[[int, int], None] | None,
    warn: Callable[[str], None],
    ahead: EarlyPlans | None,
    listen: Callable[[Run], Run] | None = None,
) -> tuple[Tree, Mapping[str, str]]:
    """Return the tree, and what of its compile commands was not read: file -> reason.

    `vocabulary`: None is CUDA's. `listen` wraps what runs jobs. See `Session` for the others.
    Raises PortkitError.
    """
    allow()
    flags = FlagsOfUnits(options, paths)
    wanted = ScanOptions(
        root=options.root,
        include=options.include,
        exclude=options.exclude,
        rung=options.rung,
        jobs=_workers(options),
        flags=flags.base,
        compile_flags=flags.of,
        left_out=flags.left_out,
        progress=progress,
        overlay=texts,
        vocabulary=vocabulary,
        cache=options.cache,
        executor=options.executor,
        listen=listen,
    )
    if options.from_scan is None:
        tree = scan_paths(list(paths) or [Path()], wanted, ahead)
    else:
        from portkit.run.saved import load_tree

        tree = load_tree(options.from_scan, list(paths), wanted, warn)
    return tree, flags.unread


def _workers(options: Options) -> int:
    """Return how many workers there are to be (0: one a core): the tree may ask for fewer than
    that, not for more.
    """
    return min(options.jobs, cores()) if "jobs" in options.by_tree else options.jobs

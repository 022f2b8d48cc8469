# SPDX-License-Identifier: Apache-2.0
"""A command's session: opened from its options, its tree read with progress and with what is to be
told of it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.cli.log import show_log
from portkit.cli.said import say
from portkit.cli.settings import session_options
from portkit.files.discovery import DEFAULT_VENDORED
from portkit.model.reading import Skipped
from portkit.rewrite.header import FOLDER

if TYPE_CHECKING:
    from portkit.run.tree import Tree


def open_session(
    options: Mapping[str, Any],
    targets: Iterable[str] = (),
    *,
    source: str = "",
    asked: Options | None = None,
) -> Session:
    """Return the session that a command's completed options ask for.

    `asked`: what the command makes of them, when that is not all that they say. See `Session` for
    the others.
    """

    def meanwhile() -> None:
        from portkit.cli import gate
        from portkit.report.output import outputs

        outputs(options.get("formats", ()), options.get("output"))
        assert gate  # loaded now

    return Session(
        options["paths"],
        asked if asked is not None else session_options(options),
        targets,
        source=source,
        warn=lambda text: say(f"portkit: {text}", err=True),
        meanwhile=meanwhile,
    )


def read_tree(session: Session, options: Mapping[str, Any], *, ahead: bool = False) -> Tree:
    """Read a session's tree; say how far it is, and afterwards what was not read. `ahead`: see
    `Session.tree`.
    """
    from portkit.cli.progress import progress

    quiet, verbose, rung = options["quiet"], options["verbose"], session.options.rung
    if ahead or options.get("targets"):
        session.targets  # noqa: B018 - loaded: a mistake in them is told before the work is done
    show_log(logging.INFO if verbose else logging.WARNING)
    with progress(quiet, rung.value, options.get("color", "auto")) as session.progress:
        tree = session.read_tree(ahead=ahead)
    if session.unread and not quiet:
        from portkit.api.unit_flags import said_of_unread

        say(f"portkit: {said_of_unread(session.unread)}", err=True)
    if verbose and not quiet:
        values = options["values"].values()
        where = {v.where.partition(":")[0] for v in values if v.origin == "file"} or {"none"}
        files, base = ", ".join(sorted(where)), tree.scan.path_base
        say(f"portkit: configuration: {files}; root by {base}; {_read(tree)}", err=True)
    hidden = hidden_by_attributes(tree.scan.skipped)
    if hidden and not quiet:
        files = "1 file was" if hidden == 1 else f"{hidden} files were"
        why = "because .gitattributes call them generated or vendored (PK906 names them)"
        say(f"portkit: {files} not read {why}", err=True)
    if not tree.scan.files and not quiet:
        say("portkit: nothing found to read", err=True)
    return tree


def _read(tree: Tree) -> str:
    parsed = Counter(f.parse.value for f in tree.scan.files)
    skipped = sum(s.files for s in tree.scan.skipped)
    by_rung = ", ".join(f"{parsed[k]} by {k}" for k in sorted(parsed))
    return f"read: {by_rung or 'nothing'}; {skipped} skipped"


def hidden_by_attributes(skipped: Iterable[Skipped]) -> int:
    """Return how many files were left out because a .gitattributes says so, and not by their
    place.
    """
    return sum(
        item.files
        for item in skipped
        if (item.reason == "generated" and item.path != FOLDER)
        or (
            item.reason == "vendored"
            and item.path.rpartition("/")[2].lower() not in DEFAULT_VENDORED
        )
    )

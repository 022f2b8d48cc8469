# SPDX-License-Identifier: Apache-2.0
"""The journal of one root, as the commands use it: write, finish a killed run, undo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from portkit.model import PortkitError
from portkit.rewrite import recovery
from portkit.rewrite.change import Change
from portkit.rewrite.records import Meta
from portkit.rewrite.transaction import write_all


class Journal:
    """The runs that wrote to one root. See `records` for the files, `transaction` and `recovery` for the rules."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def known_clean(self) -> dict[str, str]:
        """Return {rel: hash} of files as portkit left them; an empty hash for a name that portkit took away."""
        return recovery.known_clean(self.root)

    def write(self, target: str, changes: Sequence[Change], created: Sequence[tuple[str, bytes]] = (), version: str = "") -> None:
        """Write every file, or none when one fails; a kill in between is finished by `resume`."""
        write_all(self.root, changes, created, Meta(version, target))

    def resume(self) -> int:
        """Finish a run that was cut off; return how many files it holds.

        Raises PortkitError when a file is neither old nor new; nothing is touched then.
        """
        return len(recovery.resume(self.root))

    def undo(self) -> list[str]:
        """Bring the tree back to its first bytes and return the names that changed.

        Raises PortkitError when there is nothing to undo, or listing the files that were changed since.
        """
        done = recovery.undo(self.root)
        if not done.runs:
            raise PortkitError("there is nothing to undo here", str(self.root))
        return list(done.files)

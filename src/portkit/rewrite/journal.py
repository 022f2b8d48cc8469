# SPDX-License-Identifier: Apache-2.0
"""The journal of one root, as the commands use it: write, finish a killed run, undo, set aside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from portkit.model.errors import PortkitError
from portkit.rewrite import recovery
from portkit.rewrite.change import Change
from portkit.rewrite.records import DONE, PENDING, Records
from portkit.rewrite.recovery import Abandoned, Undone
from portkit.rewrite.runs import Meta
from portkit.rewrite.transaction import write_all


class Journal:
    """The runs that wrote to the clone at one root.

    See `runs` and `records` for the files, `clone` for whose they are, `transaction` and `recovery`
    for the rules.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def state(self) -> tuple[bool, tuple[int, ...]]:
        """Return whether a run is pending, and the numbers of those that are done. Raises
        PortkitError.
        """
        journal = Records(self.root)
        return bool(journal.numbers(PENDING)), tuple(journal.numbers(DONE))

    def known_clean(self) -> dict[str, str]:
        """Return {rel: hash} of files as portkit left them; an empty hash for a name that portkit
        took away.
        """
        return recovery.known_clean(self.root)

    def write(
        self,
        target: str,
        changes: Sequence[Change],
        created: Sequence[tuple[str, bytes]] = (),
        version: str = "",
        command: Sequence[str] = (),
    ) -> None:
        """Write every file, or none when one fails; a kill in between is finished by `resume` of
        the same `command`.

        `command`: the options that say what is written, for comparing and for people.
        """
        write_all(self.root, changes, created, Meta(version, target, tuple(command)))

    def resume(self, command: Sequence[str] = ()) -> int:
        """Finish a run of the same command that was cut off; return how many files it holds.

        Raises PortkitError when it was another command, or a file is neither old nor new; nothing
        is touched then.
        """
        return len(recovery.resume(self.root, command))

    def undo(self) -> Undone:
        """Bring the tree back to its first bytes and return what changed.

        Raises PortkitError when there is nothing to undo, or listing the files that were changed
        since.
        """
        done = recovery.undo(self.root)
        if not done.runs:
            raise PortkitError("there is nothing to undo here", str(self.root))
        return done

    def abandon(self) -> Abandoned:
        """Set a run that was cut off aside; no file of the tree is touched, and `undo` knows what
        it wrote.

        Raises PortkitError when there is none.
        """
        done = recovery.abandon(self.root)
        if not done.places:
            raise PortkitError("there is no run to abandon here", str(self.root))
        return done

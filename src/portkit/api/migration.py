# SPDX-License-Identifier: Apache-2.0
"""A session's plan for one target carried to bytes: verified in memory, then as a patch, as a copy,
or over the tree.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from portkit.api.options import Options
from portkit.model.plans import Plan
from portkit.rewrite.change import Change
from portkit.rewrite.journal import Journal
from portkit.run.migrate import make_changes, plan_moves, split_created, write_in_place

if TYPE_CHECKING:
    from portkit.plan.decide import Policy
    from portkit.run.copy import Copied
    from portkit.run.tree import Tree
    from portkit.targets.target import Target
    from portkit.vocab.vocabulary import Vocabulary


class Migration:
    """What a session would write for one target. Nothing is written before a method says so.

    `plan`: the session's plan with what the options add: fixes, comments, moves, headers. `fixed`:
    findings whose fix is among the edits. Paths are POSIX and relative to the root.
    """

    def __init__(
        self,
        tree: Tree,
        plan: Plan,
        target: Target,
        options: Options,
        *,
        policy: Policy,
        vocabulary: Vocabulary,
        asked: tuple[str, ...],
        paths: Sequence[Path],
    ) -> None:
        """Carry `plan`, which is of `target`, made of `tree` by `policy` and `vocabulary`.

        `asked`: what says what is written, as the journal keeps it; `paths`: what was read. Raises
        PortkitError when a new name is taken.
        """
        self._tree, self._options, self._asked = tree, options, asked
        self._policy, self._vocabulary, self._paths = policy, vocabulary, paths
        self.root, self.target, self.fixed = Path(tree.scan.root), target, 0
        self.plan = self._completed(plan)

    @functools.cached_property
    def changes(self) -> list[Change]:
        """Files whose bytes or names change, each verified: a CUDA name that is left is a known
        keep or manual.

        Raises PortkitError when one is not, and for a file that is not as it was scanned.
        """
        if not self._options.cache or self._tree.options.vocabulary is not None:
            return make_changes(self.plan, self._tree.read, self._vocabulary)
        from portkit.run.known_outputs import is_verified, note_verified, verified_key

        key = verified_key(self.plan, self._vocabulary)
        known = is_verified(key)
        changes = make_changes(self.plan, self._tree.read, self._vocabulary, known=known)
        if not known:
            note_verified(key)
        return changes

    @functools.cached_property
    def _headers(self) -> tuple[list[tuple[str, bytes]], list[Change]]:
        return split_created(self.root, self.plan.created)

    @property
    def created(self) -> list[tuple[str, bytes]]:
        """Generated files that are not there yet: (path, bytes)."""
        return self._headers[0]

    @property
    def remade(self) -> list[Change]:
        """Generated files of an earlier run that change."""
        return self._headers[1]

    def patch(self) -> bytes:
        """Return everything as a patch for `git apply`."""
        from portkit.rewrite.diff import unified_diff

        return unified_diff([*self.changes, *self.remade], self.created)

    def copy_to(self, folder: str | Path, *, force: bool = False) -> Copied:
        """Write a full copy of the tree, changes applied, to a folder outside of it that is empty
        or not there.

        Returns how many files it holds and what was left out: no regular file, or too large.
        `force`: whatever the folder holds. Raises PortkitError; a copy that fails leaves nothing
        behind where there was nothing.
        """
        from portkit.run.copy import check_out_dir, write_out_dir

        out = Path(folder)
        check_out_dir(out, self.root, self._paths, force)
        return write_out_dir(out, self._tree.discovery, self.changes, self.plan.created)

    def write_in_place(self, *, allow_dirty: bool = False) -> int:
        """Write over the tree, through its journal (`portkit migrate --undo` takes it back); return
        how many files.

        Raises PortkitError when git does not hold what would be lost, unless `allow_dirty`; nothing
        is written then.
        """
        self._tree.hold({c.rel: c.before for c in self.changes})  # reports still quote them
        journal, changes = Journal(self.root), [*self.changes, *self.remade]
        write_in_place(journal, self.target.spec, changes, self.created, self._asked, allow_dirty)
        return len(changes) + len(self.created)

    def _completed(self, plan: Plan) -> Plan:
        """Return the plan with what the options add to it."""
        options, target, vocabulary = self._options, self.target, self._vocabulary
        if options.fix or options.unsafe_fixes:
            from portkit.plan.fixes import apply_fixes

            plan, self.fixed = apply_fixes(
                plan, target, vocabulary, self._policy, unsafe=options.unsafe_fixes
            )
        if options.strategy == "header":
            return self._by_headers(plan)
        if options.comments:
            from portkit.plan.comments import with_comments

            plan = with_comments(plan, target, vocabulary, self._policy, self._tree.read)
        if options.rename_files:
            moves = plan_moves(plan, target.rename_suffixes, self._tree.discovery.tree)
            plan = msgspec.structs.replace(plan, moves=moves)
        return plan

    def _by_headers(self, plan: Plan) -> Plan:
        from portkit.plan.header import use_header
        from portkit.rewrite.header import compat_headers

        target, read = self.target, self._tree.read
        plan, names = use_header(plan, target, self._vocabulary, self._policy, read)
        if not names.names:
            return msgspec.structs.replace(plan, created=())
        parts = names.names, names.tested, names.namespaces, names.headers
        return msgspec.structs.replace(plan, created=compat_headers(target.id, *parts))

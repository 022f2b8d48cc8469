# SPDX-License-Identifier: Apache-2.0
"""What a run wants to write: file contents before and after, and files that get another name."""

from __future__ import annotations

import msgspec


class Change(msgspec.Struct, frozen=True):
    """One file's bytes before and after. `rel` is POSIX, relative to the root; `new_rel` differs
    when it moves.
    """

    rel: str
    before: bytes
    after: bytes
    new_rel: str = ""

    @property
    def destination(self) -> str:
        """The name after the change."""
        return self.new_rel or self.rel

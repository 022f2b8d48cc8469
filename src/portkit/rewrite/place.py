# SPDX-License-Identifier: Apache-2.0
"""Where an output may go: wherever the user says, but not where a link of the tree leads to.

Names of outputs are known in advance (they stand in the CI examples), so a tree may hold a link
under such a name.
"""

from __future__ import annotations

import os
from pathlib import Path

from portkit.model.errors import PortkitError
from portkit.rewrite.writer import shown

REPOSITORY = ".git"


def output_place(destination: Path, root: Path) -> Path:
    """Return the real file or folder that `destination`, named by the user, means; it need not
    exist.

    A link that stands in the tree is followed only where it leads to a place in the same tree, and
    not into the repository's own folder. The tree is the root, or the work tree of git that the
    link stands in when the root is only a part of it. Raises PortkitError naming the link.
    """
    trees = _trees(root.resolve())
    here = Path(destination.anchor) if destination.is_absolute() else Path.cwd()
    for part in destination.parts[1 if destination.is_absolute() else 0 :]:
        if part == os.pardir:
            here = here.parent  # `here` is real: this is what the system makes of it
            continue
        step = here / part
        real = _resolved(step)
        tree = next((t for t in trees if here.is_relative_to(t)), None)
        if tree is not None and step.is_symlink():
            if not real.is_relative_to(tree):
                what = f"refused to write through a link that leaves the tree: it leads to {shown(real)}"
                raise PortkitError(what, shown(step), "name that place itself, or remove the link")
            if in_repository(real, tree):
                raise PortkitError(
                    "refused to write through a link into the repository's own folder", shown(step)
                )
        here = real
    return here


def in_repository(path: Path, tree: Path) -> bool:
    """Return whether the real `path`, which lies in `tree`, lies in a `.git` of it."""
    return any(part.casefold() == REPOSITORY for part in path.relative_to(tree).parts)


def _trees(root: Path) -> list[Path]:
    """Return the root and the work trees of git at or above it, innermost first."""
    return [
        root,
        *(p for p in (root, *root.parents) if p != root and os.path.lexists(p / REPOSITORY)),
    ]


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise PortkitError(f"cannot be resolved: {error}", shown(path)) from error

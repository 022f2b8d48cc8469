# SPDX-License-Identifier: Apache-2.0
"""Which findings the gate leaves out: those that the baseline knows, and those on lines that did
not change.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from portkit.files.changes import changed_lines
from portkit.model.plans import Plan
from portkit.plan.baseline import load_baseline
from portkit.plan.exempt import know, only_changed
from portkit.printable import real_name

if TYPE_CHECKING:
    from portkit.run.tree import Tree


def exempted(
    plans: Sequence[Plan],
    tree: Tree,
    baseline: Path | None,
    since: str | None,
) -> list[Plan]:
    """Return the plans with the findings marked that `baseline` knows or that are older than
    `since`.
    """
    root, result = Path(tree.scan.root), list(plans)
    if baseline:
        known = load_baseline(baseline)

        def there(rel: str) -> bool:
            return os.path.isfile(root / real_name(rel))  # noqa: PTH113 - any name may stand there

        result = [know(plan, known, there)[0] for plan in result]
    if since:
        changed = changed_lines(root, since)
        result = [only_changed(p, changed, tree.read) for p in result]
    return result

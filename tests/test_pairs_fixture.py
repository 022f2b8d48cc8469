# SPDX-License-Identifier: Apache-2.0
"""The pairs of fixtures/pairs: `before`, migrated, is `after` byte for byte, and migrated again it stays so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PAIRS = Path(__file__).resolve().parent.parent / "fixtures" / "pairs"
CASES = sorted(p.name for p in PAIRS.iterdir() if p.is_dir())


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below `folder` by its POSIX path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("case", CASES)
def test_before_becomes_after(case: str, tmp_path: Path, run_migrate: Any, copy_tree: Any) -> None:
    tree = copy_tree(PAIRS / case / "before", tmp_path / "tree")
    assert contents(run_migrate(tree, tmp_path / "out")) == contents(PAIRS / case / "after")
    assert contents(tree) == contents(PAIRS / case / "before")


@pytest.mark.parametrize("case", CASES)
def test_after_stays(case: str, tmp_path: Path, run_migrate: Any, copy_tree: Any) -> None:
    tree = copy_tree(PAIRS / case / "after", tmp_path / "tree")
    assert contents(run_migrate(tree, tmp_path / "out")) == contents(PAIRS / case / "after")

# SPDX-License-Identifier: Apache-2.0
"""The pairs of fixtures/pairs: `before`, migrated, is `after` byte for byte, and migrated again it
stays so.

`after` is MUSA's; `after-<target>[@<profile>]` another target's.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from portkit.vocab.data import mappings_folder

PAIRS = Path(__file__).resolve().parent.parent / "fixtures" / "pairs"
CASES = sorted((p.parent.name, p.name) for p in PAIRS.glob("*/after*"))


def as_is_profiles() -> list[str]:
    """Return the profiles of all targets that compile CUDA as it is."""
    found = []
    for path in sorted(mappings_folder().glob("*/target.toml")):
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))["profiles"]
        found += [f"{path.parent.name}@{p}" for p, facts in profiles.items() if facts.get("as_is")]
    return found


def target_of(after: str) -> str:
    """Return the target that a folder of a case was migrated for."""
    return after.removeprefix("after").removeprefix("-") or "musa"


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below `folder` by its POSIX path."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize(("case", "after"), CASES)
def test_before_becomes_after(
    case: str, after: str, tmp_path: Path, run_migrate: Any, copy_tree: Any
) -> None:
    tree = copy_tree(PAIRS / case / "before", tmp_path / "tree")
    assert contents(run_migrate(tree, tmp_path / "out", to=target_of(after))) == contents(
        PAIRS / case / after
    )
    assert contents(tree) == contents(PAIRS / case / "before")


@pytest.mark.parametrize(("case", "after"), CASES)
def test_after_stays(
    case: str, after: str, tmp_path: Path, run_migrate: Any, copy_tree: Any
) -> None:
    tree = copy_tree(PAIRS / case / after, tmp_path / "tree")
    assert contents(run_migrate(tree, tmp_path / "out", to=target_of(after))) == contents(
        PAIRS / case / after
    )


def test_every_case_has_both_sides() -> None:
    folders = {p.name for p in PAIRS.iterdir() if p.is_dir()}
    assert folders == {case for case, _ in CASES} == {p.parent.name for p in PAIRS.glob("*/before")}


@pytest.mark.parametrize("spec", as_is_profiles())
def test_a_profile_that_compiles_cuda_as_it_is_writes_nothing(
    spec: str, tmp_path: Path, run_migrate: Any, copy_tree: Any
) -> None:
    tree = tmp_path / "tree"
    for before in sorted(PAIRS.glob("*/before")):
        copy_tree(before, tree / before.parent.name)
    assert contents(run_migrate(tree, tmp_path / "out", to=spec)) == contents(tree)

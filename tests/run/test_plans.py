# SPDX-License-Identifier: Apache-2.0
"""Kept plans: what is planned again and what is not, and that the plan is the same either way."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from depth import many
from plans_by_hand import make_plan
from portkit.model.plans import FilePlan
from portkit.model.reading import FileScan
from portkit.model.refusals import Charge, Refusals
from portkit.plan.decide import Policy
from portkit.plan.earlier import Launches
from portkit.plan.macros import TreeMacros
from portkit.plan.selection import make_selection
from portkit.run.early_plans import EarlyPlans
from portkit.run.pipeline import scan_paths
from portkit.run.plans import Plans, plan_stamp
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree
from portkit.targets.floors import parse_floors
from portkit.targets.target import load_target
from portkit.targets.user import load_user_rows
from portkit.vocab.vocabulary import load_vocabulary

SOURCES = {
    "a.cu": '#include "pair.h"\n__global__ void scale(float *x) { x[threadIdx.x] *= 2; }\n'
    "int f(void *p, int n) { return cudaMemset(p, 0, n); }\n",
    "b.cu": "__global__ void scale(float *x);\nint main() { float *d; cudaMalloc(&d, 4); "
    "scale<<<1, 32>>>(d); return cudaFree(d); }\n",
    "c.cpp": "#include <cuda_runtime.h>\nint g() { return cudaDeviceSynchronize(); } // portkit: ignore\n",
    "pair.h": "#pragma once\n#define BOTH 1, 2\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, text in SOURCES.items():
        (tree / name).write_text(text)
    return tree


class Memory(dict[bytes, bytes]):
    """A store in memory."""

    keeps: ClassVar[bool] = True

    def get(self, keys: object) -> dict[bytes, bytes]:  # type: ignore[override]
        return {k: self[k] for k in keys if k in self}  # type: ignore[attr-defined]

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        self.update(entries)


class Counted(Plans):
    """Plans that say which files were planned anew."""

    def plan(
        self, file: FileScan, launches: Launches, macros: TreeMacros, make: Callable[..., FilePlan]
    ) -> FilePlan:
        def counted(*args: object) -> FilePlan:
            NEW.append(file.path)
            return make(*args)

        return super().plan(file, launches, macros, counted)


NEW: list[str] = []


def scanned(folder: Path) -> Tree:
    return scan_paths([folder], ScanOptions(root=folder, jobs=1, cache=True))


loaded = functools.cache(load_target)


def planned(
    tree: Tree,
    store: Memory,
    spec: str = "musa",
    policy: Policy | None = None,
    user: Path | None = None,
) -> list[str]:
    """Plan with what is kept, compare with a plan from nothing, and return the files that were
    planned anew.
    """
    NEW.clear()
    target = load_target(spec, user=load_user_rows(user)) if user else loaded(spec)
    policy, vocabulary = policy or Policy(), load_vocabulary()
    known = Counted(
        store,
        [f.path for f in tree.scan.files],
        tree.keys,
        target,
        vocabulary,
        policy,
        plan_stamp(),
    )
    made = make_plan(tree.scan, target, vocabulary, policy, tree.read, [known])
    known.keep(store)
    assert made == make_plan(tree.scan, target, vocabulary, policy, tree.read)
    return list(NEW)


def test_a_second_run_plans_nothing(folder: Path) -> None:
    store = Memory()
    assert planned(scanned(folder), store) == ["a.cu", "b.cu", "c.cpp", "pair.h"]
    assert planned(scanned(folder), store) == []
    assert planned(scanned(folder), store, "enflame") == ["a.cu", "b.cu", "c.cpp", "pair.h"]
    assert planned(scanned(folder), store, "enflame") == []


def test_a_changed_file_is_planned_anew(folder: Path) -> None:
    store = Memory()
    planned(scanned(folder), store)
    (folder / "b.cu").write_text(SOURCES["b.cu"] + "// more\n")
    assert planned(scanned(folder), store) == ["b.cu"]


def test_who_launches_a_kernel_is_asked_again(folder: Path) -> None:
    store = Memory()
    planned(scanned(folder), store, "enflame")
    (folder / "d.cu").write_text(
        "void scale(float *);\nint h(float *d) { scale<<<2, 32>>>(d); return 0; }\n"
    )
    assert "a.cu" in planned(scanned(folder), store, "enflame")


def test_policy_and_rows_of_the_user_make_other_plans(folder: Path, tmp_path: Path) -> None:
    store, tree = Memory(), scanned(folder)
    planned(tree, store)
    assert planned(tree, store, policy=Policy(floors=parse_floors("exists=header"))) != []
    assert planned(tree, store, policy=Policy(skip=frozenset({"runtime"}))) != []
    assert planned(tree, store, policy=Policy(selection=make_selection(ignore=["PK1"]))) != []
    rows = tmp_path / "rows.json"
    rows.write_text('{"cudaFree": "myFree"}')
    assert planned(tree, store, user=rows) != []
    assert planned(tree, store) == []


def test_rules_that_are_ignored_under_a_path_are_listened_to_each_time(folder: Path) -> None:
    store, tree = Memory(), scanned(folder)
    policy = Policy(selection=make_selection(per_path=[("*.cu", ["PK8"])]))
    assert (
        planned(tree, store, policy=policy)
        == planned(tree, store, policy=policy)
        == ["a.cu", "b.cu", "c.cpp", "pair.h"]
    )


def test_broken_entries_are_planned_anew(folder: Path) -> None:
    store, tree, draw = Memory(), scanned(folder), random.Random(5)
    planned(tree, store)
    whole = dict(store)
    for _ in range(many(40)):
        for key, value in whole.items():
            store[key] = value[: draw.randrange(len(value))]
        assert planned(tree, store) == ["a.cu", "b.cu", "c.cpp", "pair.h"]


@pytest.mark.parametrize("per_path", [(), (("*.cu", ("PK9",)),)])
def test_a_plan_without_what_was_refused_is_made_of_the_first(
    folder: Path, per_path: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1, cache=False))
    vocabulary, target = load_vocabulary(), load_target("musa")
    policy = Policy(parse_floors(""), selection=make_selection(per_path=per_path))
    first = EarlyPlans([target], vocabulary, lambda: policy)
    (plan,) = first.plans(tree.scan, {}, tree.read)
    assert bool(first.made) == (not per_path)
    spans = {f.scan.path: f.edits[0].span for f in plan.files if f.edits}
    refused = {"b.cu": Refusals({spans["b.cu"]: Charge("error", "no")})}
    again, anew = (
        EarlyPlans([target], vocabulary, lambda: policy, refused, made).plans(
            tree.scan, {}, tree.read
        )
        for made in (first.made, ())
    )
    assert again == anew != [plan]
    reused = [a is b for a, b in zip(again[0].files, plan.files, strict=True)]
    assert reused == [f.scan.path != "b.cu" and not per_path for f in plan.files]

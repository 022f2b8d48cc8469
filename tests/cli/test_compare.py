# SPDX-License-Identifier: Apache-2.0
"""The targets side by side: one plan a target from one scan, whatever the order or number of
targets.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from portkit.targets.target import available_targets, default_specs
from specs import all_defaults

CODE = """#include <cuda_runtime.h>
#include <cublas_v2.h>
__global__ void k() { __syncthreads(); }
int main() { cudaStream_t s; cudaDeviceSynchronize(); cublasDgemm(0); cuFancyNew(); return 0; }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(CODE, encoding="utf-8")
    return folder


def plans(portkit: Any, *arguments: Any) -> dict[str, Any]:
    document = json.loads(portkit(*arguments, "--format", "json", "-j", "1").stdout)
    return {f"{p['target']}@{p['profile']}": p for p in document["plans"]}


def test_without_a_target_all_take_part(tree: Path, portkit: Any) -> None:
    found = plans(portkit, "compare", tree)
    assert list(found) == all_defaults()
    assert {"biren@gen1", "biren@gen2", "musa@mp_31"} <= found.keys()  # without a default, with one
    for spec, plan in found.items():
        alone = plans(portkit, "report", tree, "--to", spec)
        assert alone[spec] == plan


def test_the_digests_of_two_profiles_are_kept_apart(tree: Path, portkit: Any) -> None:
    tool = json.loads(portkit("compare", tree, "--format", "json", "-j", "1").stdout)["tool"]
    asked = {name: default_specs(name) for name in available_targets()}
    wanted = [s if len(specs) > 1 else name for name, specs in asked.items() for s in specs]
    assert list(tool["tables"]) == wanted
    assert {"biren@gen1", "biren@gen2", "musa"} <= tool["tables"].keys()
    assert len(set(tool["tables"].values())) == len(wanted)


def test_the_text_counts_what_the_plans_hold(tree: Path, portkit: Any) -> None:
    specs = ("musa@mp_31", "enflame@gcu300")
    # given twice, shown once
    options = [part for spec in (*specs, "musa@mp_31") for part in ("--to", spec)]
    text = portkit("compare", tree, "-j", "1", *options).stdout
    found = plans(portkit, "compare", tree, *options)
    assert list(found) == list(specs)
    for spec in specs:
        summary = found[spec]["summary"]
        line = next(x for x in text.splitlines() if x.startswith(spec))
        numbers = re.findall(r"[\d.]+", line.removeprefix(spec))
        counts = [str(summary[k]) for k in ("edit", "manual", "keep", "blocking")]
        unknown = summary["parts"]["share"]["unknown"]
        told = [str(summary["readiness"]), str(unknown), *counts, str(len(summary["unproven"]))]
        assert numbers[:7] == told
    blocking = {
        s: sum(f["blocking"] for x in p["files"] for f in x["findings"]) for s, p in found.items()
    }
    part = text.split("What blocks, by rule")[1]
    columns = [re.findall(r"\s(\d+)", line) for line in part.splitlines() if line.startswith("PK")]
    assert [sum(int(c[i]) for c in columns) for i in (0, 1)] == [blocking[s] for s in specs]


def test_it_speaks_chinese_and_gates(tree: Path, portkit: Any) -> None:
    assert "目标平台" in portkit("compare", tree, "--lang", "zh", "-j", "1").stdout
    portkit("compare", tree, "--fail-on", "error", "-j", "1", code=1)
    assert "gen1" in portkit("compare", tree, "--to", "biren", code=2).stderr

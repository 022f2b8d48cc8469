# SPDX-License-Identifier: Apache-2.0
"""Rules chosen by id prefix: on the command line, by path, and in `portkit rules`; nothing
disappears.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portkit.model.errors import PortkitError
from portkit.plan.selection import Listener, make_selection

SOURCE = (
    '#include <cuda_runtime.h>\n__global__ void k() {\n  asm volatile("bar.sync 1, '
    '64;");\n}\nvoid f() { cudaNoSuchCall(); }\n'
)


@pytest.mark.parametrize(
    ("select", "ignore", "heard", "refused"),
    [
        ((), (), ("PK101", "PK999"), ()),
        (("PK3",), (), ("PK301",), ("PK401", "PK101")),
        ((), ("PK3",), ("PK401",), ("PK301", "PK308")),
        (("PK301",), ("PK3",), ("PK301",), ("PK302", "PK401")),
        (("PK3",), ("PK301",), ("PK302",), ("PK301", "PK101")),
        (("PK3",), ("PK3",), (), ("PK301",)),
        (("pk3, pk401",), (), ("PK301", "PK401"), ("PK402",)),
    ],
)
def test_the_longest_prefix_decides(select: Any, ignore: Any, heard: Any, refused: Any) -> None:
    selection = make_selection(select, ignore)
    assert not any(selection.refusal(id) for id in heard)
    assert all(selection.refusal(id) for id in refused)


def test_a_prefix_that_fits_no_rule_is_refused(portkit: Any) -> None:
    with pytest.raises(PortkitError, match="PK77"):
        make_selection(["PK3", "PK77"])
    assert "PK77" in portkit("rules", "--select", "PK77", code=2).stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "third").mkdir(parents=True)
    for path in ("a.cu", "third/b.cu"):
        (folder / path).write_text(SOURCE)
    return folder


def findings(plan: dict[str, Any], rule: str) -> dict[str, str | None]:
    return {
        f["path"]: item.get("suppressed")
        for f in plan["files"]
        for item in f["findings"]
        if item["rule"] == rule
    }


def test_ignored_findings_stay_and_pass_no_gate(tree: Path, run_report: Any) -> None:
    plan = run_report(
        tree, "--ignore", "PK4,PK102", "--fail-on", "warning", "--select", "PK4", "--select", "PK1"
    )
    assert findings(plan, "PK401") == {"a.cu": "--ignore PK4", "third/b.cu": "--ignore PK4"}
    assert plan["summary"]["blocking"] == 0 and plan["summary"]["suppressed"] >= 4


def test_rules_are_silenced_by_path(tree: Path, run_report: Any) -> None:
    (tree / "portkit.toml").write_text(
        '[[overrides]]\npaths = ["third/**"]\nignore = ["PK4"]\n[[overrides]]\npaths = ["nowhere/"]\nignore = ["PK1"]\n'
    )
    plan = run_report(tree)
    assert findings(plan, "PK401") == {"a.cu": None, "third/b.cu": "per-path third/**"}
    unused = [f for f in plan["findings"] if f["rule"] == "PK911"]
    assert [f["message"] for f in unused] == [
        "`per-path nowhere/` of the configuration silenced nothing"
    ]


def test_a_listener_without_a_selection_changes_nothing() -> None:
    listener = Listener(make_selection())
    assert listener.hear("a.cu", []) == [] and listener.unused() == []


def test_the_list_of_rules_follows(portkit: Any) -> None:
    lines = portkit("rules", "--select", "PK3", "--ignore", "PK301").stdout.splitlines()
    assert lines and all(line.startswith("PK3") and not line.startswith("PK301") for line in lines)


def test_sarif_says_who_silenced_a_finding(tree: Path, portkit: Any) -> None:
    """`inSource` is what a comment did; a viewer would look for one that an option never wrote."""
    (tree / "a.cu").write_text(SOURCE.replace("\n", "  // portkit: ignore[PK4] measured\n"))
    said = portkit("report", tree, "--to", "musa", "--ignore", "PK4", "--format", "sarif").stdout
    results = json.loads(said)["runs"][0]["results"]
    kinds = {
        (
            r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            s["kind"],
            s["justification"],
        )
        for r in results
        for s in r.get("suppressions", ())
        if r["ruleId"] == "PK401"
    }
    assert kinds == {("a.cu", "inSource", "measured"), ("third/b.cu", "external", "--ignore PK4")}

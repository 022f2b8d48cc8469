# SPDX-License-Identifier: Apache-2.0
"""The effort model: what is summed, what a configuration changes, and that the documents say so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plans_by_hand import estimate
from portkit.assess.effort import EffortHint, by_rule, changed_table, effort_table, total
from portkit.config.keys import EffortKeys
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity

SOURCE = (
    "#include <cuda_runtime.h>\nint main() { void *p; cudaMalloc(&p, 8); cudaFooBar(p); "
    "cudaFooBar(p); return 0; }\n"
)


def item(
    rule: str, name: str, effort: Effort = Effort.HOURS, severity: Severity = Severity.WARNING
) -> Finding:
    return Finding(rule, severity, effort, Span(0, 1), {"name": name})


def test_the_first_of_a_name_counts_in_full_and_each_further_by_a_share() -> None:
    table = effort_table()
    low, high = table.hours[Effort.HOURS]
    share = table.repeat["share"]
    one = estimate([item("PK101", "a")], 0)
    assert one == EffortHint(low, high)
    three = estimate([item("PK101", "a")] * 3, 0)
    assert three == EffortHint(
        round(low * (1 + 2 * share[0]), 1), round(high * (1 + 2 * share[1]), 1)
    )
    assert estimate([item("PK101", "a"), item("PK101", "b")], 0) == EffortHint(2 * low, 2 * high)
    assert estimate([item("PK101", "a", severity=Severity.INFO)], 0) == EffortHint(0.0, 0.0)


def test_the_parts_add_up_and_are_ordered() -> None:
    found = [
        item("PK401", "x", Effort.DAYS),
        item("PK101", "a"),
        item("PK101", "a"),
        item("PK101", "b", Effort.MINUTES),
    ]
    parts = by_rule(found, 10)
    assert [(p.rule, p.items, p.places) for p in parts] == [
        ("PK401", 1, 1),
        ("PK101", 2, 3),
        ("review", 10, 10),
    ]
    assert total(parts) == estimate(found, 10)
    assert all(p.low <= p.high for p in parts)


def test_hours_of_a_rule_go_by_the_longest_prefix() -> None:
    table = changed_table(
        EffortKeys(
            rules={"PK4": (2.0, 3.0), "PK401": (7.0, 9.0)},
            hours={"minutes": (0.0, 0.1)},
            review=(0.5, 1.0),
        )
    )
    assert estimate([item("PK401", "x", Effort.DAYS)], 0, table) == EffortHint(7.0, 9.0)
    assert estimate([item("PK402", "x", Effort.DAYS)], 0, table) == EffortHint(2.0, 3.0)
    assert estimate([item("PK101", "x")], 2, table) == EffortHint(
        effort_table().hours[Effort.HOURS][0] + 1.0, effort_table().hours[Effort.HOURS][1] + 2.0
    )
    assert effort_table().rules == {} or "PK401" not in effort_table().rules, (
        "the shared table is not changed"
    )
    with pytest.raises(PortkitError, match="low end"):
        changed_table(EffortKeys(repeat=(0.5, 0.1)))


def test_configuration_changes_the_report(portkit: Callable[..., Any], tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.cu").write_text(SOURCE)

    def hours(text: str) -> dict[str, float]:
        (tree / "portkit.toml").write_text(f'targets = ["musa"]\njobs = 1\n{text}')
        done = portkit("report", ".", "--format", "json", cwd=tree)
        return dict(json.loads(done.stdout)["plans"][0]["summary"]["effort_hours"])

    before = hours("")
    assert 0 < before["low"] < before["high"]
    assert hours("[effort]\nreview = [0, 0]\nrepeat = [0, 0]\nrules = {PK1 = [3, 4]}\n") == {
        "low": 3.0,
        "high": 4.0,
    }
    assert "by rule" in portkit("report", ".", "-v", cwd=tree).stdout
    (tree / "portkit.toml").write_text('targets = ["musa"]\n[effort]\nhours = {days = [9, 8]}\n')
    assert (
        "low end" in portkit("migrate", ".", "--in-place", "--allow-dirty", cwd=tree, code=2).stderr
    )
    assert (tree / "a.cu").read_text() == SOURCE


@pytest.mark.parametrize("suffix", ["md", "zh.md"])
def test_documents_give_the_hours_of_the_table(repository: Path, suffix: str) -> None:
    text = (repository / f"docs/effort.{suffix}").read_text(encoding="utf-8")
    rows = {
        cells[0].strip(" `"): cells[1:3]
        for line in text.splitlines()
        if line.startswith("| ") and (cells := line.strip("|").split("|"))
    }
    table = effort_table()
    for effort, (low, high) in table.hours.items():
        assert [float(re.sub("[^0-9.]", "", c)) for c in rows[effort.value]] == [low, high]
    assert [float(re.sub("[^0-9.]", "", c)) / 100 for c in rows["repeat"]] == list(
        table.repeat["share"]
    )
    assert [float(re.sub("[^0-9.]", "", c)) for c in rows["review"]] == list(table.review["file"])

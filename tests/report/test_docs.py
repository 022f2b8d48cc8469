# SPDX-License-Identifier: Apache-2.0
"""The documents name what the program has: fields of the JSON, reasons, hours of the effort table."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.assess.effort import effort_table
from portkit.assess.readiness import Summary
from portkit.model.words import Exists, Pairs, Reason
from portkit.report.documents import JsonFile, JsonFinding, JsonPlan, JsonReference

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("suffix", [".md", ".zh.md"])
def test_contract_names_every_field(suffix: str) -> None:
    text = (DOCS / f"contract{suffix}").read_text(encoding="utf-8")
    place = {"offset", "length", "line", "column", "end_line", "end_column"}
    for struct in (Summary, JsonPlan, JsonFile, JsonReference, JsonFinding):
        missing = [f for f in struct.__struct_fields__ if f"`{f}`" not in text and f not in place]
        assert not missing, struct.__name__


@pytest.mark.parametrize("suffix", [".md", ".zh.md"])
def test_grades_and_reasons_are_explained(suffix: str) -> None:
    text = (DOCS / f"proof-and-evidence{suffix}").read_text(encoding="utf-8")
    words = [
        *(r.value for r in Reason),
        *(e.name.lower() for e in Exists),
        *(p.name.lower() for p in Pairs),
    ]
    assert not [w for w in words if f"`{w}`" not in text]


@pytest.mark.parametrize("suffix", [".md", ".zh.md"])
def test_effort_table_is_the_documented_one(suffix: str) -> None:
    text = (DOCS / f"readiness{suffix}").read_text(encoding="utf-8")
    for low, high in effort_table().hours.values():
        assert f"| {low:g} " in text and f" | {high:g} " in text

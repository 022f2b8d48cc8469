# SPDX-License-Identifier: Apache-2.0
"""The page on formats names each in its two tables, in both languages, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portkit.report.formats import all_formats

ROOT = Path(__file__).resolve().parents[2]


def first_cells(text: str) -> list[set[str]]:
    """Return for each table of a page which words of code stand in its first column."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [
        {word for row in table.splitlines() for word in re.findall(r"`(\w+)`", row.split("|")[1])}
        for table in tables
    ]


@pytest.mark.parametrize("page", ["formats.md", "formats.zh.md"])
def test_both_tables_have_every_format(page: str) -> None:
    what_for, exempt = first_cells((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert what_for == {*all_formats()}, "the table of what each format is for"
    assert exempt == {*all_formats()}, "the table of how each format shows exempt findings"

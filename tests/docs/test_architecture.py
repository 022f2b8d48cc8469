# SPDX-License-Identifier: Apache-2.0
"""The page on the architecture names places of the code: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "portkit"
# A place is written from the package, within the C++ wing from there.
ABOVE = (PACKAGE, PACKAGE / "languages" / "cxx", ROOT)
PLACE = re.compile(r"`([a-z_]+/[a-z_/]+(?:\.py)?)`")


@pytest.mark.parametrize("page", ["architecture.md", "architecture.zh.md"])
def test_every_place_is_there(page: str) -> None:
    places = PLACE.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(places) > 30
    for place in places:
        found = [(above / f"{place.rstrip('/')}{end}") for above in ABOVE for end in ("", ".py")]
        assert any(path.exists() for path in found), place


def test_both_languages_name_the_same_places() -> None:
    pages = [(ROOT / "docs" / f"architecture{end}.md").read_text("utf-8") for end in ("", ".zh")]
    one, other = ({place.rstrip("/") for place in PLACE.findall(text)} for text in pages)
    assert one == other

# SPDX-License-Identifier: Apache-2.0
"""`--accept`."""

from __future__ import annotations

import pytest

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Proof, Status
from portkit.targets.floors import Floors, parse_floors


@pytest.mark.parametrize(
    ("text", "floors"),
    [
        ("", Floors()),
        ("exists=doc", Floors(exists=Exists.DOC)),
        (
            "exists=rule, pairs=usage ,proof=spelling",
            Floors(Exists.RULE, Pairs.USAGE, Proof.SPELLING),
        ),
        ("PAIRS=No", Floors(pairs=Pairs.NO)),
    ],
)
def test_parse(text: str, floors: Floors) -> None:
    assert parse_floors(text) == floors


def test_defaults() -> None:
    assert Floors() == Floors(Exists.TABLE, Pairs.ALIKE, Proof.LIKELY)


@pytest.mark.parametrize(
    "text",
    [
        "exists",
        "exists=",
        "exists=seen",
        "evidence=doc",
        "exists=doc,exists=rule",
        "exists=doc;pairs=no",
    ],
)
def test_a_mistake_lists_the_words(text: str) -> None:
    with pytest.raises(PortkitError) as caught:
        parse_floors(text)
    assert "exists=rule|table|doc|usage|linked|header|user" in caught.value.hint
    assert "proof=spelling|likely|proved" in caught.value.hint


@pytest.mark.parametrize(
    ("exists", "pairs", "accepted"),
    [
        ("TABLE", "ALIKE", True),
        ("RULE", "USAGE", False),
        ("HEADER", "NO", False),
        ("USER", "USER", True),
    ],
)
def test_accepts(exists: str, pairs: str, accepted: bool) -> None:
    row = Row("a", "b", Kind.FUNCTION, Status.MAPPED, Exists[exists], Pairs[pairs])
    assert Floors().accepts(row) is accepted

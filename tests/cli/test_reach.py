# SPDX-License-Identifier: Apache-2.0
"""Every row can be reached: by a reference where its table speaks of C++, by `query` else."""

from __future__ import annotations

import pytest

from portkit.cli import reach
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.quick.known import answer_of, is_known, lines_of
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary
from specs import all_profiles, each_target


def test_every_row_of_the_tables_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_named", lambda *_: ())  # twenty thousand names of one shape
    targets = [load_target(spec) for spec in all_profiles()]
    assert list(reach.unreachable(targets, load_vocabulary())) == []


def test_every_row_of_another_language_is_answered() -> None:
    targets = [load_target(spec) for spec in all_profiles()]
    assert list(reach.unanswered(targets, load_vocabulary())) == []


def row(name: str, kind: Kind) -> Row:
    return Row(name, "x", kind, Status.MAPPED, Exists.DOC, Pairs.ALIKE, "unlisted", ("s",))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plainWordOfNobody", Kind.FUNCTION),
        ("somewhere::cudaMallocHost3D", Kind.FUNCTION),
        ("nobodysStruct::member", Kind.FIELD),
        ("nobody/knows.h", Kind.HEADER),
        ("NOBODYS_VARIABLE", Kind.ENVIRONMENT),
    ],
)
def test_a_row_that_nothing_can_reach_is_told(
    name: str, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(row("cudaMalloc", Kind.FUNCTION), "a.csv"), (row(name, kind), "a.csv")]
    monkeypatch.setattr(reach, "_rows", lambda _: rows)
    monkeypatch.setattr(reach, "_named", lambda *_: ())
    (only,) = reach.unreachable([load_target(all_profiles()[-1])], load_vocabulary())
    assert name in only and f"a {kind}" in only and "a.csv" in only


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("torch.cuda.is_available", "python"),
        ("torch.cuda", "python"),
        ("nvcc", "build"),
        ("CUDA_HOME", "build"),
    ],
)
def test_query_answers_what_tables_of_other_files_have(name: str, table: str) -> None:
    answer = answer_of(name, load_vocabulary(), [load_target(spec) for spec in each_target()])
    assert is_known(answer) and "suggestions" not in answer
    lines = [*lines_of(answer)]
    assert any(f"({table}, " in line for line in lines)
    assert not any("not in the vocabulary" in line for line in lines)


def test_query_does_not_know_what_no_table_has() -> None:
    unknown = answer_of("torch.cuda.nothing_like_it", load_vocabulary(), [])
    assert not is_known(unknown) and "suggestions" in unknown

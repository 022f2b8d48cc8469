# SPDX-License-Identifier: Apache-2.0
"""How many arguments a target's functions take: the table, its faults, and the ones that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.targets.arity import Arity, ArityTable, arity_of
from portkit.targets.expanded import expanded
from portkit.targets.target import available_targets, default_specs, load_target
from portkit.vocab.vocabulary import load_vocabulary

HEADING = "name\tleast\tmost\tsources\n"


@pytest.mark.parametrize(
    ("text", "taken", "refused"), [("2", [2], [1, 3]), ("1-3", [1, 3], [0, 4]), ("2+", [2, 9], [1])]
)
def test_arities_as_the_vocabulary_writes_them(
    text: str, taken: list[int], refused: list[int]
) -> None:
    arity = arity_of(text)
    assert arity is not None and str(arity) == text
    assert all(map(arity.takes, taken)) and not any(map(arity.takes, refused))


def test_one_arity_covers_another() -> None:
    assert Arity(1, 3).covers(Arity(2, 3)) and not Arity(2, 3).covers(Arity(1, 3))
    assert Arity(1, -1).covers(Arity(2, -1)) and not Arity(1, 9).covers(Arity(1, -1))
    assert Arity(2, 2).joined(Arity(3, 3)) == Arity(2, 3)
    assert Arity(2, 2).joined(Arity(0, -1)) == Arity(0, -1)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("f\t1\t2", "3 cells"),
        ("f g\t1\t2\tdoc", "no name"),
        ("f\t\t2\tdoc", "want numbers"),
        ("f\t3\t2\tdoc", "at most 2 and at least 3"),
        ("f\t1\t2\t", "names no source"),
        ("f\t1\t2\tdoc other", "unknown source id 'other'"),
        ("f\t1\t\tdoc\nf\t1\t2\tdoc", "listed twice"),
    ],
)
def test_each_fault_of_a_table_is_named_with_its_line(line: str, fault: str) -> None:
    table = ArityTable({"doc"})
    table.read(Path("arity.tsv"), f"{HEADING}{line}\n")
    assert len(table.problems) == 1 and fault in table.problems[0]
    assert table.problems[0].startswith(f"arity.tsv:{2 + line.count(chr(10))}: ")


def test_a_profiles_own_table_lies_over_that_of_all(tmp_path: Path) -> None:
    (tmp_path / "arity.tsv").write_text(f"{HEADING}f\t1\t2\tdoc\ng\t1\t\tdoc\n")
    (tmp_path / "arity@new.tsv").write_text(f"{HEADING}f\t1\t3\tdoc\n")
    (tmp_path / "arity@old.tsv").write_text("nonsense\n")
    import hashlib

    table, digest = ArityTable({"doc"}), hashlib.sha256()
    table.read_all(tmp_path, "new", digest)
    assert table.found == {"f": Arity(1, 3), "g": Arity(1, -1)} and not table.problems
    assert digest.hexdigest() != hashlib.sha256().hexdigest()


@pytest.mark.parametrize("name", available_targets())
def test_what_ships_speaks_of_names_that_the_target_has(name: str) -> None:
    for spec in default_specs(name):
        target = load_target(spec)
        strange = {name for name in target.arities if not target.is_own_name(name)}
        made = {r.target for *_, r in expanded(target, load_vocabulary())} if strange else set()
        assert strange <= made  # HIP spells some as CUDA did before

# SPDX-License-Identifier: Apache-2.0
"""`--map FILE`."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.rows import TableError
from portkit.targets.user import load_user_rows


def write(tmp_path: Path, text: str, name: str = "map") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_json_of_musifys_form(tmp_path: Path) -> None:
    rows = load_user_rows(
        write(tmp_path, '\ufeff{"cudaA": "xA", "cudaB": "cudaB", "cudaC": ""}', "m.json")
    )
    assert [(r.target, r.status) for r in rows.values()] == [
        ("xA", Status.MAPPED),
        ("cudaB", Status.SAME),
        ("", Status.MANUAL),
    ]
    assert {(r.exists, r.pairs, r.library, r.sources) for r in rows.values()} == {
        (Exists.USER, Pairs.USER, "user", ("m.json",))
    }


def test_our_csv(tmp_path: Path) -> None:
    rows = load_user_rows(
        write(
            tmp_path,
            "name,target,kind,status,note\r\ncudaA,xA,function,,\r\ncudaB,,,none,not ours\r\n",
        )
    )
    assert (rows["cudaA"].kind, rows["cudaA"].status) == (Kind.FUNCTION, Status.MAPPED)
    assert (rows["cudaB"].status, rows["cudaB"].note) == (Status.NONE, "not ours")


@pytest.mark.parametrize(
    "text", ["[1]", '{"a": 1}', '{"a": {"b": "c"}}', '{"a": "b"', "left,right\na,b\n", "", "\x00"]
)
def test_a_file_of_neither_form(tmp_path: Path, text: str) -> None:
    with pytest.raises(PortkitError):
        load_user_rows(write(tmp_path, text))


def test_a_missing_or_foreign_file(tmp_path: Path) -> None:
    with pytest.raises(PortkitError, match="cannot read the map"):
        load_user_rows(tmp_path / "none.csv")
    path = tmp_path / "gbk.csv"
    path.write_bytes("name,target\n中,文\n".encode("gbk"))
    with pytest.raises(PortkitError, match="cannot read the map"):
        load_user_rows(path)


def test_all_bad_entries_are_listed(tmp_path: Path) -> None:
    text = "name,target,kind\ncudaA,x A,\n,xB,\ncudaC,xC,thing\ncudaC,xC,\nshort\n"
    with pytest.raises(TableError) as caught:
        load_user_rows(write(tmp_path, text))
    assert [p.split(":")[1] for p in caught.value.problems] == ["2", "3", "4", "5", "6"]


def test_a_name_twice_in_json(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cudaA is listed twice"):
        load_user_rows(write(tmp_path, '{"cudaA": "xA", "cudaA": "xB"}'))

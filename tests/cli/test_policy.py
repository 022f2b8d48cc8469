# SPDX-License-Identifier: Apache-2.0
"""What the user accepts and selects: floors of evidence and proof, libraries, rows of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portkit.cli.main import run_line

TEXT = """#include <cublas_v2.h>
int a = cudaFree(0);
cublasHandle_t h;
#ifdef ELSEWHERE
int b = cudaFree + 1;
#endif
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.cu").write_text(TEXT)
    return tmp_path


def decisions(place: Path, *options: str) -> list[tuple[str, str, str]]:
    """Return (name, decision, reason) of each reference of the tree, in file order."""
    assert (
        run_line(
            [
                "report",
                "tree",
                "--to",
                "musa",
                "--format",
                "json",
                "-o",
                "r.json",
                "-j",
                "1",
                *options,
            ]
        )
        == 0
    )
    file: dict[str, Any] = json.loads((place / "r.json").read_text())["plans"][0]["files"][0]
    return [(r["name"], r["decision"], r["reason"]) for r in file["references"]]


def test_spelling_is_for_a_person_unless_accepted(place: Path) -> None:
    assert decisions(place)[-1] == ("cudaFree", "manual", "spelling-only")
    assert decisions(place, "--accept", "proof=spelling")[-1] == ("cudaFree", "edit", "mapped")


def test_floors_of_evidence(place: Path) -> None:
    assert ("cudaFree", "edit", "mapped") in decisions(
        place, "--accept", "exists=usage,pairs=usage"
    )
    assert ("cudaFree", "manual", "unproven") in decisions(place, "--accept", "exists=user")


def test_libraries(place: Path) -> None:
    edited = {name for name, action, _ in decisions(place, "--only", "cublas") if action == "edit"}
    assert edited == {"cublas_v2.h", "cublasHandle_t"}
    skipped = {
        (name, reason)
        for name, action, reason in decisions(place, "--skip", "cublas")
        if action == "keep"
    }
    assert skipped == {("cublas_v2.h", "not-selected"), ("cublasHandle_t", "not-selected")}


@pytest.mark.parametrize(
    ("name", "text"),
    [("rows.csv", "name,target\ncudaFree,my_free\n"), ("m.json", '{"cudaFree": "my_free"}')],
)
def test_rows_of_the_user_stand_above_all_floors(
    place: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    (place / name).write_text(text)
    line = [
        "migrate",
        "tree",
        "--to",
        "musa",
        "--map",
        name,
        "--accept",
        "exists=user,pairs=user",
        "--out-dir",
        "out",
        "-q",
        "-j",
        "1",
    ]
    assert run_line(line) == 0
    after = (place / "out" / "a.cu").read_text()
    assert "int a = my_free(0);" in after and "cublasHandle_t h;" in after
    capsys.readouterr()


def test_paths_are_relative_to_the_root(place: Path) -> None:
    (place / "tree" / "sub").mkdir()
    (place / "tree" / "sub" / "b.cu").write_text("int c = cudaFree(0);\n")
    for options, base, names in (
        (["tree/sub"], "argument", ["b.cu"]),
        (["tree/sub/b.cu"], "argument", ["b.cu"]),
        (["tree/sub", "tree/a.cu"], "argument", ["a.cu", "sub/b.cu"]),
        (["tree/sub", "--root", "."], "argument", ["tree/sub/b.cu"]),
    ):
        assert (
            run_line(
                ["report", *options, "--to", "musa", "--format", "json", "-o", "r.json", "-j", "1"]
            )
            == 0
        )
        document = json.loads((place / "r.json").read_text())
        assert (document["path_base"], [f["path"] for f in document["plans"][0]["files"]]) == (
            base,
            names,
        )

# SPDX-License-Identifier: Apache-2.0
"""The loader refuses broken tables, all errors at once, with file and line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.vocab.data import ENVIRONMENT, mappings_folder
from portkit.vocab.tables import COLUMNS, HEADER
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary
from vocabulary_faults import vocabulary_faults

GOOD = (
    "cudaFree,function,,cuda_runtime_api.h,,,,1,,cudaError_t\n"
    "cudaMalloc,function,,cuda_runtime_api.h,,,,2,,cudaError_t\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    facts = mappings_folder() / "cuda" / "vocabulary.toml"
    (tmp_path / "vocabulary.toml").write_bytes(facts.read_bytes())
    (tmp_path / "runtime.csv").write_text(f"{HEADER}\n{GOOD}", encoding="utf-8", newline="\n")
    return tmp_path


def write(folder: Path, rows: str, name: str = "runtime.csv") -> None:
    (folder / name).write_bytes(f"{HEADER}\n{rows}".encode())


def test_good_folder(folder: Path) -> None:
    vocabulary = Vocabulary(folder)
    assert vocabulary.names == {"cudaFree", "cudaMalloc"}
    assert vocabulary.get("cudaFree")[0].arity == "1"
    assert vocabulary.get("nothing") == ()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a,function,,,,,,,\n", "2: 9 cells, not 10"),
        ("a,function,,,,,,,,,\n", "2: 11 cells, not 10"),
        ("a,functoin,,,,,,,,\n", "2: unknown kind 'functoin'"),
        ("a,unknown,,,,,,,,\n", "2: unknown kind 'unknown'"),
        (",function,,,,,,,,\n", "2: no name"),
        ("b,function,,,,,,,,\na,function,,,,,,,,\n", "3: not in order"),
        ("a,function,,x.h,,,,,,\na,function,,y.h,,,,,,\n", "3: a stands twice"),
        ("a,function,,,,,,,,\na,function,,,,,,,,\n", "3: a stands twice"),
        ("a,function,,,,,,,,\r\n", "2: a carriage return"),
        ("a,function,,,,,,,,", "2: the last line does not end"),
        ("a,function,,,,,,,,\n\n", "3: 1 cells, not 10"),
    ],
)
def test_broken_rows(folder: Path, rows: str, reason: str) -> None:
    write(folder, rows)
    with pytest.raises(PortkitError, match="rebuild the tables") as caught:
        Vocabulary(folder)
    assert str(caught.value).count("runtime.csv:") == 1
    assert f"runtime.csv:{reason}" in str(caught.value)


def test_all_errors_at_once(folder: Path) -> None:
    write(folder, "a,functoin,,,,,,,,\nb,function\n")
    write(folder, "c,typ,,,,,,,,\n", "driver.csv")
    with pytest.raises(PortkitError) as caught:
        Vocabulary(folder)
    text = str(caught.value)
    assert all(part in text for part in ("driver.csv:2", "runtime.csv:2", "runtime.csv:3"))


def test_wrong_header_line_and_encoding(folder: Path) -> None:
    (folder / "driver.csv").write_bytes(b"name,kind\n")
    (folder / "nccl.csv").write_bytes(HEADER.encode() + b"\na\xff,function,,,,,,,,\n")
    with pytest.raises(PortkitError) as caught:
        Vocabulary(folder)
    assert "driver.csv:1: the first line must be" in str(caught.value)
    assert "nccl.csv:2: not UTF-8" in str(caught.value)


def test_quoted_cells_are_read(folder: Path) -> None:
    write(folder, '"a,b",header,,"a,b",,,,,,\n')
    assert Vocabulary(folder).get("a,b")[0].header == "a,b"


def test_faults_of_cells(folder: Path) -> None:
    write(folder, "a,function,,,11,,,x,shiny,\nb,field,,,,,,,,\nc.h,header,,d.h,,,,,,\n")
    write(folder, "a,function,,,,,,,,\n", "nowhere.csv")
    faults = vocabulary_faults(folder)
    assert faults == [
        "nowhere.csv: a: nowhere is not among the libraries of vocabulary.toml",
        "runtime.csv: a: bad arity 'x'",
        "runtime.csv: a: bad version '11'",
        "runtime.csv: a: unknown flag 'shiny'",
        "runtime.csv: b: a field without its struct",
        "runtime.csv: c.h: a header whose header is not itself",
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("arch_macros =", "arch_macrox =", "vocabulary.toml:"),
        (
            'arch_macros = ["__CUDA_ARCH__", "__CUDA_ARCH_LIST__"]',
            "arch_macros = 3",
            "vocabulary.toml:",
        ),
        ("pattern = '(cublas|CUBLAS_)", "pattern = '((cublas|CUBLAS_)", "bad pattern"),
        ('library = "cublas"\n', 'library = "cublaz"\n', "unknown library 'cublaz'"),
        ("[execution_space]", "[execution_space", "vocabulary.toml:"),
    ],
)
def test_broken_facts(folder: Path, old: str, new: str, reason: str) -> None:
    path = folder / "vocabulary.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PortkitError) as caught:
        Vocabulary(folder)
    assert reason in str(caught.value)


def test_digest_follows_content(folder: Path) -> None:
    before = Vocabulary(folder).digest
    assert Vocabulary(folder).digest == before
    write(folder, GOOD.replace(",1,", ",2,"))
    changed = Vocabulary(folder).digest
    assert changed != before
    (folder / "vocabulary.toml").write_bytes(
        (folder / "vocabulary.toml").read_bytes() + b"# more\n"
    )
    assert Vocabulary(folder).digest != changed


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(PortkitError, match=r"no vocabulary\.toml"):
        load_vocabulary(tmp_path / "none")


def test_environment_names_the_mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mappings_folder.cache_clear()
    try:
        monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
        assert mappings_folder() == tmp_path
        mappings_folder.cache_clear()
        monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "none"))
        with pytest.raises(PortkitError, match="no such mappings folder"):
            mappings_folder()
    finally:
        monkeypatch.undo()
        mappings_folder.cache_clear()


def test_shipped_tables_are_canonical() -> None:
    for path in sorted((mappings_folder() / "cuda").glob("*.csv")):
        text = path.read_bytes().decode("utf-8")
        first, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert tuple(first) == COLUMNS
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(first)
        writer.writerows(sorted(rows))
        assert out.getvalue() == text, path.name

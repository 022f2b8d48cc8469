# SPDX-License-Identifier: Apache-2.0
"""Notes of rows in Chinese: what a report in Chinese says of a row is Chinese."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.targets.notes import FILE, Translations, read_translations
from portkit.targets.parts import OTHER_LANGUAGES
from portkit.vocab.data import mappings_folder
from product import Product

FOLDERS = sorted(p.parent for p in mappings_folder().glob(f"*/{FILE}"))
SHARE = 1.0  # of the rows whose notes a report shows


def shown(folder: Path) -> list[str]:
    """Return the notes of rows that a finding may quote: of those for a person, or known to differ."""
    notes = []
    for path in sorted(folder.glob("*.csv")):
        if path.stem.partition("@")[0] in OTHER_LANGUAGES:
            continue
        with path.open(newline="", encoding="utf-8") as file:
            notes += [
                row["note"]
                for row in csv.DictReader(file)
                if row["note"] and (row["status"] in ("manual", "none") or row["pairs"] == "no")
            ]
    return notes


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_notes_that_reports_show_are_chinese(folder: Path) -> None:
    there = Translations(read_translations(folder / FILE))
    notes = shown(folder)
    english = [note for note in notes if there.lacking(note)]
    assert len(english) <= (1 - SHARE) * len(notes), english[:20]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_translations_are_chinese_and_of_one_word(folder: Path) -> None:
    text = "\n".join(read_translations(folder / FILE).values())
    assert all(re.search(r"[\u4e00-\u9fff]", zh) for zh in text.split("\n"))
    assert not re.search("内核|名字|阻断", text)


def test_parts_and_shapes() -> None:
    there = Translations({"a; b": "甲乙", "no twin": "无对应", "X is *, not *": "X 为 * 而非 *"})
    assert there.of("a; b") == "甲乙"
    assert there.of("no twin; X is 3, not 4") == "无对应\uff1bX 为 3 而非 4"
    assert there.of("no twin; something else") == "无对应\uff1bsomething else"
    assert there.of("something else") == ""
    assert there.lacking("no twin; something else") == ["something else"]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text('"a *" = "甲"\n', encoding="utf-8")
    with pytest.raises(PortkitError, match="broken translation"):
        read_translations(path)
    assert read_translations(tmp_path / "none.toml") == {}


def test_a_report_in_chinese(portkit: Product, tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text(
        "#include <cufft.h>\n#include <cuda.h>\n"
        "void f(cufftHandle h, CUdeviceptr p) { cuStreamWaitValue32(0, p, 1, 0); cuCtxDetach(0); }\n"
        "int n(cudaDeviceProp p) { return p.regsPerBlock; }\n",
        encoding="utf-8",
    )
    said = portkit("report", tmp_path, "--to", "enflame", "--lang", "zh", "--color", "never").stdout
    assert "没有 FFT 库" in said and "no FFT library" not in said

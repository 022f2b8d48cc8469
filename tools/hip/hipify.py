# SPDX-License-Identifier: Apache-2.0
"""The tables of HIPIFY (ROCm/HIPIFY, src/CUDA2HIP*.cpp), read as facts: which CUDA name becomes
which one of HIP, and what its marks say. No text of it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

_ENTRY = re.compile(
    r'^\s*\{"(?P<name>[^"]+)",\s*\{"(?P<hip>[^"]*)",\s*"(?P<roc>[^"]*)",\s*(?P<use>CONV_\w+),'
    r"\s*API_\w+,\s*[\w:]+\s*(?:,\s*(?P<marks>[\w| ]+))?\}\}",
    re.M,
)
_SINCE = re.compile(r'^\s*\{"(?P<name>\w+)",\s*\{HIP_(?P<major>\d)(?P<minor>\d\d)\d,', re.M)
_OF_CUDA_ONLY = {"CUDA_DEPRECATED", "CUDA_REMOVED", "CUDA_OVERLOADED"}
NO_HIP = {"HIP_UNSUPPORTED", "UNSUPPORTED"}
NO_ROC = {"ROC_UNSUPPORTED", "UNSUPPORTED"}


class Entry(msgspec.Struct, frozen=True):
    """One line of a table. `hip` or `roc` may be empty; `header`: the names are of headers."""

    name: str
    hip: str
    roc: str
    header: bool
    marks: frozenset[str]
    file: str

    @property
    def source(self) -> str:
        """The short id of the table that the line stands in."""
        stem = self.file.removeprefix("CUDA2HIP").removesuffix(".cpp").strip("_")
        return f"hipify-{stem or 'headers'}"

    @property
    def of_hip(self) -> frozenset[str]:
        """The marks that speak of HIP, not of CUDA's own history."""
        return self.marks - _OF_CUDA_ONLY


def entries(folder: Path) -> Iterator[Entry]:
    """Yield every line of the tables of a checkout, file by file; the first of a name in each."""
    for file in sorted((folder / "src").glob("CUDA2HIP*.cpp")):
        for found in _ENTRY.finditer(file.read_text(encoding="utf-8")):
            marks = frozenset((found["marks"] or "").replace("|", " ").split())
            header = found["use"].startswith("CONV_INCLUDE")
            yield Entry(found["name"], found["hip"], found["roc"], header, marks, file.name)


def since(folder: Path) -> dict[str, str]:
    """Return for each of HIP's names the release that it came with, as `6.0`, by the tables."""
    found: dict[str, str] = {}
    for file in sorted((folder / "src").glob("CUDA2HIP*.cpp")):
        for line in _SINCE.finditer(file.read_text(encoding="utf-8")):
            found.setdefault(line["name"], f"{line['major']}.{int(line['minor'])}")
    return found

# SPDX-License-Identifier: Apache-2.0
"""Whose a namespace of a library is in a header that includes nothing, where Clang does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.words import Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

OWN = "#pragma once\nnamespace cutlass { struct Line { Line(int); }; }\n"
MAIN = '#include "cutlass/line.h"\n#include "part.h"\nint main() { return read(1); }\n'
PART = "template <class T> int read(T given) { cutlass::Line line(given); return sizeof(line); }\n"


def spoken(folder: Path, files: dict[str, str]) -> list[bool]:
    """Return whether each `cutlass` of part.h is the project's own; none is no CUDA reference."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=Rung.SYNTAX))
    found = next(f for f in tree.scan.files if f.path.endswith("part.h"))
    return [r.user for r in found.references if r.name == "cutlass"]


@pytest.mark.parametrize(
    "files",
    [
        {"include/cutlass/line.h": OWN, "app/main.cu": MAIN, "app/part.h": PART},
        {  # by two headers
            "include/cutlass/line.h": OWN,
            "app/all.h": '#include "part.h"\n',
            "app/main.cu": MAIN.replace("part.h", "all.h"),
            "app/part.h": PART,
        },
        {  # the includer has the library by another header
            "include/cutlass/line.h": OWN,
            "app/base.h": '#include "cutlass/line.h"\n',
            "app/main.cu": MAIN.replace("cutlass/line.h", "base.h"),
            "app/part.h": PART,
        },
        {  # a part of the library itself
            "include/cutlass/line.h": OWN + '#include "cutlass/part.h"\n',
            "include/cutlass/part.h": PART,
        },
    ],
)
def test_what_was_declared_before_the_header_is_meant(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert not any(owned is False for owned in spoken(tmp_path, files))


@pytest.mark.parametrize(
    "files",
    [
        {"app/main.cu": MAIN, "app/part.h": PART},  # the SDK's
        {  # nobody who has the tree's own includes the header
            "include/cutlass/line.h": OWN,
            "app/main.cu": MAIN.replace('"cutlass/line.h"', "<vector>"),
            "app/part.h": PART,
        },
        {  # the header says which one it means
            "include/cutlass/line.h": OWN,
            "app/main.cu": MAIN,
            "app/part.h": "#include <cutlass/numeric_types.h>\n" + PART,
        },
        {  # a file that only opens the namespace to add to it
            "app/more.h": "namespace cutlass { struct More {}; }\n",
            "app/main.cu": MAIN.replace("cutlass/line.h", "more.h"),
            "app/part.h": PART,
        },
    ],
)
def test_the_librarys_own_stays_cudas(files: dict[str, str], tmp_path: Path) -> None:
    assert spoken(tmp_path, files) == [False]

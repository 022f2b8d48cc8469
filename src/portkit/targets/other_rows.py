# SPDX-License-Identifier: Apache-2.0
"""Tables that speak of other languages than C++: build files, Python, frameworks. Read and checked
as all tables are.

Their rows decide nothing in C++ code. They have the columns of `rows.COLUMNS`, but kinds of their
own, and a name is what a line of such a file says: `-arch=sm_80`, `find_package(CUDAToolkit)`,
`tensor.cuda()`.
"""

from __future__ import annotations

from collections.abc import Mapping

from portkit.targets.rows import RawTable, row_faults

# Kinds of each table of `parts.OTHER_LANGUAGES`.
KINDS: Mapping[str, tuple[str, ...]] = {
    "build": (
        *("buildflag", "flag", "tool", "library", "cmake", "suffix", "syntax"),
        *("lib", "make", "env", "shell", "docker", "python", "bazel", "meson", "xmake"),
    ),
    "python": (
        *("python", "namespace", "function", "library", "macro"),
        *("attribute", "call", "env", "extension", "module", "package", "string"),
    ),
    "frameworks": ("macro", "function", "header", "namespace", "type", "env", "torch-c++", "enum"),
}
_APART = frozenset(kind for kinds in KINDS.values() for kind in kinds)


class OtherTable(RawTable):
    """The rows of one target and profile in other languages. A name may have a row of each kind."""

    apart = _APART

    def _faults(self, library: str, where: str, cells: list[str]) -> list[str]:
        return row_faults(where, cells, KINDS[library], _is_phrase, self.sources, self.recipes)


def _is_phrase(text: str) -> bool:
    """Return whether a cell can stand in a line of code: printable, without blanks around."""
    return text.isprintable() and text == text.strip()

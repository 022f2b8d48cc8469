# SPDX-License-Identifier: Apache-2.0
"""What expressions of integers are worth in a file: its constants and those that it sees are known
(FileFacts.constants), a template's defaults where a function has some.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping

from portkit.languages.cxx.letters.constants import evaluate
from portkit.rules.cxx.kernels import DeviceFunction
from portkit.rules.view import FileSource
from portkit.vocab.data import mappings_folder

PARAMETER = re.compile(
    r"\b(?:int|unsigned|size_t|auto|short|long|bool|u?int(?:8|16|32|64)_t)\s+([A-Za-z_]\w*)"
    r"\s*=\s*([^,<>;{}]+)",
    re.A,
)
_NONE: Mapping[str, str] = {}


@functools.cache
def size_words() -> dict[str, dict[str, int | str]]:
    """Return what rules on memory must know of CUDA and C++ (mappings/cuda/sizes.toml)."""
    found: dict[str, dict[str, int | str]] = tomllib.loads(
        (mappings_folder() / "cuda" / "sizes.toml").read_text(encoding="utf-8")
    )
    return found


@functools.cache
def type_sizes() -> dict[str, int]:
    """Return the sizes of types in bytes."""
    return {name: size for name, size in size_words()["types"].items() if isinstance(size, int)}


def value_of(text: str, source: FileSource, defaults: Mapping[str, str] = _NONE) -> int | None:
    """Return what an expression is worth in a file, None where that is not known. `defaults`: what
    stands behind further names.
    """
    constants = source.scan.facts.constants

    def look_up(name: str) -> str | int | None:
        found: str | int | None = defaults.get(name)
        return constants.get(name) if found is None else found

    return evaluate(text, look_up, type_sizes())


def template_defaults(plain: str, function: DeviceFunction) -> dict[str, str]:
    """Return the integers that a function's template parameters stand for by default."""
    head = plain[function.head.start : function.head.end]
    if "template" not in head or "=" not in head:
        return {}
    return {m[1]: m[2].strip() for m in PARAMETER.finditer(head)}


def names_worth(
    source: FileSource, given: Mapping[str, str], wanted: frozenset[int]
) -> dict[str, int]:
    """Return the names with which a file speaks of a number of `wanted`; `given`: what stands behind
    a template's parameters.
    """
    found = {n: v for n, v in source.scan.facts.constants.items() if v in wanted}
    for name, text in given.items():
        value = value_of(text, source)
        if value in wanted and value is not None:
            found[name] = value
    return found

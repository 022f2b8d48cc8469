# SPDX-License-Identifier: Apache-2.0
"""The text of the headers that `--strategy header` makes: one with the names, one stand-in for each
CUDA header.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from portkit.files.regular import read_start

MARK = "// Made by portkit; made again at each run."
FOLDER = "portkit_compat"


def is_generated(path: Path) -> bool:
    """Return whether the file at `path` is one of these headers; a file that cannot be read is
    none.
    """
    try:
        return read_start(path, len(MARK)) == MARK.encode()
    except OSError:
        return False


def header_folder(target: str) -> str:
    """Return the folder of a target's headers, relative to the root: the one that `-I` names."""
    return f"{FOLDER}/{target}"


def compat_headers(
    target: str,
    names: Mapping[str, str],
    tested: frozenset[str],
    namespaces: Mapping[str, str],
    headers: Mapping[str, str],
) -> tuple[tuple[str, bytes], ...]:
    """Return (path, bytes) of the generated headers, sorted; paths are POSIX and relative to the
    root.

    `names` become macros (those `tested` only where the target defines its own), `namespaces`
    aliases. Each of `headers` (CUDA spelling -> target spelling) becomes a file that includes the
    target's header, then the names.
    """
    folder, own = header_folder(target), f"portkit_{target}_names.h"
    lines = [MARK, "#pragma once", ""]
    for name, to in sorted(names.items()):
        if name in tested:
            lines += [f"#ifdef {to}", f"#define {name} {to}", "#endif"]
        else:
            lines.append(f"#define {name} {to}")
    if namespaces:
        lines += ["", "#ifdef __cplusplus"]
        for name, to in sorted(namespaces.items()):
            opened = "".join(f"namespace {part} {{" for part in to.split("::"))
            lines += [f"{opened}{'}' * (to.count('::') + 1)}", f"namespace {name} = {to};"]
        lines.append("#endif")
    made = {f"{folder}/{own}": lines}
    for header, to in headers.items():
        up = "../" * header.count("/")
        made[f"{folder}/{header}"] = [
            MARK,
            "#pragma once",
            f"#include <{to}>",
            f'#include "{up}{own}"',
        ]
    return tuple((path, ("\n".join(made[path]) + "\n").encode()) for path in sorted(made))

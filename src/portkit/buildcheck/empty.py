# SPDX-License-Identifier: Apache-2.0
"""Objects, libraries and programs that do nothing, made by the host's compiler where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_PROGRAM = "int main(void) { return 0; }\n"
_OPTIONS: dict[str, Sequence[str]] = {
    "object": ("-c",),
    "library": ("-shared", "-fPIC"),
    "link": (),
}


def make_empty(folder: Path) -> dict[str, Path]:
    """Make one of each kind in a folder; return them by kind: object, library, link (a program)."""
    source = folder / "empty.c"
    source.write_text(_PROGRAM, encoding="utf-8")
    compiler = shutil.which("cc") or shutil.which("c++")
    made = dict[str, Path]()
    for kind, options in _OPTIONS.items():
        out = made[kind] = folder / f"empty-{kind}"
        given = os.devnull if kind == "library" else str(source)
        if compiler:
            line = [compiler, *options, "-x", "c", given, "-o", str(out)]
            subprocess.run(line, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if not out.is_file():
            out.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
            out.chmod(0o755)
    return made

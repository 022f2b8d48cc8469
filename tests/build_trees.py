# SPDX-License-Identifier: Apache-2.0
"""Small trees with build files, planned and migrated in this process for the tests of builds."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.model.plans import Plan
from portkit.model.words import Rung

_QUICK = Options(rung=Rung.LEX, jobs=1, cache=False, verify=False)

USUAL_MAKEFILE = """\
# one variable of options on both lines
CXX := nvcc
SM ?= sm_75
FILES = solve.cu field.cu
OBJECTS = $(FILES:.cu=.o)
FLAGS = -O2 -std=c++17 -Xcompiler -fopenmp -arch=$(SM) \\
        --extended-lambda
LIBS = -lcufft

solve: $(OBJECTS)
\t@$(CXX) $(FLAGS) $^ -o $@ $(LIBS)

%.o: %.cu field.cuh
\t$(CXX) $(FLAGS) -c $< -o $@
"""


class Moved(msgspec.Struct, frozen=True):
    """A tree that was planned for a target: its plan, and its files after the rewrite."""

    plan: Plan
    files: Mapping[str, str]

    def decisions(self, path: str) -> dict[str, str]:
        """Return what is decided on each construct of a file, by its spelling: action reason."""
        file = next(f for f in self.plan.files if f.scan.path == path)
        pairs = zip(file.scan.references, file.decisions, strict=True)
        return {r.name: f"{d.action.value} {d.reason.value}" for r, d in pairs}

    def rules(self, path: str = "CMakeLists.txt") -> list[tuple[str, str]]:
        """Return the findings of a file: rule and the text that they point at."""
        file = next(f for f in self.plan.files if f.scan.path == path)
        return [(f.rule, f.args.get("name", "")) for f in file.findings if not f.suppressed]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a tree, byte for byte."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def move(folder: Path, files: Mapping[str, str], target: str, **options: Any) -> Moved:
    """Write a tree and plan it; what would be written is in `files`, nothing is."""
    write(folder, files)
    chosen = msgspec.structs.replace(_QUICK, root=folder, **options)
    session = Session([folder], chosen, targets=[target])
    changes = {c.destination or c.rel: c.after.decode() for c in session.changes()}
    gone = {c.rel for c in session.changes() if c.destination}
    kept = {name: text for name, text in files.items() if name not in gone}
    return Moved(session.migration().plan, {**kept, **changes})


def cmake(text: str, folder: Path, target: str = "musa", **options: Any) -> Moved:
    """Move a tree that is one CMakeLists.txt."""
    return move(folder, {"CMakeLists.txt": text}, target, **options)


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the machine."""
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env=env or None, capture_output=True, text=True, check=False
    )

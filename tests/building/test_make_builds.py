# SPDX-License-Identifier: Apache-2.0
"""Moved Makefiles are built by make, with stand-ins for the vendors' compilers that refuse what the
tables say is refused. It proves plumbing: the stand-ins compile nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from build_trees import USUAL_MAKEFILE, move, run, write

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")
COMPILER = """\
#!/bin/sh
echo "${0##*/} $*" >> "$BUILD_LOG"
kind=link language= last= out=a.out
for word in "$@"; do
  case "$word" in
    -gencode*|-arch=sm_*|-Xcompiler|--extended-lambda|-lcu*) exit 1;;
    -c) kind=compile;;
  esac
  case "$last" in
    -x) language=$word;;
    -o) out=$word;;
    *) case "$word" in *.o) [ -z "$language" ] || exit 2;; esac;;
  esac
  last=$word
done
if [ $kind = link ]; then
  case "${0##*/}" in hipcc) set -- "$@" -lmusart;; esac  # links its runtime by itself
  case " $* " in *" -lmusart "*|*" -lmcruntime "*|*" -lsupa-runtime "*|*" -ltopsrt "*) ;; *) exit 3;; esac
  case "${0##*/} $*" in brcc*--supa-link*) ;; brcc*) exit 4;; esac
else
  case "${0##*/}" in hipcc) language=${language:-hip};; esac  # takes .cu by its suffix
  [ -n "$language" ] || exit 5
fi
: > "$out"
"""


def build(folder: Path, files: dict[str, str], compiler: str) -> tuple[int, list[str]]:
    """Build a tree; return make's code and the lines of the compiler."""
    write(folder, files)
    bin_, log = folder / "bin", folder / "log"
    bin_.mkdir()
    log.touch()
    (bin_ / compiler).write_text(COMPILER)
    (bin_ / compiler).chmod(0o755)
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    done = run("make", cwd=folder, PATH=path, BUILD_LOG=str(log))
    return done.returncode, log.read_text().splitlines()


@pytest.mark.parametrize(
    ("target", "compiler"),
    [
        ("musa", "mcc"),
        ("maca", "mxcc"),
        ("biren@gen1", "brcc"),
        ("hip", "hipcc"),
        ("hip@rocm-rdna", "hipcc"),
    ],
)
def test_builds_of_the_usual_shape(target: str, compiler: str, tmp_path: Path) -> None:
    text = USUAL_MAKEFILE.replace("field.cuh", "") if target != "maca" else USUAL_MAKEFILE
    files = {"Makefile": text, "solve.cu": "", "field.cu": "", "field.cuh": ""}
    moved = move(tmp_path / "a", files, target)
    text = moved.files["Makefile"].replace("-lcufft", "")  # without a twin that is proved enough
    code, log = build(tmp_path / "b", {**moved.files, "Makefile": text}, compiler)
    assert code == 0
    assert sorted(" -c " in line for line in log) == [False, True, True]


def test_the_stand_in_refuses_a_plain_rename(tmp_path: Path) -> None:
    files = {"solve.cu": "", "field.cu": "", "field.cuh": ""}
    worded = USUAL_MAKEFILE.replace("nvcc", "mcc").replace("cufft", "mufft")
    assert build(tmp_path / "a", {**files, "Makefile": worded}, "mcc")[0] != 0
    shared = MOVED_FLAGS.replace("-O2", "-O2 -x musa")
    assert build(tmp_path / "b", {**files, "Makefile": shared}, "mcc")[0] != 0


MOVED_FLAGS = """\
solve: solve.o
\tmcc $(FLAGS) solve.o -o $@ -lmusart
FLAGS = -O2
solve.o: solve.cu
\tmcc $(FLAGS) -c solve.cu -o $@
"""

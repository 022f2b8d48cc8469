# SPDX-License-Identifier: Apache-2.0
"""What a Makefile would compile, and a compiler of HIP run on it without a device: for
`compile_hip.py`.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

SOURCES = (".cu", ".cpp", ".cc", ".cxx", ".hip")
COMPILERS = re.compile(r"^(?:\S*/)?(?:nvcc|hipcc|clang\+\+|g\+\+|gcc|cc|c\+\+|\$\S+)$")
# libraries of CUDA's and of HIP's own, by what the linker is asked for
LIBRARIES = re.compile(
    r"-l(?:cu(?!da\b|dart\b)\w+|nccl|nvrtc|nvToolsExt|nvml|nvidia-ml|nvjpeg|npp\w*|hip\w+|roc\w+|rccl"
    r"|MIOpen)"
)
_KEPT = ("-D", "-I", "-U", "-std", "-include", "-isystem", "-fopenmp", "-w", "-m")
_FLAGS = {"-use_fast_math": "-ffast-math", "--use_fast_math": "-ffast-math"}
_RDC = ("-rdc=true", "-dc", "--relocatable-device-code=true", "-fgpu-rdc")
_TWO = ("-I", "-D", "-U", "-include", "-isystem")
_ERROR = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+):\d+: (?:fatal )?error: (?P<text>.*)$")
_NOTE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+):\d+: note: ")
_LINKER = re.compile(r"^(?:ld\.lld|lld|clang[^:]*): error: (?P<text>.*)$")


@dataclasses.dataclass(frozen=True)
class Unit:
    """One source and the flags that a compiler of HIP takes of its line."""

    source: str  # as the Makefile spells it, below the program's folder
    flags: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Failure:
    """The first error of a unit: its text, and the first place in the tree that it speaks of."""

    source: str
    text: str
    path: str
    line: int


def units(folder: Path) -> tuple[list[Unit], bool]:
    """Return what `make -n` compiles in a folder, and whether it links a library of CUDA's. Nothing
    of the folder is run but make's own functions.
    """
    done = subprocess.run(
        ["make", "-n", "-B", "-k"],
        cwd=folder, capture_output=True, text=True, errors="replace", timeout=60, check=False,
    )  # fmt: skip
    found: dict[str, Unit] = {}
    libraries = False
    for line in done.stdout.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        if not words or not COMPILERS.match(words[0]):
            continue
        libraries |= bool(LIBRARIES.search(line))
        flags = tuple(_flags(words[1:]))
        for word in words[1:]:
            if word.endswith(SOURCES) and not word.startswith("-") and (folder / word).is_file():
                found.setdefault(word, Unit(word, flags))
    return list(found.values()), libraries


def _flags(words: Sequence[str]) -> list[str]:
    """Return the flags that mean the same to Clang, CUDA's own left out or translated."""
    made: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("-Xcompiler", "--compiler-options"):
            made += [f for f in next(rest, "").replace(",", " ").split() if f.startswith(_KEPT)]
        elif word in _TWO:
            made += [word, next(rest, "")]
        elif word in _RDC:
            made.append("-fgpu-rdc")
        elif word in _FLAGS:
            made.append(_FLAGS[word])
        elif word.startswith(_KEPT) and not word.startswith(("-maxr", "-m64")):
            made.append(word)
    return made


def compile_unit(
    compiler: Sequence[str], folder: Path, unit: Unit, tree: Path, more: Sequence[str]
) -> Failure | None:
    """Compile a unit for device and host; returns its first error, None where there is none."""
    command = [*compiler, "-x", "hip", *more, *unit.flags, "-c", unit.source, "-o", "/dev/null"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=600,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Failure(unit.source, "no end after ten minutes", "", 0)
    if done.returncode == 0:
        return None
    return first_error(done.stderr, folder, unit, tree)


def first_error(output: str, folder: Path, unit: Unit, tree: Path) -> Failure:
    """Return the first error, at the first place of the tree that it or its notes name."""
    text, told = "", False
    for line in output.splitlines():
        found = _ERROR.match(line)
        if found:
            if told:
                break
            text, told = found["text"], True
        else:
            found = _NOTE.match(line) if told else None
            if not told and (linked := _LINKER.match(line)):
                return Failure(unit.source, linked["text"], "", 0)
        if found and (place := _below(folder, found["path"], tree)):
            return Failure(unit.source, text, place, int(found["line"]))
    last = output.strip().splitlines()[-1:] or [""]
    return Failure(unit.source, text or last[0], "", 0)


def _below(folder: Path, spelled: str, tree: Path) -> str:
    """Return a path as it is below the tree; empty where it lies elsewhere."""
    path = (folder / spelled).resolve()
    return path.relative_to(tree).as_posix() if path.is_relative_to(tree) else ""

# SPDX-License-Identifier: Apache-2.0
"""The commands of a tree's own build, and what comes of running them."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from portkit.buildcheck.toolchain import Toolchain
from portkit.model.build_check import Ran
from portkit.model.errors import PortkitError
from portkit.printable import printable
from portkit.targets.target import Target
from portkit.vocab.columns import environment

OPTIONS = "{options}"  # in a command: what tells the build where the SDK is
SCRATCH = "SCRATCH"  # what is said for the folder of a run
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_CMAKE = "CMakeLists.txt"
_TOLD = 12  # lines of what a command printed
_LONGEST = 400  # characters of one
_READ = 1 << 20  # bytes, of the end of what a command printed
_TELLS = re.compile(
    r"CMake Error|No rule to make|\*\*\*|\bfatal\b|\berror:|\bError \d|: no such file:|stand-in of portkit"
)


def commands_for(
    tree: Path, target: Target, tools: Toolchain, given: Sequence[str]
) -> tuple[str, ...]:
    """Return the shell's lines that configure and build a tree: those given, with the options for
    the SDK in place of `{options}`, or what the tree's files ask for. Raises PortkitError where
    neither is known.
    """
    cmake, make = _cmake_options(target, tools), _make_options(target, tools)
    if given:
        return tuple(
            line.replace(OPTIONS, make if line.split()[:1] == ["make"] else cmake) for line in given
        )
    if (tree / _CMAKE).is_file():
        return (f"cmake -S . -B build {cmake}".rstrip(), "cmake --build build -- -k")
    if any((tree / name).is_file() for name in _MAKEFILES):
        return (f"make -k {make}".rstrip(),)
    raise PortkitError(
        "no CMakeLists.txt and no Makefile here",
        str(tree),
        "say how it is built with --command, once for each line",
    )


def _cmake_options(target: Target, tools: Toolchain) -> str:
    """Return the options of the target's own line, with the folder of stand-ins as the SDK's."""
    facts = target.build.facts
    if facts.cmake is None or not facts.cmake.configure:
        return ""
    line = facts.cmake.configure
    if facts.make is not None:
        line = line.replace(f"${facts.make.root}", str(tools.root))
        line = line.replace(facts.make.folder, str(tools.root))
    words = [w for w in shlex.split(line)[1:] if w.startswith("-D")]
    if not tools.real:
        words.append(f"-DCMAKE_PREFIX_PATH={tools.root}")
        modules = tools.root / "cmake"
        words += [f"-DCMAKE_MODULE_PATH={modules}"] if modules.is_dir() else []
    return shlex.join(words)


def _make_options(target: Target, tools: Toolchain) -> str:
    way = target.build.facts.make
    return shlex.join([f"{way.root}={tools.root}"]) if way is not None else ""


def run(command: str, tree: Path, env: Mapping[str, str], seconds: float) -> Ran:
    """Run a shell's line in the tree; it and all that it started are ended after `seconds`."""
    started = time.monotonic()
    with (tree.parent / "said").open("w+b") as said:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=tree,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _READ))
        text = said.read().decode("utf-8", "replace")
    place = str(tree.parent)  # a name of this run's alone says nothing
    told = () if code == 0 else tuple(_telling(text.replace(place, SCRATCH)))
    command = printable(command.replace(place, SCRATCH))
    return Ran(command, code, round(time.monotonic() - started, 2), told)


def _telling(text: str) -> Iterable[str]:
    """Return the lines that tell why a command failed: the first that speak of an error with what
    follows them, else the last.
    """
    lines = [printable(line)[:_LONGEST] for line in text.splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if _TELLS.search(line)), None)
    return lines[-_TOLD:] if first is None else lines[first : first + _TOLD]


def build_environment(tools: Toolchain, home: Path) -> dict[str, str]:
    """Return the environment of a build: the stand-ins first on PATH, nothing that leads to CUDA,
    and folders of its own to write into.
    """
    home.mkdir(exist_ok=True)
    cuda = environment()
    kept = {name: value for name, value in os.environ.items() if name not in cuda}
    path = [*map(str, tools.path), os.environ.get("PATH", os.defpath)]
    return kept | {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C.UTF-8",
        "CCACHE_DISABLE": "1",
    }

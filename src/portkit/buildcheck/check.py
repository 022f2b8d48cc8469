# SPDX-License-Identifier: Apache-2.0
"""A ported tree's own build, run in a copy with stand-ins for the target's compiler. It proves
plumbing: which sources reach the compiler with which options. It proves no line of code.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from portkit.buildcheck.calls import read_calls
from portkit.buildcheck.commands import build_environment, commands_for, run
from portkit.buildcheck.judge import judge
from portkit.buildcheck.sources import device_sources, named_sources
from portkit.buildcheck.toolchain import make_toolchain
from portkit.model.build_check import BuildCheck, Ran
from portkit.model.errors import PortkitError
from portkit.printable import printable_name
from portkit.targets.target import Target

_NOT_COPIED = shutil.ignore_patterns(".git", ".hg", ".svn")


def check_build(
    tree: Path,
    target: Target,
    scratch: Path,
    *,
    commands: Sequence[str] = (),
    sdk: Path | None = None,
    seconds: float = 1800,
    begins: Callable[[str], object] = lambda command: None,
) -> BuildCheck:
    """Return what comes of building a tree for a target. Everything is written below `scratch`, an
    empty folder. `commands`: the shell's lines that build it (default: by its files); each is ended
    after `seconds`. `sdk`: the target's own, where it is on the machine. `begins` is told each
    command before it runs. Raises PortkitError for what keeps the build from being tried.
    """
    if target.as_is:
        lines = target.build.facts.wrapper.commands if target.build.facts.wrapper else ()
        hint = f"run it where the SDK is: {lines[0]}" if lines else ""
        raise PortkitError(
            f"{target.spec} builds CUDA's files as they are, by the vendor's wrapper: there is nothing"
            " to stand in for",
            hint=hint,
        )
    copy = scratch / "tree"
    try:
        shutil.copytree(tree, copy, symlinks=True, ignore=_NOT_COPIED)
    except (shutil.Error, OSError) as error:
        raise PortkitError(f"cannot copy the tree: {_reason(error)}", str(tree)) from error
    tools = make_toolchain(target, scratch, sdk)
    lines = commands_for(copy, target, tools, commands)
    sources = device_sources(copy, target)
    real = {os.path.realpath(copy / rel): rel for rel in sources}
    env, runs = build_environment(tools, scratch / "home"), list[Ran]()
    for line in lines:
        begins(line)
        runs.append(run(line, copy, env, seconds))
        if runs[-1].code != 0:
            break
    found = judge(read_calls(tools.log), target, tools.compilers, frozenset(real), copy)
    left = [rel for path, rel in real.items() if path not in found.compiled]
    named = named_sources(copy, left)
    return BuildCheck(
        target.id,
        target.profile,
        tools.compilers,
        not tools.real,
        tuple(runs),
        tuple(map(printable_name, sources)),
        tuple(printable_name(rel) for rel in left if rel in named),
        tuple(printable_name(rel) for rel in left if rel not in named),
        found.compiles,
        found.links,
        found.host_links,
        found.faults,
    )


def _reason(error: OSError) -> str:
    listed = error.args[0] if error.args else None
    if isinstance(listed, list) and listed:  # shutil.Error: (source, copy, reason)
        return str(listed[0][2])
    return error.strerror or str(error)

# SPDX-License-Identifier: Apache-2.0
"""What came of a tree's own build, tried with stand-ins for a target's compiler."""

from __future__ import annotations

import msgspec


class Ran(msgspec.Struct, frozen=True):
    """A command of the build. `code`: its exit code, None where it took too long; `said`: the last
    lines of what it printed that tell why it failed, none where it did not; `seconds`: how long.
    """

    command: str
    code: int | None
    seconds: float
    said: tuple[str, ...] = ()


class BuildFault(msgspec.Struct, frozen=True, order=True):
    """Something that a build with the real compiler would stumble over, or that leaves a source out
    without a word.

    `case`: cuda-compiler (the build still calls CUDA's) | refused-option (nvcc's, and none of the
    target's) | unknown-library (CUDA's, and none of the target's) | source-language (a device source
    that nothing tells the compiler to take for one) | no-runtime (a link of device objects without
    the target's runtime) | host-link (a link of device objects by the host's compiler, where only
    the target's can) | no-link-option (a link without the option that takes device code). `what`:
    the option, library, source or output; `count`: how often; `first`: the file where it was first.
    """

    case: str
    what: str
    count: int = 1
    first: str = ""


class BuildCheck(msgspec.Struct, frozen=True):
    """The whole of it. `stand_ins`: the compilers that were stood in for, none where the real one
    was used; `compiles`: how often a device source was compiled; `sources`: the device sources of
    the tree, `left`: those that a file of the build names and no compile does, `unnamed`: those that
    neither names. `host_links`: links of device objects by the
    host's compiler.
    """

    target: str
    profile: str
    compilers: tuple[str, ...]
    stand_ins: bool
    runs: tuple[Ran, ...]
    sources: tuple[str, ...]
    left: tuple[str, ...]
    unnamed: tuple[str, ...]
    compiles: int
    links: int
    host_links: int
    faults: tuple[BuildFault, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether every command of the build ended well."""
        return all(run.code == 0 for run in self.runs)

    @property
    def silent(self) -> bool:
        """Whether the build ends well and compiles no device source: it builds for the host alone."""
        return self.ran and bool(self.sources) and not self.compiles

    @property
    def holds(self) -> bool:
        """Whether nothing stands in the way of a build, as far as stand-ins tell."""
        return self.ran and not self.faults and not self.left

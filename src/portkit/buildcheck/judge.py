# SPDX-License-Identifier: Apache-2.0
"""What the calls of a build say: which device sources were compiled as such, and what a real
compiler of the target's would refuse.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from portkit.buildcheck.calls import Call
from portkit.buildcheck.stand_in_sdk import libraries_of
from portkit.buildcheck.toolchain import ARCHIVER, LANGUAGE
from portkit.languages.nvcc_flags import FlagUse, read_flags
from portkit.model.build_check import BuildFault
from portkit.targets.build_facts import MakeWay
from portkit.targets.target import Target
from portkit.vocab.columns import libraries

_ARCHIVE = ".a"
_CMAKE = "/CMakeFiles/"  # where CMake puts objects


class Judged(msgspec.Struct):
    """What the calls say, see BuildCheck. `compiled`: real paths of device sources."""

    compiled: set[str] = msgspec.field(default_factory=set)
    compiles: int = 0
    links: int = 0
    host_links: int = 0
    faults: tuple[BuildFault, ...] = ()


def judge(
    calls: Sequence[Call], target: Target, compilers: Sequence[str], sources: frozenset[str],
    root: Path,
) -> Judged:  # fmt: skip
    """Return what the calls say. `sources`: the real paths of device sources; `root`: the tree."""
    judging = _Judging(target, compilers, sources, root)
    for call in calls:
        judging.take(call)
    found = judging.found
    found.faults = tuple(
        BuildFault(case, what, count, judging.first[case, what])
        for (case, what), count in sorted(judging.counts.items())
    )
    return found


class _Judging:
    def __init__(
        self, target: Target, compilers: Sequence[str], sources: frozenset[str], root: Path
    ) -> None:
        self._target, self._compilers, self._sources = target, compilers, sources
        self._root = os.path.realpath(root)
        self._way = target.build.facts.make or MakeWay("", "", "")
        self._known = libraries_of(target)
        self._own = _own_words(target)
        self._device = set[str]()  # objects and archives that hold device code
        self.found = Judged()
        self.counts: dict[tuple[str, str], int] = {}
        self.first: dict[tuple[str, str], str] = {}

    def take(self, call: Call) -> None:
        """Judge one call, in the order of the build."""
        inputs = [*call.paths(call.inputs)]
        if call.kind == "refused":
            self._fault("cuda-compiler", call.tool, inputs or [*call.paths([""])])
            return
        device = call.tool in self._compilers
        if device:
            for option in self._refused(call.words):
                self._fault("refused-option", option, inputs)
        if call.kind != "text":
            for library in self._unknown(call.words):
                self._fault("unknown-library", library, inputs)
        compiled = [*self._compiled(call, inputs, device)]
        self.found.compiles += len(compiled)
        self.found.compiled.update(compiled)
        holds = any(path in self._sources or path in self._device for path in inputs)
        if holds and call.tool == ARCHIVER:
            self._device.update(path for path in inputs if path.endswith(_ARCHIVE))
        elif holds and call.kind == "link":  # a program or a shared library asks nothing of others
            self._link(call, device, inputs)
        elif holds:
            self._device.update(call.paths(call.outputs))

    def _compiled(self, call: Call, inputs: Sequence[str], device: bool) -> Iterator[str]:
        """Yield the device sources that a call compiles as such."""
        for path in inputs:
            if path not in self._sources:
                continue
            if device and (self._is_told(call.words) or path.endswith(self._way.suffixes)):
                yield path
            elif call.kind != "text":
                self._fault("source-language", self._rel(path), [path])

    def _is_told(self, words: Sequence[str]) -> bool:
        told = self._way.language
        return bool(told) and any(
            tuple(words[i : i + len(told)]) == told or words[i] == "".join(told)
            for i in range(len(words))
        )

    def _refused(self, words: Sequence[str]) -> Iterator[str]:
        """Yield nvcc's options that the target's compiler does not take."""
        for use in read_flags(words):
            if use.flag is None or not use.flag.own or self._is_own(use):
                continue
            if LANGUAGE in use.flag.spellings:
                continue  # which one it names is seen where a source is compiled
            row = self._target.build.flags.find(use)
            if row is None or row.target not in use.flag.spellings:
                yield use.written

    def _is_own(self, use: FlagUse) -> bool:
        """Is an option one of the target's own, as the tables write it?"""
        return any(use.written.startswith(start) for start in self._own)

    def _unknown(self, words: Sequence[str]) -> Iterator[str]:
        """Yield CUDA's libraries that the target does not have."""
        for use in read_flags(words):
            if use.is_library and use.value in libraries() and use.value not in self._known:
                yield use.value

    def _link(self, call: Call, device: bool, inputs: Sequence[str]) -> None:
        self.found.links += 1
        out = self._rel(next(call.paths(call.outputs), "a.out"))
        way = self._way
        if device:
            for option in way.link:
                if option.startswith("-") and "{" not in option and option not in call.words:
                    self._fault("no-link-option", option, inputs)
            needed: Sequence[str] = () if way.links_runtime else way.libraries
        else:
            self.found.host_links += 1
            if way.host_libraries is None:
                self._fault("host-link", out, inputs)
                return
            needed = way.host_libraries
        if any(_CMAKE in path for path in inputs):
            # what the SDK's modules of a language link by themselves is not known
            needed = [w for w in needed if w in (way.host_libraries or needed)]
        for word in needed:
            if word.startswith("-l") and not _links(call.words, word[2:]):
                self._fault("no-runtime", word, inputs)

    def _fault(self, case: str, what: str, inputs: Sequence[str]) -> None:
        key = case, what
        self.counts[key] = self.counts.get(key, 0) + 1
        self.first.setdefault(key, self._rel(inputs[0]) if inputs else "")

    def _rel(self, path: str) -> str:
        return os.path.relpath(path, self._root) if path.startswith(self._root + "/") else path


def _own_words(target: Target) -> frozenset[str]:
    """Return the beginnings of options that are the target's own: those that its ways of building
    write.
    """
    way = target.build.facts.make
    if way is None:
        return frozenset()
    arch = target.build.arch
    words = [*way.compile, *way.link, *way.always.values()]
    return frozenset(w.replace("{arch}", arch).split("{")[0] for w in words if w.startswith("-"))


def _links(words: Sequence[str], library: str) -> bool:
    files = (f"lib{library}.so", f"lib{library}.a")
    return (
        f"-l{library}" in words
        or any(w.rpartition("/")[2].startswith(files) for w in words)
        or any(a == "-l" and b == library for a, b in itertools.pairwise(words))
    )

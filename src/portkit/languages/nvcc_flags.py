# SPDX-License-Identifier: Apache-2.0
"""The words of an nvcc command line, read by nvcc's own grammar (mappings/cuda/nvcc/flags.csv): which of
them are options, which are the value of the one before. Nothing of any target.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from portkit.vocab.data import mappings_folder

DATA = "nvcc/flags.csv"
_COLUMNS = ["name", "also", "value", "step", "repeat", "own", "words"]
VALUES = frozenset({"none", "one", "list", "joined", "choice"})
STEPS = frozenset({"compile", "host", "link", "device-link", "all"})
_QUOTES = "\"'"


class NvccFlag(msgspec.Struct, frozen=True):
    """An option of nvcc's. `name`: its long form; `value`: none | one (`=` or a blank before it) |
    list (the same, commas part its items) | joined (or a blank before it) | choice (a word of
    `words`, where one follows).

    `step`: compile | host (handed to the host compiler) | link | device-link | all; `own`: nvcc's
    alone: other compilers' drivers do not take it as it is.
    """

    name: str
    spellings: tuple[str, ...]
    value: str
    step: str
    repeat: bool
    own: bool
    words: frozenset[str] = frozenset()


class FlagUse(msgspec.Struct, frozen=True):
    """One option in a list of words: those from `first` to before `end`. `flag`: None for an option
    that nvcc's table does not have; `value`: without quotes around it.
    """

    first: int
    end: int
    written: str
    flag: NvccFlag | None
    value: str = ""

    @property
    def items(self) -> tuple[str, ...]:
        """The items of the value."""
        return tuple(i for i in self.value.split(",") if i)

    @property
    def is_library(self) -> bool:
        """Whether it names a library to link."""
        return self.flag is not None and self.flag.name == "--library"


@functools.cache
def nvcc_flags() -> Mapping[str, NvccFlag]:
    """Return the options of nvcc by each of their spellings."""
    path = mappings_folder() / "cuda" / DATA
    lines = [*csv.reader(path.read_text(encoding="utf-8").splitlines())]
    if lines[0] != _COLUMNS:
        raise ValueError(f"{path}: the first line must be {','.join(_COLUMNS)}")
    found: dict[str, NvccFlag] = {}
    for name, also, value, step, repeat, own, words in lines[1:]:
        spellings = (name, *also.split())
        known = value in VALUES and step in STEPS and {repeat, own} <= {"yes", "no"}
        if not known or found.keys() & set(spellings):
            raise ValueError(
                f"{path}: {name}: a word that is not known, or a spelling listed twice"
            )
        flag = NvccFlag(
            name, spellings, value, step, repeat == "yes", own == "yes", frozenset(words.split())
        )
        found.update(dict.fromkeys(spellings, flag))
    return found


@functools.cache
def own_flags() -> re.Pattern[str]:
    """Return the pattern of an option that is nvcc's alone, as a word of its own or before `=`.

    For places where it is not known that a list of words is meant for nvcc: single letters and
    words that other programs have too are left out.
    """
    names = {s for s, f in nvcc_flags().items() if f.own and _tells(s)}
    listed = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w=-])(?:{listed})(?![\w-])")


_SHARED = frozenset({
    "-arch", "-code", "-keep", "-keep-dir", "-restrict", "-lib", "--lib", "-dryrun", "--dryrun",
    "--keep", "--keep-dir", "--restrict", "--threads", "--Werror", "-Werror", "-x", "--x", "-t",
    "--save-temps", "-save-temps", "-fatbin", "-Xlinker", "--options-file", "-rdc", "-G", "-dc",
    "-dw", "-ptx", "--ptx",
})  # fmt: skip


def _tells(spelling: str) -> bool:
    """Is an option nobody else's, by its letters?"""
    return spelling not in _SHARED


def read_flags(words: Sequence[str]) -> Iterator[FlagUse]:
    """Yield the options in a list of words, in order; words that are none, such as files, are passed
    over. A word may stand in quotes.
    """
    known, at = nvcc_flags(), 0
    while at < len(words):
        word = words[at].strip(_QUOTES)
        if not word.startswith("-") or len(word) < 2:
            at += 1
            continue
        use = _use(words, at, word, known)
        yield use
        at = use.end


def _use(words: Sequence[str], at: int, word: str, known: Mapping[str, NvccFlag]) -> FlagUse:
    """Return the option that begins at a word."""
    name, equal, value = word.partition("=")
    flag = known.get(name)
    if equal and flag is not None and flag.value != "none":
        return FlagUse(at, at + 1, word, flag, value.strip(_QUOTES))
    flag = known.get(word)
    if flag is None:
        return _joined(at, word, known)
    following = words[at + 1].strip(_QUOTES) if at + 1 < len(words) else ""
    if flag.value in ("one", "list") and following:
        return FlagUse(at, at + 2, f"{word} {following}", flag, following)
    if flag.value == "joined" and word in _LETTERS and following[:1] not in ("-", ""):
        return FlagUse(at, at + 2, f"{word} {following}", flag, following)
    if flag.value == "choice" and {*following.split(",")} <= flag.words:
        return FlagUse(at, at + 2, f"{word} {following}", flag, following)
    return FlagUse(at, at + 1, word, flag)


_LETTERS = frozenset({"-D", "-U", "-I", "-L", "-l"})


def _joined(at: int, word: str, known: Mapping[str, NvccFlag]) -> FlagUse:
    """Return an option whose value follows its letter at once, or one that is not known."""
    flag = known.get(word[:2])
    if flag is not None and flag.value == "joined":
        return FlagUse(at, at + 1, word, flag, word[2:])
    return FlagUse(at, at + 1, word, None)

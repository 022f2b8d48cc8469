# SPDX-License-Identifier: Apache-2.0
"""What the commands of a file of Make's do: which are run by nvcc, what they are given, which
variables stand on lines that compile and on lines that link.
"""

from __future__ import annotations

import functools
import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from portkit.languages.cmake.names import names as sources
from portkit.languages.make.makefile import Assignment, Makefile, Recipe, Rule
from portkit.languages.make.names import flag_variables, names
from portkit.languages.make.variables import Expansion, Variables, named_in
from portkit.languages.make.words import Word
from portkit.vocab.columns import libraries

_SUFFIX_RULE = re.compile(r"(\.\w+)(\.\w+)\Z")
_SETS = re.compile(r"\w+=")
_NUMBER = re.compile(r"(?:sm_)?\d+[af]?")
_ARCH = re.compile(r"(?:sm_|compute_)?\d+[af]?")
_SM = re.compile(r"sm_\d+[af]?")
_HELD = re.compile(r"[({,]([\w.-]+)")
_DEEP = 12


class Line(msgspec.Struct, frozen=True):
    """A command that a compiler is called by. `device`: nvcc is; `mixed`: another one in some
    branch; `at`: the number of the compiler's word; `role`: compile | link | both (in one) | other
    | asks (for a version) | lost (its variables hold more than is followed).

    `inputs`: words that name sources or objects, by number, with the suffixes that they hold;
    `words`: all that the line says, variables taken in; `variables`: those that it names itself.
    """

    rule: Rule
    recipe: Recipe
    at: int
    device: bool
    mixed: bool
    role: str
    inputs: tuple[tuple[int, frozenset[str]], ...]
    words: tuple[str, ...]
    variables: frozenset[str]

    @property
    def compiler(self) -> Word:
        """The word that calls the compiler."""
        return self.recipe.words[self.at]

    def has(self, suffixes: Sequence[str]) -> bool:
        """Return whether an input has one of these suffixes."""
        return any(s in suffixes for _, found in self.inputs for s in found)


class Reading:
    """A file of Make's with its variables followed where it sets them."""

    def __init__(self, file: Makefile) -> None:
        """`file`: as it was read."""
        self.file = file
        self.variables = Variables(file.assignments, len(file.text))
        self.values = self.variables.values
        self._arches: dict[str, tuple[str, bool]] = {}
        self._starts = [a.start for a in file.assignments]
        self.compilers = self._compilers()
        self.lines = [*self._lines()]

    def reached(self, lines: Iterable[Line]) -> frozenset[str]:
        """Return the variables that lines take in, directly or by others."""
        return self.variables.reached(v for line in lines for v in line.variables)

    @functools.cached_property
    def device_lines(self) -> list[Line]:
        """The lines that nvcc is called by."""
        return [line for line in self.lines if line.device]

    @functools.cached_property
    def of_device(self) -> frozenset[str]:
        """The variables that lines of nvcc's take in, those of the files that include this one too:
        by custom, where this file's own commands do not use them.
        """
        custom = {name for name in self.values if flag_variables().fullmatch(name)}
        named = {name for line in self.device_lines for name in line.variables}
        return self.variables.reached(named | (custom - self.of_others))

    @functools.cached_property
    def in_recipes(self) -> frozenset[str]:
        """The variables that stand in recipes themselves, also as arguments of functions."""
        words = (w.text for rule in self.file.rules for r in rule.recipes for w in r.words)
        return frozenset(name for text in words for name in _HELD.findall(text))

    @functools.cached_property
    def of_others(self) -> frozenset[str]:
        """The variables that commands take in which are no lines of nvcc's."""
        mine = {id(line.recipe) for line in self.device_lines}
        others = (r for rule in self.file.rules for r in rule.recipes if id(r) not in mine)
        return self.variables.reached(named_in(w.text for r in others for w in r.words))

    def assignment_at(self, at: int) -> Assignment | None:
        """Return the assignment in whose value a byte stands."""
        before = bisect_right(self._starts, at) - 1
        found = self.file.assignments[before] if before >= 0 else None
        return found if found is not None and at < found.end else None

    def arch_of(self, name: str) -> tuple[str, bool]:
        """Return the architecture that a variable holds, "" where it holds none or other words, and
        whether each of its values is one as options have it.
        """
        if name not in self._arches:
            self._arches[name] = self._arch_of(name)
        return self._arches[name]

    def _arch_of(self, name: str) -> tuple[str, bool]:
        texts = [w.text for one in self.values.get(name, ()) for w in one.words]
        alike = all(_NUMBER.fullmatch(t) for t in texts)
        if not texts or not (alike or len(texts) == 1) or not _ARCH.fullmatch(texts[0]):
            return "", False
        return texts[0], all(_SM.fullmatch(t) for t in texts)

    # --- commands

    def _compilers(self) -> dict[str, bool]:
        """Return the variables that hold nvcc, and whether they hold something else too."""
        found = dict.fromkeys(names().compiler_variables - self.values.keys(), False)
        for _ in range(_DEEP):
            before = dict(found)
            for name, known in self.values.items():
                said = [_called(one.words, found) for one in known if one.words]
                mine = [s for s in said if s is not None]
                if mine and any(mine):
                    found[name] = not all(mine)
            if before == found:
                break
        return found

    def _lines(self) -> Iterator[Line]:
        for rule in self.file.rules:
            for recipe in rule.recipes:
                line = self._line(rule, recipe)
                if line is not None:
                    yield line

    def _line(self, rule: Rule, recipe: Recipe) -> Line | None:
        at = next((i for i, w in enumerate(recipe.words) if not _goes_before(w.text)), None)
        if at is None:
            return None
        called = recipe.words[at].text
        device = _called((recipe.words[at],), self.compilers)
        mixed = any(self.compilers.get(n, False) for n in re.findall(r"\$[({](\w+)[)}]", called))
        expansion = Expansion(self.variables, self._automatic(rule))
        given = [expansion.of(w.text).split() for w in recipe.words[at + 1 :]]
        words = [w for one in given for w in one]
        if not device and not self._links_cuda(words):
            return None
        inputs, skip = list[tuple[int, frozenset[str]]](), False
        for number, one in enumerate(given, at + 1):
            if not skip and not recipe.words[number].text.startswith("-"):
                suffixes = frozenset(s for s in map(_suffix, one) if s)
                if suffixes:
                    inputs.append((number, suffixes))
            skip = recipe.words[number].text in ("-o", "-odir", "-x", "-MF", "-MT")
        variables = named_in(w.text for w in recipe.words)
        line = Line(
            rule, recipe, at, bool(device), mixed, "lost", tuple(inputs), tuple(words), variables
        )
        return msgspec.structs.replace(line, role=_role(line)) if expansion.whole else line

    def _automatic(self, rule: Rule) -> dict[str, str]:
        """Return the values of `$<`, `$^` and `$@`."""
        expansion = Expansion(self.variables)
        needs = " ".join(expansion.of(w.text) for w in rule.prerequisites)
        targets = " ".join(expansion.of(w.text) for w in rule.targets)
        if not needs and (old := _SUFFIX_RULE.match(targets)) is not None:
            needs = old[1]
        first = needs.split()[0] if needs.split() else ""
        return {"<": first, "^": needs, "+": needs, "?": needs, "@": targets, "*": ""}

    @staticmethod
    def _links_cuda(words: Sequence[str]) -> bool:
        if names().compiles & set(words):
            return False
        return any(w[2:] in libraries() for w in words if w.startswith("-l"))


def _goes_before(text: str) -> bool:
    """Is a word none that is run itself: a variable of the environment, a launcher?"""
    return _SETS.match(text) is not None or text in names().launchers


def _called(words: Sequence[Word], known: dict[str, bool]) -> bool | None:
    """Return whether words begin with nvcc; None where nothing is called."""
    first = next((w.text for w in words if not _goes_before(w.text)), None)
    if first is None:
        return None
    plain = first.strip("\"'")
    if posixpath.basename(plain) in names().compilers:
        return True
    if re.fullmatch(r"\$\(shell\s+(?:which|command -v)\s+(?:\w+/)*nvcc.*\)", plain):
        return True
    held = re.findall(r"\$[({](\w+)[)}]", plain)
    return bool(held) and held[-1] in known and plain.endswith((")", "}"))


def _suffix(word: str) -> str:
    stem, suffix = posixpath.splitext(word)
    if not suffix and stem.startswith("."):
        suffix = stem
    known = names()
    return suffix if suffix in (*sources().sources, *known.objects, *known.hosts) else ""


def _role(line: Line) -> str:
    known, said = names(), set(line.words)
    if known.asks & said:
        return "asks"
    if known.compiles & said and not {"-dlink", "--device-link"} & said:
        return "compile"
    if known.other_steps & said:
        return "other"
    if line.device and (line.has(sources().sources) or line.has(known.hosts)):
        return "both"
    return "link"

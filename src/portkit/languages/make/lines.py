# SPDX-License-Identifier: Apache-2.0
"""What the commands of a file of Make's do: which are run by nvcc, what they are given, which
variables stand on lines that compile and on lines that link.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cmake.names import names as sources
from portkit.languages.make.makefile import Assignment, Makefile, Recipe, Rule
from portkit.languages.make.names import names
from portkit.languages.make.words import Word, reference_end
from portkit.languages.nvcc_flags import libraries

_NAME = re.compile(r"[\w.-]+\Z")
_CHANGED = re.compile(r"(?P<name>[\w.-]+):(?P<old>[^=]*)=(?P<new>.*)\Z", re.S)
_CALL = re.compile(r"(?P<name>[a-z]+)[ \t]+(?P<given>.*)\Z", re.S)
_SUFFIX_RULE = re.compile(r"(\.\w+)(\.\w+)\Z")
_SETS = re.compile(r"\w+=")
_DEEP = 12


class Line(msgspec.Struct, frozen=True):
    """A command that a compiler is called by. `device`: nvcc is; `mixed`: another one in some
    branch; `at`: the number of the compiler's word; `role`: compile | link | both (in one) | other
    | asks (for a version).

    `inputs`: words that name sources or objects, by number, with the suffixes that they hold;
    `words`: all that the line says, variables taken in; `variables`: those.
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
        self.values: dict[str, list[Assignment]] = {}
        for one in file.assignments:
            self.values.setdefault(one.name, []).append(one)
        self.compilers = self._compilers()
        self.lines = [*self._lines()]

    # --- variables

    def expanded(self, text: str, own: dict[str, str] | None = None, deep: int = 0) -> str:
        """Return a text with the variables of the file taken in: all values that one is given,
        whatever the branch. What is not known stays.
        """
        if "$" not in text or deep > _DEEP:
            return text
        found, at = list[str](), 0
        while at < len(text):
            dollar = text.find("$", at)
            if dollar < 0:
                break
            end = reference_end(text, dollar, len(text))
            found += [text[at:dollar], self._value(text[dollar:end], own or {}, deep + 1)]
            at = end
        return "".join(found) + text[at:]

    def _value(self, reference: str, own: dict[str, str], deep: int) -> str:
        inner = reference[2:-1] if reference[1:2] in ("(", "{") else reference[1:]
        if inner in own:
            return own[inner]
        if _NAME.match(inner):
            known = self.values.get(inner)
            if not known:
                return reference
            texts = (w.text for one in known for w in one.words)
            return " ".join(self.expanded(t, own, deep) for t in texts)
        if changed := _CHANGED.match(inner):
            value = self._value(f"$({changed['name']})", own, deep)
            return _substituted(value, changed["old"], changed["new"])
        if called := _CALL.match(inner):
            return self._called(called["name"], called["given"], own, deep)
        return reference

    def _called(self, name: str, given: str, own: dict[str, str], deep: int) -> str:
        parts = [self.expanded(p, own, deep) for p in given.split(",")]
        if name == "patsubst" and len(parts) == 3:
            return _substituted(parts[2], parts[0].strip(), parts[1].strip())
        if name == "subst" and len(parts) == 3:
            return parts[2].replace(parts[0], parts[1])
        if name == "shell":
            return ""
        return " ".join(parts)

    def used(self, text: str) -> set[str]:
        """Return the variables that a text takes in, directly or by others."""
        found, waiting = set[str](), [text]
        while waiting:
            for name in re.findall(r"\$[({]([\w.-]+)", waiting.pop()):
                if name not in found:
                    found.add(name)
                    waiting += [w.text for one in self.values.get(name, ()) for w in one.words]
        return found

    def arch_of(self, name: str) -> Assignment | None:
        """Return where a variable is given its one value of one word; None otherwise."""
        known = self.values.get(name, [])
        return known[0] if len(known) == 1 and len(known[0].words) == 1 else None

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
        own = self._automatic(rule)
        given = [self.expanded(w.text, own).split() for w in recipe.words[at + 1 :]]
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
        variables = frozenset(v for w in recipe.words for v in self.used(w.text))
        line = Line(
            rule, recipe, at, bool(device), mixed, "", tuple(inputs), tuple(words), variables
        )
        return msgspec.structs.replace(line, role=_role(line))

    def _automatic(self, rule: Rule) -> dict[str, str]:
        """Return the values of `$<`, `$^` and `$@`."""
        needs = " ".join(self.expanded(w.text) for w in rule.prerequisites)
        targets = " ".join(self.expanded(w.text) for w in rule.targets)
        if not needs and (old := _SUFFIX_RULE.match(targets)) is not None:
            needs = old[1]
        first = needs.split()[0] if needs.split() else ""
        return {"<": first, "^": needs, "+": needs, "?": needs, "@": targets, "*": ""}

    @staticmethod
    def _links_cuda(words: Sequence[str]) -> bool:
        if names().compiles & set(words):
            return False
        return any(w[2:] in libraries() for w in words if w.startswith("-l"))


def _substituted(value: str, old: str, new: str) -> str:
    """Return words with one end for another, `%` standing for the rest."""
    if "%" not in old:
        old, new = f"%{old}", f"%{new}"
    before, _, after = old.partition("%")
    found = []
    for word in value.split():
        if word.startswith(before) and word.endswith(after) and len(word) >= len(old) - 1:
            stem = word[len(before) : len(word) - len(after)]
            found.append(new.replace("%", stem, 1))
        else:
            found.append(word)
    return " ".join(found)


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

# SPDX-License-Identifier: Apache-2.0
"""The variables that a file of Make's sets: their values taken in where they are used, and which are
reached from which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from portkit.languages.make.makefile import Assignment
from portkit.languages.make.words import Text

_NAME = re.compile(r"[\w.-]+\Z")
_NAMED = re.compile(r"\$[({]([\w.-]+)")
_CHANGED = re.compile(r"(?P<name>[\w.-]+):(?P<old>[^=]*)=(?P<new>.*)\Z", re.S)
_CALL = re.compile(r"(?P<name>[a-z]+)[ \t]+(?P<given>.*)\Z", re.S)
_DEEP = 40
_LETTERS = 1 << 20


class Variables:
    """The variables of a file with all values that each is given, whatever the branch."""

    def __init__(self, assignments: Sequence[Assignment], size: int) -> None:
        """`size`: letters of the file, which bound what is made of its values in all."""
        self.values: dict[str, list[Assignment]] = {}
        for one in assignments:
            self.values.setdefault(one.name, []).append(one)
        self._direct = {
            name: named_in(w.text for one in known for w in one.words)
            for name, known in self.values.items()
        }
        self.left = max(_LETTERS, 16 * size)

    def reached(self, names: Iterable[str]) -> frozenset[str]:
        """Return these variables with those that their values take in, and theirs."""
        waiting = [*names]
        found = {*waiting}
        while waiting:
            new = self._direct.get(waiting.pop(), frozenset()) - found
            found |= new
            waiting += new
        return frozenset(found)


def named_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the variables that texts name."""
    return frozenset(name for text in texts if "$" in text for name in _NAMED.findall(text))


class Expansion:
    """Texts with the values of variables in them. What is not known, and a variable in its own
    value, stays. `whole`: nothing was left out for its size or depth.
    """

    def __init__(self, variables: Variables, own: Mapping[str, str] | None = None) -> None:
        """`own`: the values of the rule alone, such as `$<`."""
        self._variables, self._own = variables, own or {}
        self._made: dict[str, str] = {}
        self._open = set[str]()
        self.whole = True

    def of(self, text: str, deep: int = 0) -> str:
        """Return a text with its variables taken in."""
        if "$" not in text:
            return text
        if deep > _DEEP or self._variables.left <= 0:
            self.whole = False
            return text
        known, found, at = Text(text), list[str](), 0
        while (dollar := text.find("$", at)) >= 0:
            end = known.reference_end(dollar, len(text))
            found += [text[at:dollar], self._value(text[dollar:end], deep + 1)]
            at = end
        result = "".join(found) + text[at:]
        self._variables.left -= len(result)
        return result

    def _value(self, reference: str, deep: int) -> str:
        inner = reference[2:-1] if reference[1:2] in ("(", "{") else reference[1:]
        if inner in self._own:
            return self._own[inner]
        if _NAME.match(inner):
            return self._named(inner, reference, deep)
        if changed := _CHANGED.match(inner):
            value = self._named(changed["name"], f"$({changed['name']})", deep)
            return _substituted(value, changed["old"], changed["new"])
        if called := _CALL.match(inner):
            return self._called(called["name"], called["given"], deep)
        return reference

    def _named(self, name: str, reference: str, deep: int) -> str:
        known = self._variables.values.get(name)
        if not known or name in self._open:
            return reference
        made = self._made.get(name)
        if made is None:
            self._open.add(name)
            made = " ".join(self.of(w.text, deep) for one in known for w in one.words)
            self._open.discard(name)
            self._made[name] = made
        self._variables.left -= len(made)
        return made

    def _called(self, name: str, given: str, deep: int) -> str:
        parts = [self.of(p, deep) for p in given.split(",")]
        if name == "patsubst" and len(parts) == 3:
            return _substituted(parts[2], parts[0].strip(), parts[1].strip())
        if name == "subst" and len(parts) == 3:
            return parts[2].replace(parts[0], parts[1])
        if name == "shell":
            return ""
        return " ".join(parts)


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

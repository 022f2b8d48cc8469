# SPDX-License-Identifier: Apache-2.0
"""Calls that do not fit: CUDA's function has default arguments or overloads that the target's
lacks, as far as its arity is known.
"""

from __future__ import annotations

import re
from functools import cached_property

from portkit.languages.cxx.letters.lexer import Lexed
from portkit.model.plans import Decision
from portkit.model.reading import FileScan, Reference
from portkit.model.spans import Edit
from portkit.model.words import Action, Context, Kind, Reason
from portkit.plan.calls import code_after, find_call
from portkit.plan.macros import TreeMacros
from portkit.rules.cxx.kernels import lexed_source
from portkit.rules.view import FileSource
from portkit.targets.arity import Arity, arity_of
from portkit.targets.recipes import mends
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity

_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.DEVICE_FUNCTION})
_USES = frozenset({Context.CALL, Context.MACRO, Context.INACTIVE, Context.NAME})
_UNTOLD = "untold"
_SEVERAL = re.compile(rb"\.\.\.|##|__VA_")  # what may stand for any number of arguments
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)


class Fitting:
    """Says of one file's references whether the target's function takes what is given to it."""

    def __init__(
        self,
        source: FileSource,
        target: Target,
        macros: TreeMacros,
    ) -> None:
        self._source, self.target, self._macros = source, target, macros
        self._known: dict[tuple[str, str, str], Arity | None] = {}

    def misfit(self, ref: Reference, decision: Decision) -> str:
        """Return why a renamed call does not fit, as `given:taken`; empty where it does or nothing
        is known of it. What is given is a number, or `untold`.
        """
        if ref.kind not in _FUNCTIONS or ref.context not in _USES:
            return ""
        key = ref.name, ref.library, decision.row.target if decision.row is not None else ""
        if key not in self._known:
            self._known[key] = self._narrower(ref, key[2])
        taken = self._known[key]
        if taken is None:
            return ""
        count = self._count(ref)
        if count is not None and taken.takes(count):
            return ""
        return f"{_UNTOLD if count is None else count}:{taken}"

    def _narrower(self, ref: Reference, name: str) -> Arity | None:
        """Return what the target's function takes, where CUDA's takes more than that."""
        taken = self.target.arities.get(name)
        if taken is None:
            return None
        given = self._entity(ref)
        cuda = arity_of(given.arity) if given is not None else None
        return None if cuda is not None and taken.covers(cuda) else taken

    def _entity(self, ref: Reference) -> Entity | None:
        for entity in self._source.vocabulary.get(ref.name):
            same = entity.library == ref.library and entity.qualifier == ref.qualifier
            if same and entity.kind is ref.kind:
                return entity
        return None

    def _count(self, ref: Reference) -> int | None:
        """Return how many arguments the reference is called with; None where it cannot be told."""
        after = code_after(self._lexed, ref.span.end)
        if self._lexed.text[after : after + 1] != "(":
            return self._count_of_pointer(ref)
        found = find_call(self._lexed, ref.span.end)
        if found is None:
            return None
        text = self._source.data[found.start : found.end]
        several = _SEVERAL.search(text) is not None or self._macros.hides_arguments(text)
        return None if several or self._names_pack(ref, text) else len(found.arguments)

    def _count_of_pointer(self, ref: Reference) -> int | None:
        """Return what a function takes that is named without being called: all that it declares,
        whatever has a default.
        """
        entity = self._entity(ref)
        if entity is None or "overloaded" in entity.flags:
            return None
        arity = arity_of(entity.arity)
        return arity.most if arity is not None and arity.most >= 0 else None

    def _names_pack(self, ref: Reference, text: bytes) -> bool:
        """Does the text, of a macro's body, use a parameter that stands for several arguments?"""
        if ref.context is not Context.MACRO:
            return False
        around = next(
            (m for m in self._source.scan.facts.macros if m.body.contains(ref.span)), None
        )
        packs = {
            p.rstrip(". ")
            for p in (around.parameters or () if around is not None else ())
            if p.endswith("...")
        }
        return bool(packs) and not packs.isdisjoint(_WORD.findall(text.decode("latin-1")))

    @cached_property
    def _lexed(self) -> Lexed:
        return self._source.once(lexed_source)


def leave_misfits(
    file: FileScan, decisions: tuple[Decision, ...], edits: list[Edit], fitting: Fitting
) -> tuple[tuple[Decision, ...], list[Edit]]:
    """Leave to a person the calls that do not fit what they are renamed to, but for those that a
    recipe mends.
    """
    recipes = fitting.target.recipes
    left = {
        index: why
        for index, (ref, decision) in enumerate(zip(file.references, decisions, strict=True))
        if decision.action is Action.EDIT
        and decision.row is not None
        and not mends(recipes, decision.row.recipe)
        and (why := fitting.misfit(ref, decision))
    }
    if not left:
        return decisions, edits
    result = list(decisions)
    for index, why in left.items():
        result[index] = unfit(decisions[index], why)
    spans = {file.references[index].span for index in left}
    return tuple(result), [e for e in edits if e.span not in spans]


def unfit(decision: Decision, why: str) -> Decision:
    """Return the decision that leaves a call to a person, for what `Fitting.misfit` says."""
    return Decision(Action.MANUAL, Reason.ARITY, decision.replacement, decision.row, why)

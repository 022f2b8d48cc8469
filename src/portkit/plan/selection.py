# SPDX-License-Identifier: Apache-2.0
"""Which rules a run listens to: id prefixes that are selected, ignored, or ignored under some
paths.

As linters do it, the longest prefix that fits an id decides; of two equally long ones the ignoring
one does. Nothing is dropped: what is not listened to stays in the report as suppressed, with the
option that did it, and passes no gate.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

import msgspec

from portkit.files.patterns import settings_patterns
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding, Suppression
from portkit.model.spans import Span
from portkit.model.words import Silenced
from portkit.rules.registry import all_rules, finding, retired


class PathRule(msgspec.Struct, frozen=True):
    """Id prefixes that are ignored in files that a pattern (gitignore syntax, relative to the root)
    matches.
    """

    pattern: str
    ignore: tuple[str, ...]


class Selection(msgspec.Struct, frozen=True):
    """What the user selects. Empty: every rule."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_path: tuple[PathRule, ...] = ()

    def refusal(self, rule: str) -> str:
        """Return why a rule is not listened to anywhere, as `--option PREFIX`, or "" when it is."""
        chosen = max(
            (len(p) for p in self.select if rule.startswith(p)), default=-1 if self.select else 0
        )
        against = max((p for p in self.ignore if rule.startswith(p)), key=len, default="")
        if against and len(against) >= chosen:
            return f"--ignore {against}"
        return f"--select {','.join(self.select)}" if chosen < 0 else ""


class Listener:
    """Applies a selection to findings, file by file, and remembers which of its path rules were
    needed.
    """

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._refusal = functools.cache(selection.refusal)
        self._paths = [(rule, _matcher(rule.pattern)) for rule in selection.per_path]
        self._used: set[PathRule] = set()

    def hear(self, path: str, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings of a file, those not listened to marked as suppressed."""
        local = [rule for rule, matches in self._paths if matches(path)]
        if not findings or not (local or self.selection.select or self.selection.ignore):
            return list(findings)
        return [self._heard(item, local) for item in findings]

    def _heard(self, item: Finding, local: Iterable[PathRule]) -> Finding:
        reason = self._refusal(item.rule)
        for rule in local:
            if item.rule.startswith(rule.ignore):
                self._used.add(rule)
                reason = reason or f"per-path {rule.pattern}"
        if not reason or item.suppressed:
            return item
        return msgspec.structs.replace(item, suppressed=Suppression(Silenced.OPTION, reason))

    def unused(self) -> list[tuple[str, Finding]]:
        """Return a finding for each path rule that silenced nothing, in their order."""
        return [
            (
                "",
                self._heard(
                    finding(
                        "PK911", Span(0, 0), {"name": f"per-path {rule.pattern}", "case": "config"}
                    ),
                    (),
                ),
            )
            for rule, _ in self._paths
            if rule not in self._used
        ]


def make_selection(
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    per_path: Iterable[tuple[str, Iterable[str]]] = (),
) -> Selection:
    """Return the selection for prefixes as users write them: upper or lower case, commas within an
    item.

    A retired id stands for the one that took over. Raises PortkitError for a prefix that no rule's
    id starts with.
    """
    paths = tuple(PathRule(pattern, prefixes(ids)) for pattern, ids in per_path)
    return Selection(prefixes(select), prefixes(ignore), paths)


def prefixes(items: Iterable[str]) -> tuple[str, ...]:
    """Return the id prefixes in `items`, in their order. Raises PortkitError for one that fits no
    rule.
    """
    found = []
    for word in (part.strip().upper() for item in items for part in item.split(",")):
        known = retired().get(word, word) or word
        if word and not any(id.startswith(known) for id in all_rules()) and word not in retired():
            raise PortkitError(
                f"no rule's id starts with {word}", hint="`portkit rules` lists them"
            )
        if word and known not in found:
            found.append(known)
    return tuple(found)


def _matcher(pattern: str) -> Callable[[str], bool]:
    return settings_patterns([pattern], "paths").match_file

# SPDX-License-Identifier: Apache-2.0
"""What shells offer behind an option: targets with their profiles, rule ids, libraries, formats,
CUDA names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import click
from click.shell_completion import CompletionItem


class KnownWord(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only for checkers
    """Text of which some values are known. Any other text is taken as well: the command judges it."""

    name = "text"

    def __init__(self, values: Callable[[str], Iterable[str]]) -> None:
        self.values = values

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the known values that start with what is typed; none when the tables cannot be
        read.
        """
        try:
            return [
                CompletionItem(value)
                for value in sorted(self.values(incomplete))
                if value.startswith(incomplete)
            ]
        except Exception:  # a broken table is told when the command runs, not while somebody types
            return []


def _targets(typed: str) -> Iterable[str]:
    from portkit.targets.target import available_targets, load_file

    name, at, _ = typed.partition("@")
    names = available_targets()
    return (
        [f"{name}@{profile}" for profile in load_file(name).profiles]
        if at and name in names
        else names
    )


def _rules(_: str) -> Iterable[str]:
    from portkit.rules.registry import all_rules

    return all_rules()


def _libraries(_: str) -> Iterable[str]:
    from portkit.vocab.vocabulary import load_vocabulary

    return load_vocabulary().libraries


def _names(typed: str) -> Iterable[str]:
    from portkit.vocab.vocabulary import load_vocabulary

    return (
        [name for name in load_vocabulary().names if name.startswith(typed)][:200]
        if len(typed) > 2
        else []
    )


def _formats(_: str) -> Iterable[str]:
    from portkit.report.formats import all_formats

    return all_formats()


# Parameters of the commands by their Python name.
_KNOWN: Mapping[str, Callable[[str], Iterable[str]]] = {
    "target": _targets,
    "targets": _targets,
    "id": _rules,
    "select": _rules,
    "ignore": _rules,
    "only": _libraries,
    "skip": _libraries,
    "names": _names,
    "formats": _formats,
}


def offer(command: click.Command) -> None:
    """Let the parameters of a command whose values are known offer them."""
    for param in command.params:
        if param.name in _KNOWN and isinstance(param.type, type(click.STRING)):
            param.type = KnownWord(_KNOWN[param.name])

# SPDX-License-Identifier: Apache-2.0
"""Which table a name of the evidence belongs to, as which kind, in which namespace."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from evidence.settings import Settings
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Entity, Vocabulary

SPELLING = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)
HEADER = re.compile(r"(?:[\w.\-]+/)*[\w.\-]+\.(?:h|hpp|cuh|inl)|cuda/(?:std/)?\w+", re.A)
BUILD_KINDS = {"buildflag", "flag", "cmake", "suffix", "tool", "syntax"}
PYTHON_KINDS = {"python"}
KINDS = {
    "enum": "enumerator", "enum-value": "enumerator", "library": "link_library",
    "env": "environment", "define": "macro",
    "qualifier": "builtin",
}  # fmt: skip


class Places:
    """The place of each name, by what the vocabulary knows and by what its source speaks of."""

    def __init__(self, vocabulary: Vocabulary, settings: Settings) -> None:
        self.vocabulary, self.settings = vocabulary, settings
        entities = (e for n in sorted(vocabulary.names) for e in vocabulary.get(n))
        self.namespaces = {
            e.qualifier: e.library for e in entities if e.qualifier and e.kind is not Kind.FIELD
        }
        self._spoken: dict[str, set[str]] = defaultdict(set)  # source -> scopes it speaks of

    def place(self, name: str, kind: str, source: str) -> tuple[str, str]:
        """Return the table that a name belongs to, and its kind there."""
        if kind in BUILD_KINDS:
            return "build", kind
        if kind in PYTHON_KINDS or re.match(r"torch\.|pynvml", name):
            return "python", kind
        if kind == "header" or HEADER.fullmatch(name):
            entity = self.vocabulary.header(name)
            library = entity.library if entity else self.vocabulary.header_library(name)
            if entity or (
                HEADER.fullmatch(name) and library and not self.settings.frameworks.search(source)
            ):
                return library or "", "header"
            return "frameworks", kind
        if kind == "namespace" and name in self.namespaces:
            return self.namespaces[name], kind
        entities = [
            e
            for e in self.vocabulary.get(name.rpartition("::")[2])
            if not e.qualifier or e.kind is Kind.FIELD or "::" in name
        ]
        entities = entities or [e for e in self.vocabulary.get(name) if self.scope(name)]
        owned = [e for e in entities if e.qualifier and e.qualifier == name.rpartition("::")[0]]
        entities = owned or entities
        if kind in ("library", "link_library"):
            entities = [e for e in self.vocabulary.get(name) if e.kind is Kind.LINK_LIBRARY]
            return (entities[0].library, "link_library") if entities else ("build", "library")
        if entities and SPELLING.fullmatch(name):
            wanted = KINDS.get(kind, kind)
            best = next((e for e in entities if e.kind.value == wanted), entities[0])
            return best.library, best.kind.value
        shape = self.vocabulary.shape_of(name)
        if shape and not self.settings.frameworks.search(source):
            return "unlisted", KINDS.get(kind, kind)
        return "frameworks", kind

    def scope(self, name: str) -> str:
        """Return the namespace of a name that the vocabulary only has in one namespace, else an
        empty string.
        """
        scopes = {
            e.qualifier if e.kind is not Kind.FIELD else "" for e in self.vocabulary.get(name)
        }
        shown = self.vocabulary.shows
        outer = [scope for scope in scopes if shown.get(scope) in scopes]
        return outer[0] if len(outer) == 1 else scopes.pop() if len(scopes) == 1 else ""

    def placed(self, name: str) -> str:
        """Return a qualified name in the only scope that the vocabulary has it in: a port may spell
        it by way of another one.
        """
        scope, _, last = name.rpartition("::")
        scopes = {e.qualifier for e in self.vocabulary.get(last)} if scope else set()
        return f"{scopes.pop()}::{last}" if len(scopes) == 1 and "" not in scopes else name

    def _members(self, name: str) -> list[Entity]:
        """Return what the vocabulary has of a bare name, but for fields."""
        return [e for e in self.vocabulary.get(name) if e.kind is not Kind.FIELD]

    def hear(self, lines: Iterable[tuple[str, str]]) -> None:
        """Note of (name, source) which namespaces each source speaks of: by its names that only one
        namespace has.
        """
        for name, source in lines:
            found = {e.qualifier for e in self._members(name)}
            if len(found) == 1 and (scope := found.pop()):
                self._spoken[source].add(scope)

    def member(self, name: str, target: str, kind: str, source: str) -> tuple[str, str]:
        """Return a bare name with the namespace that it is meant in, and why it has no place.

        A name that several namespaces have is meant in the one that its source speaks of. One that
        the vocabulary has as a field only is a member of something else where the evidence does not
        call it a field.
        """
        if "::" in name or kind in (
            "field",
            "header",
            "namespace",
            "library",
            "env",
            "environment",
        ):
            return name, ""
        entities = self._members(name)
        if not entities:
            plain = target == name and self.vocabulary.get(name)  # a word, not a name with a prefix
            return name, "a member whose owner the vocabulary lacks" if plain else ""
        scopes = {e.qualifier for e in entities}
        if len(scopes) == 1 or "" in scopes:
            return name, ""
        spoken = scopes & self._spoken[source]
        if self.scope(name) or (target != name and len(spoken) != 1):
            return name, ""
        if len(spoken) == 1:
            return f"{spoken.pop()}::{name}", ""
        shown = ", ".join(sorted(scopes))
        return name, f"several namespaces have it, and the source does not say which: {shown}"

# SPDX-License-Identifier: Apache-2.0
"""The rows of mappings/hip: each name of the CUDA vocabulary by HIPIFY's word, real headers, twin
programs, and what was decided by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hip.headers import Headers
from hip.hipify import NO_HIP, NO_ROC, Entry
from portkit.model.words import Kind
from portkit.targets.naming import NamingRule
from portkit.vocab.stub_files import std_stub
from portkit.vocab.vocabulary import Entity, Vocabulary

Line = dict[str, Any]
BY_HIP = "HIPIFY marks it as unsupported"
ALSO_THERE = "HIPIFY marks it as unsupported, and the header declares the name: compare by hand"
OTHER_NAME = "HIPIFY's name for it; the headers of HIP 5.7 do not have it"
MIOPEN = "MIOpen's name for it: its arguments may differ, compare the call with miopen/miopen.h"
TWINS = 3  # programs that must agree before they are heard over HIPIFY
_SAME = {Kind.DEVICE_FUNCTION, Kind.TYPE, Kind.MACRO, Kind.ENUMERATOR, Kind.BUILTIN, Kind.FUNCTION}
_NEVER = {Kind.LINK_LIBRARY, Kind.ENVIRONMENT, Kind.NAMESPACE, Kind.FIELD}


class Rows:
    """Makes one row for each name of the vocabulary that something is known of."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        rule: NamingRule,
        headers: Headers,
        hipify: list[Entry],
        since: Mapping[str, str],
        twins: Mapping[tuple[str, str], set[str]],
        settings: Mapping[str, Any],
    ) -> None:
        self.vocabulary, self.rule, self.headers = vocabulary, rule, headers
        self.twins, self.settings, self.since = twins, settings, since
        self.by_name: dict[str, Entry] = {}
        for entry in hipify:
            if entry.name not in self.by_name or self.by_name[entry.name].marks & NO_HIP:
                self.by_name[entry.name] = entry
        self.roc: set[str] = set(settings["roc"])
        self.scopes: dict[str, str] = settings["scopes"]
        self.structs: dict[str, str] = {}
        self.of_c = frozenset(re.findall(r"[a-z]\w*", std_stub()))

    def all(self) -> Iterator[Line]:
        """Yield every row, those by hand first; a name and kind once."""
        done = set[tuple[str, str]]()
        by_hand: dict[str, dict[str, Any]] = self.settings["rows"]
        for key, cells in by_hand.items():
            row = self._by_hand(key, cells)
            done.add((row["name"], row["kind"]))
            yield row
        for name in sorted(self.vocabulary.names):
            for entity in self.vocabulary.get(name):
                made = self._row(entity)
                if made is None or made["name"] in self.settings["skip"]:
                    continue
                if (made["name"], made["kind"]) not in done:
                    done.add((made["name"], made["kind"]))
                    yield made

    def _by_hand(self, key: str, cells: dict[str, Any]) -> Line:
        name = cells.get("name", key)
        target = cells.get("target", "")
        entity = self._entity(name, cells.get("kind", ""))
        there = self._there(target, entity.kind)
        status = cells.get("status") or ("same" if target == name else "mapped")
        return {
            "library": cells.get("library") or entity.library,
            "name": name,
            "target": target,
            "kind": cells.get("kind") or entity.kind.value,
            "status": status,
            "exists": cells.get("exists") or ("header" if there else "usage"),
            "pairs": cells["pairs"],
            "sources": cells["sources"].split() + (["hip-headers"] if there else []),
            "recipe": cells.get("recipe", ""),
            "note": cells.get("note", ""),
        }

    def _entity(self, name: str, kind: str) -> Entity:
        scope, _, last = name.rpartition("::")
        found = self.vocabulary.get(last)
        exact = [e for e in found if e.qualifier == scope and kind in ("", e.kind.value)]
        exact = exact or [e for e in found if kind in ("", e.kind.value)]
        if not exact and (header := self.vocabulary.header(name)):
            return header
        if not exact:
            raise SystemExit(f"made.toml: {name}: the vocabulary does not have it")
        return exact[0]

    def _there(self, target: str, kind: Kind) -> bool:
        return target in (self.headers.spelled if kind is Kind.HEADER else self.headers.names)

    def _row(self, entity: Entity) -> Line | None:
        if entity.kind is Kind.HEADER:
            return self._header(entity)
        if entity.kind is Kind.FIELD:
            return self._field(entity)
        if entity.qualifier:
            return self._inside(entity)
        if self._of_c(entity):
            return None
        entry = self.by_name.get(entity.name)
        if entry is not None and not entry.header and entity.kind not in _NEVER:
            row = self._hipify(entity, entry)
            if row is not None:
                return row
        return self._by_name(entity) if entity.kind not in _NEVER else None

    def _of_c(self, entity: Entity) -> bool:
        """Return whether a name is also one of the C library, which no reference of CUDA's is."""
        plain = "plain" in entity.flags and entity.kind is Kind.DEVICE_FUNCTION
        return plain and (entity.name in self.of_c or "overloaded" in entity.flags)

    def _line(self, entity: Entity, target: str, exists: str, pairs: str, *sources: str) -> Line:
        scope = f"{entity.qualifier}::" if entity.qualifier else ""
        name = f"{scope}{entity.name}"
        return {
            "library": entity.library, "name": name, "target": target, "kind": entity.kind.value,
            "status": "same" if name == target else "mapped", "exists": exists, "pairs": pairs,
            "sources": list(sources), "recipe": "", "note": "",
        }  # fmt: skip

    def _lacks(self, entity: Entity, status: str, note: str, source: str) -> Line:
        row = self._line(entity, "", "table", "no", source)
        return row | {"status": status, "note": note}

    def _seen(self, name: str, target: str) -> bool:
        return bool(self.twins.get((name, target)))

    def _hipify(self, entity: Entity, entry: Entry) -> Line | None:
        roc = entity.library in self.roc
        target = entry.roc if roc else entry.hip
        if not roc:
            target = self._by_headers(self._by_twins(entity, target))
        there = self._there(target, entity.kind)
        if target and not target.replace("::", "_").isidentifier():
            return None  # not one name, `void*`
        if entry.marks & (NO_ROC if roc else NO_HIP) or not target:
            if self._there(entity.name, entity.kind):
                return None  # by its own name
            note = ALSO_THERE if there else BY_HIP
            return self._lacks(entity, "manual" if there else "none", note, entry.source)
        seen = self._seen(entity.name, target)
        exists = "header" if there else "usage" if seen else "table"
        sources = [entry.source, *(["hip-headers"] if there else [])]
        sources += ["hecbench-hip"] if seen else []
        row = self._line(entity, target, exists, "usage" if seen else "table", *sources)
        return row | {"note": self._note(entity, target, there, roc)}

    def _note(self, entity: Entity, target: str, there: bool, roc: bool) -> str:
        """Say what the naming rule does not: a name of another form, and the release it came with."""
        if roc:
            return MIOPEN
        if not there and target in self.since:
            return f"in HIP from {self.since[target]} on"
        derived = self.rule.derive(entity.name) or entity.name
        return "" if there or target == derived else OTHER_NAME

    def _by_twins(self, entity: Entity, target: str) -> str:
        """Return another name than HIPIFY's where programs have only that one, and headers too."""
        if target == entity.name or self._seen(entity.name, target):
            return target
        others = {
            new: len(programs)
            for (old, new), programs in self.twins.items()
            if old == entity.name and new in self.headers.names
        }
        best = max(others, key=lambda n: (others[n], n), default="")
        return best if best and others[best] >= TWINS else target

    def _by_headers(self, target: str) -> str:
        """Return a name without its mark of a version, where the headers have that one alone."""
        plain = target.replace("_v2", "")
        return plain if target not in self.headers.names and plain in self.headers.names else target

    def _by_name(self, entity: Entity) -> Line | None:
        """A name that HIPIFY does not speak of: the same one, or what the naming rule says, where a
        header has it.
        """
        derived = self.rule.derive(entity.name)
        own = entity.kind in _SAME and self._there(entity.name, entity.kind)
        if own and not self.vocabulary.is_header_guard(entity.name):
            return self._line(entity, entity.name, "header", "alike", "hip-headers")
        if derived is not None and self._there(derived, entity.kind):
            if self.vocabulary.is_header_guard(entity.name):
                return None
            seen = self._seen(entity.name, derived)
            sources = ["hip-headers", *(["hecbench-hip"] if seen else [])]
            return self._line(entity, derived, "header", "usage" if seen else "alike", *sources)
        return None

    def _inside(self, entity: Entity) -> Line | None:
        """A name in a namespace that another library of the target stands for."""
        head, _, rest = entity.qualifier.partition("::")
        if head not in self.scopes:
            return None
        scope = "::".join(filter(None, (self.scopes[head], rest)))
        target = f"{scope}::{entity.name}"
        if target not in self.headers.names:
            return None
        return self._line(entity, target, "header", "alike", "hip-headers")

    def _field(self, entity: Entity) -> Line | None:
        """A member of a struct whose counterpart the headers declare."""
        struct = self.by_name.get(entity.qualifier)
        if struct is None or struct.marks & NO_HIP or struct.hip not in self.headers.names:
            return None
        for made in (entity.name, self.rule.derive(entity.name)):
            if made and f"{struct.hip}::{made}" in self.headers.names:
                self.structs[entity.qualifier] = struct.hip
                return self._line(entity, f"{struct.hip}::{made}", "header", "alike", "hip-headers")
        return None

    def _header(self, entity: Entity) -> Line | None:
        entry, name = self.by_name.get(entity.name), entity.name
        if name.startswith("cub/"):
            return self._cub_header(entity)
        if entry is None or not entry.header:
            return None
        target = entry.roc if entity.library in self.roc else entry.hip
        if entry.marks & NO_HIP or not target:
            return None
        below = f"{Path(target).stem}/{target}"
        spelled = next((t for t in (target, below) if t in self.headers.spelled), target)
        there, seen = spelled in self.headers.spelled, self._seen(name, spelled)
        sources = [entry.source, *(["hip-headers"] if there else [])]
        exists = "header" if there else "table"
        row = self._line(
            entity, spelled, exists, "usage" if seen else "table",
            *sources, *(["hecbench-hip"] if seen else []),
        )  # fmt: skip
        return row

    def _cub_header(self, entity: Entity) -> Line:
        """The header that has all: the others are empty where the platform's macro is not set yet."""
        whole = self.settings["whole_cub"]
        if entity.name == "cub/cub.cuh":
            return self._line(entity, whole, "header", "usage", "hipify-headers", "hip-headers")
        row = self._line(entity, whole, "header", "alike", "hip-headers")
        return row | {"note": "the header that has all of the library"}

# SPDX-License-Identifier: Apache-2.0
"""From lines of evidence to rows: which table a name belongs to, what the words mean, which target
is taken.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from evidence.settings import NOISE, Settings, Sources, toml_string
from evidence.shared import mark_shared
from portkit.model.words import Exists, Kind, Pairs
from portkit.targets.naming import NamingRule
from portkit.targets.rows import key_of
from portkit.vocab.vocabulary import Vocabulary

Line = dict[str, Any]
SPELLING = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)
HEADER = re.compile(r"(?:[\w.\-]+/)*[\w.\-]+\.(?:h|hpp|cuh|inl)|cuda/(?:std/)?\w+", re.A)
OBSERVED = re.compile(r"observed in (\d+) repo")
DIFFERS = re.compile(
    r"argument order|other arguments|different (?:value|count|meaning|signature|api shape|order|argument)"
    r"|signature (?:differs|change)|values? differs?|not usable|not an equivalent|lookup is by",
    re.I,
)
AGREES = re.compile(r"(?:CUDA|NCCL|same) argument order(?: kept| as CUDA)?", re.I)
PERSON = re.compile(r"DECLARATION ONLY|do not rewrite|STUB returns")
SIGNATURE = re.compile(r"pairing by (?:operation and signature|name\+signature)")
LINKED = re.compile(r"(?:lib\w+ / )?-l(\w+)", re.A)
LACKING = re.compile(
    r"NO EQUIVALENT|no equivalent seen|^not declared in|^no \w+ member has|mapped to nothing"
)
GUESSED = re.compile(r"inferred|by reversing the naming rule|pairing by", re.I)
BUILD_KINDS = {"buildflag", "flag", "cmake", "suffix", "tool", "syntax"}
PYTHON_KINDS = {"python"}
KINDS = {
    "enum": "enumerator", "enum-value": "enumerator", "library": "link_library",
    "env": "environment", "define": "macro",
    "qualifier": "builtin",
}  # fmt: skip
# Columns of unsupported.tsv: the headings differ from target to target.
CONSTRUCT = {
    "construct": "cuda_construct|construct",
    "status": "status",
    "profile": "arch|gen",
    "source": "evidence",
    "ports": "what",
}
KEPT = frozenset({Kind.BUILTIN, Kind.DEVICE_FUNCTION, Kind.NAMESPACE})
INCLUDE = re.compile(r'(?:#include )?[<"]([\w./\-]+)[>"]', re.A)
PLAIN = re.compile(r"[A-Za-z_][\w.:/\-]*", re.A)


class Importer:
    """Rows by (profile, key)."""

    def __init__(
        self, evidence: Path, pairs: Path | None, target: Path, vocabulary: Vocabulary
    ) -> None:
        self.evidence, self.pairs, self.target, self.vocabulary = (
            evidence,
            pairs,
            target,
            vocabulary,
        )
        self.settings = Settings(target / "import.toml")
        self.sources = Sources(self.settings)
        facts = tomllib.loads((target / "target.toml").read_text(encoding="utf-8"))
        self.profiles = ["", *facts["profiles"]]
        self.rules = {p: NamingRule.load(target / "target.toml", p) for p in self.profiles}
        self.rows: dict[tuple[str, str], Line] = {}
        self.candidates: dict[tuple[str, str], list[Line]] = {}
        entities = [
            e
            for n in sorted(vocabulary.names)
            for e in vocabulary.get(n)
            if e.kind is not Kind.FIELD
        ]
        self.namespaces = {e.qualifier: e.library for e in entities if e.qualifier}
        self.count: Counter[str] = Counter()
        self.dropped: list[tuple[str, str, str]] = []  # (name, target, why)
        self.kept: dict[str, list[str]] = defaultdict(list)
        self.renamed: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def derive(self, name: str, profile: str = "") -> str:
        return self.rules[profile].derive(name) or name

    def nearly(self, name: str, target: str, profile: str) -> bool:
        """Return whether two names are alike but for case and the endings that C libraries put on
        types and versions.
        """
        derived, there = (
            re.sub(r"(?:_t|_v2)$", "", n).lower() for n in (self.derive(name, profile), target)
        )
        return derived == there

    def axes(
        self, name: str, target: str, word: str, source: str, note: str, profile: str
    ) -> tuple[str, str]:
        seen = OBSERVED.search(note)
        alike = self.derive(name, profile) == target or name == target
        if word in ("vendor-header", "header"):
            exists, pairs = (
                "header",
                "usage"
                if "use:" in source
                else "table"
                if "named in the vendor header" in note
                else "alike",
            )
        elif word in ("observed-port", "port"):
            exists, pairs = "usage", "usage"
        elif word == "vendor-table":
            exists, pairs = ("usage" if seen and int(seen[1]) else "table"), "table"
        elif word == "doc":
            exists, pairs = "doc", "alike" if alike else "table"
        else:
            exists, pairs = "rule", "alike"
        if GUESSED.search(note) and word != "vendor-table":
            named = SIGNATURE.search(note) or (
                "prefix rule" in note and self.nearly(name, target, profile)
            )
            pairs = "alike" if alike or named else "no"
        agreed = AGREES.sub("", note)
        return exists, "no" if DIFFERS.search(agreed) or self.settings.differs.search(
            agreed
        ) else pairs

    def read(self) -> None:
        groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
        with (self.evidence / "mapping.tsv").open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            next(lines)
            pending = list(lines)
            for cells in pending:
                name, target, kind, source, word, note = (
                    c.strip() for c in [*cells, "", "", ""][:6]
                )
                name, target = INCLUDE.sub(r"\1", name), INCLUDE.sub(r"\1", target)
                if (
                    (before := LINKED.fullmatch(name))
                    and (after := LINKED.fullmatch(target))
                    and name != target
                ):
                    name, target, kind = before[1], after[1], "library"
                if " / " in name and kind in ("env", "environment"):
                    pending += [[one, *cells[1:]] for one in name.split(" / ")]
                    continue
                if kind == "hint":
                    self.hint(name, target, source, word, note)
                    continue
                why = self.unfit(name, kind, note)
                if why:
                    self.drop(name, target, why)
                    continue
                for profile in {
                    p: 1
                    for pattern, p in self.settings.profiles.items()
                    if re.search(pattern, note)
                } or [""]:
                    row = self.line(
                        name,
                        "" if target == "(none)" else target,
                        kind,
                        source,
                        word,
                        note,
                        profile,
                    )
                    groups[profile, row["key"]].append(row)
        for key, rows in groups.items():
            self.candidates[key] = [dict(r) for r in rows]
            self.rows[key] = self.choose(rows, key[0])

    def unfit(self, name: str, kind: str, note: str) -> str:
        """Return why a line of evidence makes no row, or an empty string."""
        if name in self.settings.drop:
            return self.settings.drop[name]
        if self.settings.corrupt.search(note):
            return "corrupt in the source, so that the naming rule answers"
        if "prefix rule (substring)" in note:
            return "a rule for parts of names; the naming rule of target.toml covers it"
        named = PLAIN.fullmatch(name) or kind in BUILD_KINDS | PYTHON_KINDS
        return "" if named else "not one name: a pattern, a phrase or an expression"

    def drop(self, name: str, target: str, why: str) -> None:
        self.dropped.append((name, target, why))
        self.count[f"dropped: {why.partition(':')[0]}"] += 1

    def hint(self, names: str, target: str, source: str, word: str, note: str) -> None:
        """Add rows for names that another kind of call stands for: a person rewrites them, the row
        says to what.
        """
        for spelled in re.split(r" / ", re.sub(r" \(.*\)", "", names)):
            name = spelled if self.vocabulary.get(spelled) else spelled.rpartition("::")[2]
            if not self.vocabulary.get(name):
                self.drop(name, target, "a hint for a name that the vocabulary lacks")
                continue
            row = self.line(name, "", "function", source, word, note, "")
            old = self.rows.get(("", row["key"]))
            row |= {
                "target": "" if old else target,
                "status": "manual",
                "note": f"{target}: {row['note']}",
            }
            if old:
                row["note"] = f"{old['target'] or 'topsaten'} or {row['note']}"
            self.rows["", row["key"]] = row

    def line(
        self, name: str, target: str, kind: str, source: str, word: str, note: str, profile: str
    ) -> Line:
        """Return the row of one line of evidence."""
        library, kind = self.place(name, kind, source)
        scope = self.scope(name) if library != "frameworks" else ""
        if scope and target:
            name = f"{scope}::{name}"
            if "::" not in target:
                target = f"{self.derive(scope, profile)}::{target}"
        name = self.placed(name)
        if (
            target
            and not PLAIN.fullmatch(target)
            and library not in ("build", "python", "frameworks")
        ):
            target, note = "", f"{note}; written as {target}"
        exists, pairs = self.axes(name, target, word, source, note, profile)
        status = (
            "same"
            if name == target
            else "mapped"
            if target
            else "none"
            if LACKING.search(note)
            else "manual"
        )
        if PERSON.search(note):
            status = "manual"
        if not target:
            pairs = "no"
        seen = OBSERVED.search(note)
        text = re.sub(r"\s*;[\s;]*", "; ", NOISE.sub("", self.settings.noise.sub("", note))).strip(
            " ;"
        )
        row = {
            "name": name, "target": target, "kind": kind, "status": status, "exists": exists,
            "pairs": pairs, "recipe": "", "note": text,
            "sources": self.sources.ids(source), "library": library, "key": key_of(name, kind),
            "seen": int(seen[1]) if seen else 0,
        }  # fmt: skip
        self.lift(row)
        return row

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

    def choose(self, rows: list[Line], profile: str) -> Line:
        """Return the best evidenced of the rows for one name; the others are named in its note."""

        def weight(row: Line) -> tuple[bool, int, int, int, bool]:
            exists, pairs = Exists[row["exists"].upper()], Pairs[row["pairs"].upper()]
            return (
                bool(row["target"]),
                int(exists),
                int(pairs),
                row["seen"],
                row["target"] == self.derive(row["name"], profile),
            )

        best = max(rows, key=weight)
        alike = [i for r in rows if r["target"] == best["target"] for i in r["sources"]]
        best["sources"] = list(dict.fromkeys(best["sources"] + alike))
        others = sorted({r["target"] for r in rows if r["target"] not in ("", best["target"])})
        if others:
            best["note"] = "; ".join(
                filter(None, [best["note"], f"other sources say {' or '.join(others)}"])
            )
        return best

    def read_pairs(self) -> None:
        """Read the aligned ports: which names they keep, and which target they write for the others
        (share >= 0.5).
        """
        for path in sorted(self.pairs.glob("*.tsv")) if self.pairs else ():
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    if row["family"] not in ("api", "include") or row["conf"] != "hi":
                        continue
                    if row["status"] == "kept":
                        if (
                            not path.stem.startswith("defines")
                            and path.stem not in self.kept[row["cuda_name"]]
                        ):
                            self.kept[row["cuda_name"]].append(path.stem)
                    elif float(row["agree"] or 0) >= 0.5:
                        self.renamed[row["cuda_name"]].add((row["ported_name"], path.stem))

    def lift(self, row: Line) -> None:
        """Let aligned ports speak for a row: a rename that agrees, or a name that they keep too, is
        usage.
        """
        last = row["name"].rpartition("::")[2] if row["kind"] != "header" else row["name"]
        ports = sorted(
            p for t, p in self.renamed.get(last, ()) if t == row["target"].rpartition("::")[2]
        )
        ports += self.kept.get(last, []) if row["status"] == "same" else []
        if ports and row["status"] in ("mapped", "same") and row["pairs"] != "no":
            row["sources"] = [*row["sources"][:2], self.sources.port(ports[0])]
            row["exists"] = row["exists"] if row["exists"] == "header" else "usage"
            row["pairs"] = "usage"

    def add_kept(self) -> None:
        """Add `same` rows for built-ins and vector types that whole ports keep."""
        for name, stems in sorted(self.kept.items()):
            entities = [
                e for e in self.vocabulary.get(name) if e.kind is not Kind.FIELD and not e.qualifier
            ]
            vector = entities and entities[0].library == "device" and entities[0].kind is Kind.TYPE
            if (
                not entities
                or not (entities[0].kind in KEPT or vector)
                or name in self.renamed
                or self.rules[""].derive(name)
            ):
                continue
            key = key_of(name, entities[0].kind.value)
            self.rows.setdefault(("", key), {
                "name": name, "target": name, "kind": entities[0].kind.value, "status": "same",
                "exists": "usage", "pairs": "usage",
                "sources": [self.sources.port(s) for s in stems[:3]], "recipe": "", "note": "",
                "library": entities[0].library, "key": key,
            })  # fmt: skip

    def add_seen(self) -> None:
        """Add the names that a vendor's own code uses as CUDA spells them, and what a wrapper
        forwards to another profile's.
        """
        for entry in self.settings.forwards:
            for (profile, key), row in list(self.rows.items()):
                if (
                    profile == entry["to"]
                    and row["library"] in entry["libraries"]
                    and row["status"] in ("mapped", "same")
                    and row["pairs"] != "no"
                ):
                    made = row | {
                        "exists": "rule",
                        "pairs": "alike",
                        "sources": entry["source"].split(),
                        "note": entry["note"],
                        "recipe": "",
                    }
                    self.rows.setdefault((entry["profile"], key), made)
        for entry in self.settings.seen:
            for name in entry["names"]:
                wanted = "header" if HEADER.fullmatch(name) else "function"
                library, kind = self.place(name, wanted, "")
                place = (entry["profile"], key_of(name, kind))
                old = self.rows.get(place)
                if old is None or old["exists"] == "rule":
                    self.rows[place] = {
                        "name": name, "target": name, "kind": kind, "status": "same",
                        "exists": "usage", "pairs": "usage", "recipe": "",
                        "sources": entry["source"].split(), "note": "", "library": library, "key": place[1],
                    }  # fmt: skip

    def unsupported(self) -> None:
        """Rows for plain names that a source says the target lacks; everything goes to
        constructs.toml for the rules.
        """
        out = [
            "# Written by tools/import_evidence.py: constructs beyond single names, what is "
            "known of them and what ports do."
        ]
        with (self.evidence / "unsupported.tsv").open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            columns = {c: i for i, c in enumerate(next(lines))}
            fact = {
                k: next((i for c, i in columns.items() if re.match(p, c)), None)
                for k, p in CONSTRUCT.items()
            }
            for cells in lines:
                one = {
                    k: cells[i].strip() if i is not None and i < len(cells) else ""
                    for k, i in fact.items()
                }
                out += [
                    "",
                    "[[constructs]]",
                    *(
                        f"{k} = {toml_string(NOISE.sub('', v).strip())}"
                        for k, v in one.items()
                        if v
                    ),
                ]
                names = re.split(r"\s*[/,]\s*", one["construct"])
                if all(SPELLING.fullmatch(n) for n in names) and one["source"]:
                    overlays = list(dict.fromkeys(self.settings.profiles.values()))
                    for profile in (
                        overlays
                        if one["profile"] == "both"
                        else [one["profile"] if one["profile"] in overlays else ""]
                    ):
                        for name in names:
                            self.lacking(
                                profile,
                                name,
                                one["status"],
                                one["ports"],
                                self.sources.ids(one["source"]),
                            )
        (self.target / "constructs.toml").write_text("\n".join(out) + "\n", encoding="utf-8")

    def lacking(self, profile: str, name: str, status: str, ports: str, ids: list[str]) -> None:
        entities = [e for e in self.vocabulary.get(name) if e.kind is not Kind.FIELD]
        if not entities or not re.match(
            r"no[- ]equivalent|none|unsupported|not[- ](?:available|found)", status
        ):
            return
        kind = entities[0].kind.value
        key = (profile, key_of(name, kind))
        if key in self.rows and self.rows[key]["status"] not in ("none", "manual"):
            self.count["unsupported, but a row says otherwise"] += 1
            return
        self.rows[key] = {
            "name": name, "target": "", "kind": kind, "status": "none", "exists": "usage",
            "pairs": "no", "sources": ids, "recipe": "",
            "note": ports or status, "library": entities[0].library, "key": key[1],
        }  # fmt: skip

    def apply_settings(self) -> None:
        """Lay the hand-made rows and patches of import.toml over the rest."""
        for patch in self.settings.patches:
            name, library = (
                re.compile(patch.get("name", ".*")),
                re.compile(patch.get("library", ".*")),
            )
            for (profile, _), row in self.rows.items():
                fits = (
                    name.fullmatch(row["name"])
                    and library.fullmatch(row["library"])
                    and patch.get("profile", profile) == profile
                )
                if fits and patch.get("exists", row["exists"]) == row["exists"]:
                    row |= patch["set"]
                    if "replace" in patch:
                        pattern, new = patch["replace"]
                        row["target"] = re.sub(pattern, new, row["target"])
        for hand in self.settings.rows:
            key, row = self.by_hand(hand)
            self.rows[key] = row
        for key, listed in self.candidates.items():
            taken = self.rows[key]["target"]
            for other in sorted({c["target"] for c in listed} - {"", taken}):
                self.drop(listed[0]["name"], other, f"another target was chosen: {taken or 'none'}")
        for profile in self.profiles:
            mark_shared(
                [row for key, row in self.rows.items() if key[0] == profile], self.vocabulary
            )

    def by_hand(self, hand: dict[str, str]) -> tuple[tuple[str, str], Line]:
        """Return a row of import.toml, with what it leaves open taken from the evidence for the
        target it chooses.
        """
        profile, name = hand.get("profile", ""), hand["name"]
        library, kind = self.place(name, hand.get("kind", "function"), "")
        key = (profile, key_of(name, hand.get("kind", kind)))
        listed, base = self.candidates.get(key, []), self.rows.get(key)
        chosen = [
            c for c in listed if c["target"] == hand.get("target", base["target"] if base else "")
        ]
        if chosen:
            base = self.choose(chosen, profile)
        if base is None and not {"target", "status", "exists", "pairs", "sources"} <= hand.keys():
            sys.exit(
                f"{self.target / 'import.toml'}: no evidence for {name}: give target, status, exists, pairs and sources"
            )
        row = (
            base or {"name": name, "library": library, "kind": kind, "recipe": "", "note": ""}
        ) | hand
        row["sources"] = hand["sources"].split() if "sources" in hand else row["sources"]
        row["key"] = key_of(name, row["kind"])
        return (profile, row["key"]), row

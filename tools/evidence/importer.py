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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.placing import BUILD_KINDS, HEADER, PYTHON_KINDS, SPELLING, Places
from evidence.reading import cells_of, inferred_lines, mapping_lines, rounds, seen_lines
from evidence.settings import NOISE, Settings, Sources, toml_string
from evidence.shared import mark_shared
from portkit.model.words import Exists, Kind, Pairs
from portkit.targets.naming import NamingRule
from portkit.targets.parts import OTHER_LANGUAGES
from portkit.targets.rows import key_of
from portkit.targets.target_file import read_target_file
from portkit.vocab.vocabulary import Vocabulary

Line = dict[str, Any]
OBSERVED = re.compile(r"observed in (\d+) repo")
DIFFERS = re.compile(
    r"argument order|other arguments|different (?:value|count|meaning|signature|api shape|order|argument)"
    r"|signature (?:differs|change)|values? differs?|not usable|not an equivalent|lookup is by",
    re.I,
)
AGREES = re.compile(
    r"(?:CUDA|NCCL|same) argument order(?: kept| as CUDA)?|argument order as cu\w+(?: v2)?", re.I
)
PERSON = re.compile(r"DECLARATION ONLY|do not rewrite|STUB returns")
SIGNATURE = re.compile(
    r"pairing by (?:operation and signature|name\+signature)|by meaning and equal value"
)
LINKED = re.compile(r"(?:lib\w+ / )?-l(\w+)", re.A)
LACKING = re.compile(
    r"NO EQUIVALENT|no equivalent seen|^not declared in|^no \w+ member has|mapped to nothing"
)
GUESSED = re.compile(
    r"(?<!was )(?<!not )inferred|by reversing the naming rule|pairing by|paired with", re.I
)
# Columns of unsupported.tsv: the headings differ from target to target.
CONSTRUCT = {
    "construct": "cuda_construct|construct",
    "status": "status",
    "profile": "arch|gen",
    "source": "evidence",
    "ports": "what",
}
GROUP = 5  # names with one note: from here on an entry of target.toml may say it of all
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
        self.places = Places(vocabulary, self.settings)
        self.count: Counter[str] = Counter()
        self.dropped: list[tuple[str, str, str]] = []  # (name, target, why)
        # profile ("": all) -> name that whole ports keep -> ports
        self.kept: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.renamed: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def derive(self, name: str, profile: str = "") -> str:
        return self.rules[profile].derive(name) or name

    def nearly(self, name: str, target: str, profile: str) -> bool:
        """Return whether two names are alike but for case, underscores and the endings that C
        libraries put on types and versions.
        """
        derived, there = (
            re.sub(r"(?:_t|_v2)$|_", "", n).lower() for n in (self.derive(name, profile), target)
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
        elif word == "linked":
            exists, pairs = "linked", "alike" if alike else "no"
        elif word == "doc":
            exists, pairs = "doc", "alike" if alike else "table"
        else:
            exists, pairs = "rule", "alike"
        if GUESSED.search(note) and word != "vendor-table":
            named = SIGNATURE.search(note) or (
                "prefix rule" in note and self.nearly(name, target, profile)
            )
            pairs = "alike" if alike or named else "no"
        if self.settings.weak.search(note):
            exists, pairs = "rule", "alike" if alike else "no"
        agreed = AGREES.sub("", note)
        return exists, "no" if DIFFERS.search(agreed) or self.settings.differs.search(
            agreed
        ) else pairs

    def read(self) -> None:
        groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
        pending = mapping_lines(self.evidence)
        self.places.hear((cells[0], cells[3]) for cells in pending)
        for cells in pending:
            name, target, kind, source, word, note = cells
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
            if not why:
                name, why = self.places.member(name, target, kind, source)
            if why:
                self.drop(name, target, why)
                continue
            for profile in {
                p: 1 for pattern, p in self.settings.profiles.items() if re.search(pattern, note)
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

    def key(self, library: str, name: str, kind: str) -> str:
        """Return the key of a row: in the tables of other languages every kind is apart."""
        return f"{kind}:{name}" if library in OTHER_LANGUAGES else key_of(name, kind)

    def offer(self, profile: str, row: Line) -> None:
        """Take a row that says all of itself, unless a better evidenced one is there."""
        key = (profile, row["key"])
        rows = [r for r in (self.rows.get(key), row) if r is not None]
        self.candidates.setdefault(key, []).append(dict(row))
        if len(rows) == 2:
            self.candidates[key].append(dict(rows[0]))
        self.rows[key] = self.choose(rows, profile)

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
        library, kind = self.places.place(name, kind, source)
        scope = self.places.scope(name) if library != "frameworks" else ""
        if "::" in name and target == name.rpartition("::")[2]:  # placed by what its source says
            scope, name = name.rpartition("::")[0], target
        if scope and target:
            name = f"{scope}::{name}"
            if "::" not in target:
                target = f"{self.derive(scope, profile)}::{target}"
        name = self.places.placed(name)
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
            "sources": self.sources.ids(source), "library": library, "key": self.key(library, name, kind),
            "seen": int(seen[1]) if seen else 0,
        }  # fmt: skip
        self.lift(row)
        return row

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
                        wrapper = self.settings.wrapped.get(path.stem, "")
                        stems = self.kept[wrapper][row["cuda_name"]]
                        if not path.stem.startswith("defines") and path.stem not in stems:
                            stems.append(path.stem)
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
        ports += self.kept[""].get(last, []) if row["status"] == "same" else []
        if ports and row["status"] in ("mapped", "same") and row["pairs"] != "no":
            row["sources"] = [*row["sources"][:2], self.sources.port(ports[0])]
            row["exists"] = row["exists"] if row["exists"] == "header" else "usage"
            row["pairs"] = "usage"

    def add_kept(self) -> None:
        """Add `same` rows for built-ins and vector types that whole ports keep."""
        listed = [(p, n, s) for p, kept in self.kept.items() for n, s in sorted(kept.items())]
        for profile, name, stems in sorted(listed):
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
            if ("", key) in self.rows:
                continue
            self.rows.setdefault((profile, key), {
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
                    and row["status"] in (("same",) if entry.get("same") else ("mapped", "same"))
                    and row["pairs"] != "no"
                    and row["exists"] != "rule"
                ):
                    made = row | {
                        "exists": "rule",
                        "pairs": "alike",
                        "sources": entry["source"].split(),
                        "note": entry["note"],
                        "recipe": "",
                    }
                    if ("", key) not in self.rows:
                        self.rows.setdefault((entry["profile"], key), made)
        for entry in [*self.settings.seen, *self.seen_there()]:
            for name in entry["names"]:
                wanted = "header" if HEADER.fullmatch(name) else "function"
                library, kind = self.places.place(name, wanted, "")
                place = (entry["profile"], key_of(name, kind))
                old = self.rows.get(place)
                if old is None or old["exists"] == "rule":
                    self.rows[place] = {
                        "name": name, "target": name, "kind": kind, "status": "same",
                        "exists": "usage", "pairs": "usage", "recipe": "",
                        "sources": entry["source"].split(), "note": "", "library": library, "key": place[1],
                    }  # fmt: skip

    def seen_there(self) -> Iterator[dict[str, Any]]:
        """Yield what `<profile>-seen.tsv` says, as `seen` of the settings does."""
        for profile, spelled, where in seen_lines(self.evidence):
            name, why = self.places.member(spelled, spelled, "function", where)
            header = HEADER.fullmatch(name)
            if not why and not SPELLING.fullmatch(name) and not header:
                why = "not one name: a pattern, a phrase or an expression"
            known = bool(self.vocabulary.get(name.rpartition("::")[2]))
            if header:
                known = self.places.place(name, "header", where)[0] != "frameworks"
            if why or not known:
                self.drop(spelled, spelled, why or "no CUDA name of the vocabulary")
            else:
                files = self.settings.seen_files.items()
                ids = [short for pattern, short in files if re.search(pattern, where)]
                all_of_it = self.settings.seen_sources.get(profile)
                ids += all_of_it.split() if all_of_it else self.sources.ids(where)
                yield {"profile": profile, "names": [name], "source": " ".join(ids)}

    def add_inferred(self) -> None:
        """Add the names that were not seen, but whose work was: they stay as they are by the rule
        alone.
        """
        for profile, name, why in inferred_lines(self.evidence):
            if name in self.settings.drop:
                self.drop(name, name, self.settings.drop[name])
                continue
            library, kind = self.places.place(name, "function", "")
            target = self.derive(name, profile)
            key = (profile, key_of(name, kind))
            if key in self.rows:
                self.drop(name, target, "inferred; a row has it with better evidence")
                continue
            self.rows[key] = {
                "name": name, "target": target, "kind": kind,
                "status": "same" if target == name else "mapped", "exists": "rule",
                "pairs": "alike", "recipe": "",
                "sources": self.settings.inferred_source.split() or self.sources.ids(why),
                "note": f"the name was not seen: {why}", "library": library, "key": key[1],
            }  # fmt: skip

    def unsupported(self) -> None:
        """Rows for plain names that a source says the target lacks; everything goes to
        constructs.toml for the rules.
        """
        out = [
            "# Written by tools/import_evidence.py: constructs beyond single names, what is "
            "known of them and what ports do."
        ]
        for path in rounds(self.evidence, "unsupported"):
            heads, lines = cells_of(path)
            columns = {c: i for i, c in enumerate(heads)}
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
            name, library, note = (
                re.compile(patch.get(key, ".*" if key != "note" else ""))
                for key in ("name", "library", "note")
            )
            for (profile, _), row in self.rows.items():
                fits = (
                    name.fullmatch(row["name"])
                    and library.fullmatch(row["library"])
                    and patch.get("profile", profile) == profile
                )
                fits = fits and note.search(row["note"]) is not None
                fits = fits and patch.get("status", row["status"]) == row["status"]
                if fits and patch.get("exists", row["exists"]) == row["exists"]:
                    row |= patch["set"]
                    if "replace" in patch:
                        pattern, new = patch["replace"]
                        row["target"] = re.sub(pattern, new, row["target"])
        self.say_by_group()
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

    def say_by_group(self) -> None:
        """Leave out the rows that say what an entry of target.toml says of a whole group."""
        groups = [
            m for m in read_target_file(self.target / "target.toml").missing if not m.profiles
        ]
        shared = Counter(r["note"] for r in self.rows.values() if r["status"] == "none")
        for key, row in list(self.rows.items()):
            said = any(m.holds(row["name"], row["library"]) for m in groups)
            if row["status"] == "none" and shared[row["note"]] >= GROUP and said and not key[0]:
                del self.rows[key]
                self.candidates.pop(key, None)
                self.drop(row["name"], "(none)", "target.toml says it of the whole group")

    def by_hand(self, hand: dict[str, str]) -> tuple[tuple[str, str], Line]:
        """Return a row of import.toml, with what it leaves open taken from the evidence for the
        target it chooses.
        """
        profile, name = hand.get("profile", ""), hand["name"]
        library, kind = self.places.place(name, hand.get("kind", "function"), "")
        key = (profile, self.key(library, name, hand.get("kind", kind)))
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
        row["key"] = self.key(row["library"], name, row["kind"])
        return (profile, row["key"]), row

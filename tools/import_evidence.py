# SPDX-License-Identifier: Apache-2.0
"""Turn collected evidence into a target's tables.

usage: python tools/import_evidence.py EVIDENCE_DIR PAIRS_DIR TARGET_DIR [VOCABULARY_DIR]

EVIDENCE_DIR holds mapping.tsv and unsupported.tsv (tab separated, no quoting); PAIRS_DIR the aligned ports of that
target, or `-`; TARGET_DIR is mappings/<target>, whose target.toml must exist. What a machine cannot decide stands in
TARGET_DIR/import.toml (see `Settings`): commits, short source ids, chosen rows, patches. Rewritten there: <library>.csv,
<library>.names, sources.toml, constructs.toml. Kept: target.toml, import.toml, recipes.toml, <library>@<profile>.csv
that no row of the evidence is marked for.

Evidence words become the two axes as docs/contract.md says. Of several targets for one name the best evidenced is
taken (existence, pairing, repositories it was seen in, agreement with the naming rule) unless import.toml chooses;
the note names the others. A row that the evidence marks as corrupt is left out, so that the naming rule answers.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from portkit.model import Exists, Kind, Pairs
from portkit.target.naming import NamingRule
from portkit.target.rows import COLUMNS, key_of
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary

Line = dict[str, Any]
SPELLING = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)
HEADER = re.compile(r"(?:[\w.\-]+/)*[\w.\-]+\.(?:h|hpp|cuh|inl)|cuda/(?:std/)?\w+", re.A)
PART = re.compile(r"(?:use: )?(?P<repo>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<commit>\w+))?[:/](?P<path>[\w./@+-]+)(?P<rest>.*)", re.A)
OBSERVED = re.compile(r"observed in (\d+) repo")
NOISE = re.compile(
    r"source alias \([^)]*\)|observed in \d+ repo\(s\), e\.g\. \S+|observed=0 \([^)]*\)|CONFLICT[^;]*|GitHub-stored copy, |index id \d+|unchanged(?=;|$)"
    r"|Python-source rule[^;]*|substring rule[^;]*(?:; torchada applies[^;]*)?|PyTorch extension rule|regex rule in source"
)
DIFFERS = re.compile(r"argument order|other arguments|different (?:value|count|meaning|signature)|signature (?:differs|change)|value differs|not usable", re.I)
PERSON = re.compile(r"DECLARATION ONLY|report, do not rewrite")
GUESSED = re.compile(r"inferred|by reversing the naming rule|pairing by")
BUILD_KINDS = {"buildflag", "flag", "cmake", "suffix", "tool", "syntax", "hint"}
PYTHON_KINDS = {"python"}
KINDS = {"enum": "enumerator", "enum-value": "enumerator", "library": "link_library", "env": "environment", "define": "macro", "qualifier": "builtin"}
INCLUDE = re.compile(r'(?:#include )?[<"]([\w./\-]+)[>"]', re.A)
PLAIN = re.compile(r"[A-Za-z_][\w.:/\-]*", re.A)
BULK = 100  # names that share library, evidence and rule from here on go to one compact file
KEPT = frozenset({Kind.BUILTIN, Kind.DEVICE_FUNCTION, Kind.NAMESPACE})


class Settings:
    """TARGET_DIR/import.toml, all parts optional.

    commits: repository -> commit read. ids: short id -> source as the evidence spells it, or {what, repo, commit, path}.
    corrupt: regexes of notes of rows to leave out. frameworks: regexes of sources that speak of frameworks, not of CUDA.
    profiles: regex of a note -> profile. rows: whole rows (the columns as keys) that replace the evidence's. patches:
    {library?, name?: regex, exists?: word, set: {column: value}, replace?: [regex, text] in the target} applied to every
    row that fits. drop: names.
    """

    def __init__(self, path: Path) -> None:
        facts = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self.commits: dict[str, str] = facts.get("commits", {})
        self.ids: dict[str, Any] = facts.get("ids", {})
        self.corrupt = re.compile("|".join(facts.get("corrupt", ["TABLE BUG"])))
        self.frameworks = re.compile("|".join(facts.get("frameworks", [])) or r"(?!)")
        self.profiles: dict[str, str] = facts.get("profiles", {})
        self.rows: list[dict[str, str]] = facts.get("rows", [])
        self.patches: list[dict[str, Any]] = facts.get("patches", [])
        self.drop = frozenset(facts.get("drop", []))


class Sources:
    """Short ids for where a fact was seen."""

    def __init__(self, settings: Settings) -> None:
        self.commits, self.entries, self._by_text = settings.commits, dict[str, dict[str, str]](), dict[str, str]()
        for short, source in settings.ids.items():
            self.entries[short] = self._entry(source) if isinstance(source, str) else source
            if isinstance(source, str):
                self._by_text[source] = short

    def _entry(self, text: str) -> dict[str, str]:
        match = PART.fullmatch(text)
        if match is None or "." not in match["repo"] + match["path"]:
            return {"what": NOISE.sub("", text).strip(" ,()")}
        path, _, commit = match["path"].partition("@")
        entry = {"repo": match["repo"], "commit": match["commit"] or commit or self.commits.get(match["repo"], ""), "path": path}
        rest = NOISE.sub("", match["rest"]).strip(" ,()")
        return {k: v for k, v in (entry | {"what": rest if not re.fullmatch(r"(?:L\d+\W*)*", rest) else ""}).items() if v}

    def port(self, stem: str) -> str:
        self.entries.setdefault(f"port-{stem}", {"what": f"whole files before and after a public port, aligned name by name: {stem}"})
        return f"port-{stem}"

    def ids(self, text: str) -> list[str]:
        found = []
        for part in (p.strip() for p in re.split(r";| vs ", text) if p.strip()):
            part = re.sub(r" \((?:PyPI|file since|\d+|[^)]*rows)[^)]*\)| L\d+.*| #L\d+.*", "", part)
            if part not in self._by_text:
                entry = self._entry(part)
                self._by_text[part] = next((i for i, e in self.entries.items() if e == entry), "") or self._new(entry)
            found.append(self._by_text[part])
        return list(dict.fromkeys(found))

    def _new(self, entry: dict[str, str]) -> str:
        words = entry.get("what", "")
        if "repo" in entry:
            words = f"{'doc' if entry['repo'].startswith('docs.') else entry['repo'].split('/')[-1]} {Path(entry['path']).stem}"
        base = "-".join(re.findall(r"[A-Za-z0-9_]+", words)[:5])[:40] or "source"
        short, n = base, 2
        while short in self.entries:
            short, n = f"{base}-{n}", n + 1
        self.entries[short] = entry
        return short


class Importer:
    """Rows by (profile, key)."""

    def __init__(self, evidence: Path, pairs: Path | None, target: Path, vocabulary: Vocabulary) -> None:
        self.evidence, self.pairs, self.target, self.vocabulary = evidence, pairs, target, vocabulary
        self.settings = Settings(target / "import.toml")
        self.sources = Sources(self.settings)
        self.rule = NamingRule.load(target / "target.toml")
        self.rows: dict[tuple[str, str], Line] = {}
        self.candidates: dict[tuple[str, str], list[Line]] = {}
        entities = [e for n in vocabulary.names for e in vocabulary.get(n) if e.kind is not Kind.FIELD]
        self.namespaces = {e.qualifier: e.library for e in entities if e.qualifier}
        self.count: Counter[str] = Counter()
        self.kept: dict[str, list[str]] = defaultdict(list)
        self.renamed: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def derive(self, name: str) -> str:
        return self.rule.derive(name) or name

    def axes(self, name: str, target: str, word: str, source: str, note: str) -> tuple[str, str]:
        seen = OBSERVED.search(note)
        alike = self.derive(name) == target or name == target
        if word in ("vendor-header", "header"):
            exists, pairs = "header", "usage" if "use:" in source else "table" if "named in the vendor header" in note else "alike"
        elif word in ("observed-port", "port"):
            exists, pairs = "usage", "usage"
        elif word == "vendor-table":
            exists, pairs = ("usage" if seen and int(seen[1]) else "table"), "table"
        elif word == "doc":
            exists, pairs = "doc", "alike" if alike else "table"
        else:
            exists, pairs = "rule", "alike"
        if GUESSED.search(note) and word != "vendor-table":
            pairs = "alike" if alike else "no"
        return exists, "no" if DIFFERS.search(note) else pairs

    def read(self) -> None:
        groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
        with (self.evidence / "mapping.tsv").open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            next(lines)
            for cells in lines:
                name, target, kind, source, word, note = (c.strip() for c in [*cells, "", "", ""][:6])
                name, target = INCLUDE.sub(r"\1", name), INCLUDE.sub(r"\1", target)
                if re.fullmatch(r"-l\w+", name) and re.fullmatch(r"-l\w+", target):
                    name, target, kind = name[2:], target[2:], "library"
                if not (PLAIN.fullmatch(name) or kind in BUILD_KINDS | PYTHON_KINDS) or "prefix rule (substring)" in note:
                    self.count["no name, or a substring rule"] += 1
                    continue
                if self.settings.corrupt.search(note) or name in self.settings.drop:
                    self.count["corrupt row" if name not in self.settings.drop else "dropped by name"] += 1
                    continue
                row = self.line(name, "" if target == "(none)" else target, kind, source, word, note)
                profile = next((p for pattern, p in self.settings.profiles.items() if re.search(pattern, note)), "")
                groups[profile, row["key"]].append(row)
        for key, rows in groups.items():
            self.candidates[key] = [dict(r) for r in rows]
            self.rows[key] = self.choose(rows)

    def line(self, name: str, target: str, kind: str, source: str, word: str, note: str) -> Line:
        """Return the row of one line of evidence."""
        library, kind = self.place(name, kind, source)
        scope = self.scope(name) if library != "frameworks" else ""
        if scope and target:
            name, target = f"{scope}::{name}", f"{self.derive(scope)}::{target}"
        if target and not PLAIN.fullmatch(target) and library not in ("build", "python", "frameworks"):
            target, note = "", f"{note}; written as {target}"
        exists, pairs = self.axes(name, target, word, source, note)
        status = "same" if name == target else "mapped" if target else "none" if re.search("NO EQUIVALENT", note) else "manual"
        if PERSON.search(note):
            status = "manual"
        if not target:
            pairs = "no"
        seen = OBSERVED.search(note)
        text = re.sub(r"\s*;[\s;]*", "; ", NOISE.sub("", note)).strip(" ;")
        row = {
            "name": name, "target": target, "kind": kind, "status": status, "exists": exists, "pairs": pairs, "sources": self.sources.ids(source),
            "recipe": "", "note": text, "library": library, "key": key_of(name, kind), "seen": int(seen[1]) if seen else 0,
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
            if entity or (HEADER.fullmatch(name) and library and not self.settings.frameworks.search(source)):
                return library or "", "header"
            return "frameworks", kind
        if kind == "namespace" and name in self.namespaces:
            return self.namespaces[name], kind
        entities = [e for e in self.vocabulary.get(name.rpartition("::")[2]) if not e.qualifier or e.kind is Kind.FIELD or "::" in name]
        entities = entities or [e for e in self.vocabulary.get(name) if self.scope(name)]
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
        """Return the namespace of a name that the vocabulary only has in one namespace, else an empty string."""
        scopes = {e.qualifier if e.kind is not Kind.FIELD else "" for e in self.vocabulary.get(name)}
        return scopes.pop() if len(scopes) == 1 else ""

    def choose(self, rows: list[Line]) -> Line:
        """Return the best evidenced of the rows for one name; the others are named in its note."""

        def weight(row: Line) -> tuple[bool, int, int, int, bool]:
            exists, pairs = Exists[row["exists"].upper()], Pairs[row["pairs"].upper()]
            return bool(row["target"]), int(exists), int(pairs), row["seen"], row["target"] == self.derive(row["name"])

        best = max(rows, key=weight)
        alike = [i for r in rows if r["target"] == best["target"] for i in r["sources"]]
        best["sources"] = list(dict.fromkeys(best["sources"] + alike))
        others = sorted({r["target"] for r in rows if r["target"] not in ("", best["target"])})
        if others:
            self.count["several targets"] += 1
            best["note"] = "; ".join(filter(None, [best["note"], f"other sources say {' or '.join(others)}"]))
        return best

    def read_pairs(self) -> None:
        """Read the aligned ports: which names they keep, and which target they write for the others (share >= 0.5)."""
        for path in sorted(self.pairs.glob("*.tsv")) if self.pairs else ():
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    if row["family"] not in ("api", "include") or row["conf"] != "hi":
                        continue
                    if row["status"] == "kept":
                        if not path.stem.startswith("defines") and path.stem not in self.kept[row["cuda_name"]]:
                            self.kept[row["cuda_name"]].append(path.stem)
                    elif float(row["agree"] or 0) >= 0.5:
                        self.renamed[row["cuda_name"]].add((row["ported_name"], path.stem))

    def lift(self, row: Line) -> None:
        """Let aligned ports speak for a row: a rename that agrees, or a name that they keep too, is usage."""
        last = row["name"].rpartition("::")[2] if row["kind"] != "header" else row["name"]
        ports = sorted(p for t, p in self.renamed.get(last, ()) if t == row["target"].rpartition("::")[2])
        ports += self.kept.get(last, []) if row["status"] == "same" else []
        if ports and row["status"] in ("mapped", "same") and row["pairs"] != "no":
            row["sources"] = [*row["sources"][:2], self.sources.port(ports[0])]
            row["exists"] = row["exists"] if row["exists"] == "header" else "usage"
            row["pairs"] = "usage"

    def add_kept(self) -> None:
        """Add `same` rows for built-ins and vector types that whole ports keep."""
        for name, stems in sorted(self.kept.items()):
            entities = [e for e in self.vocabulary.get(name) if e.kind is not Kind.FIELD and not e.qualifier]
            vector = entities and entities[0].library == "device" and entities[0].kind is Kind.TYPE
            if not entities or not (entities[0].kind in KEPT or vector) or name in self.renamed or self.rule.derive(name):
                continue
            key = key_of(name, entities[0].kind.value)
            self.rows.setdefault(("", key), {
                "name": name, "target": name, "kind": entities[0].kind.value, "status": "same", "exists": "usage", "pairs": "usage",
                "sources": [self.sources.port(s) for s in stems[:3]], "recipe": "", "note": "", "library": entities[0].library, "key": key,
            })  # fmt: skip

    def unsupported(self) -> None:
        """Rows for plain names that a source says the target lacks; everything goes to constructs.toml for the rules."""
        out = ["# Written by tools/import_evidence.py: constructs beyond single names, what is known of them and what ports do."]
        with (self.evidence / "unsupported.tsv").open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            columns = {c: i for i, c in enumerate(next(lines))}
            fact = {k: next((i for c, i in columns.items() if re.match(p, c)), None) for k, p in
                    (("construct", "cuda_construct|construct"), ("status", "status"), ("arch", "arch|gen"), ("source", "evidence"), ("ports", "what"))}  # fmt: skip
            for cells in lines:
                one = {k: cells[i].strip() if i is not None and i < len(cells) else "" for k, i in fact.items()}
                ids = self.sources.ids(one["source"]) if one["source"] else []
                pairs = {"construct": one["construct"], "status": one["status"], "profile": one["arch"], "ports": one["ports"], "sources": " ".join(ids)}
                out += ["", "[[constructs]]", *(f"{k} = {toml_string(NOISE.sub('', v).strip())}" for k, v in pairs.items() if v)]
                for name in re.split(r"\s*[/,]\s*", one["construct"]):
                    self.lacking(name, one["status"], one["ports"], ids)
        (self.target / "constructs.toml").write_text("\n".join(out) + "\n", encoding="utf-8")

    def lacking(self, name: str, status: str, ports: str, ids: list[str]) -> None:
        entities = self.vocabulary.get(name) if SPELLING.fullmatch(name) else ()
        if not entities or not ids or not re.match(r"no[- ]equivalent|none|unsupported|not[- ](?:available|found)", status):
            return
        kind = entities[0].kind.value
        if ("", key_of(name, kind)) in self.rows and self.rows["", key_of(name, kind)]["status"] not in ("none", "manual"):
            self.count["unsupported, but a row says otherwise"] += 1
            return
        self.rows["", key_of(name, kind)] = {
            "name": name, "target": "", "kind": kind, "status": "none", "exists": "usage", "pairs": "no", "sources": ids, "recipe": "",
            "note": ports or status, "library": entities[0].library, "key": key_of(name, kind),
        }  # fmt: skip

    def apply_settings(self) -> None:
        """Lay the hand-made rows and patches of import.toml over the rest."""
        for patch in self.settings.patches:
            name, library = re.compile(patch.get("name", ".*")), re.compile(patch.get("library", ".*"))
            for row in self.rows.values():
                if name.fullmatch(row["name"]) and library.fullmatch(row["library"]) and patch.get("exists", row["exists"]) == row["exists"]:
                    row |= patch["set"]
                    row["target"] = re.sub(*patch["replace"], row["target"]) if "replace" in patch else row["target"]
        for hand in self.settings.rows:
            key, row = self.by_hand(hand)
            self.rows[key] = row

    def by_hand(self, hand: dict[str, str]) -> tuple[tuple[str, str], Line]:
        """Return a row of import.toml, with what it leaves open taken from the evidence for the target it chooses."""
        profile, name = hand.get("profile", ""), hand["name"]
        library, kind = self.place(name, hand.get("kind", "function"), "")
        key = (profile, key_of(name, hand.get("kind", kind)))
        listed, base = self.candidates.get(key, []), self.rows.get(key)
        chosen = [c for c in listed if c["target"] == hand.get("target", base["target"] if base else "")]
        if chosen:
            base = self.choose(chosen)
        if base is None and not {"target", "status", "exists", "pairs", "sources"} <= hand.keys():
            sys.exit(f"{self.target / 'import.toml'}: no evidence for {name}: give target, status, exists, pairs and sources")
        row = (base or {"name": name, "library": library, "kind": kind, "recipe": "", "note": ""}) | hand
        row["sources"] = hand["sources"].split() if "sources" in hand else row["sources"]
        row["key"] = key_of(name, row["kind"])
        return (profile, row["key"]), row

    def finish(self, row: Line) -> None:
        derived = self.derive(row["name"].rpartition("::")[2])
        if row["status"] == "mapped" and not row["note"] and row["target"].rpartition("::")[2] != derived and derived != row["name"]:
            row["note"] = f"irregular: the naming rule would say {derived}"
        if row["status"] in ("none", "manual") and not row["note"]:
            row["note"] = "named in the evidence without an equivalent"
        row["sources"] = row["sources"][:3]

    def write(self) -> None:
        for old in [*self.target.glob("*.csv"), *self.target.glob("*.names")]:
            profile = old.stem.partition("@")[2]
            if not profile or profile in self.settings.profiles.values():
                old.unlink()
        files: dict[str, list[Line]] = defaultdict(list)
        for (profile, _), row in self.rows.items():
            self.finish(row)
            files[row["library"] + (f"@{profile}" if profile else "")].append(row)
        used = {i for r in self.rows.values() for i in r["sources"]}
        for library, rows in sorted(files.items()):
            bulk = self.bulk(rows) if "@" not in library and library not in ("build", "python", "frameworks") else []
            if bulk:
                head = f"#exists={bulk[0]['exists']} pairs={bulk[0]['pairs']} sources={','.join(bulk[0]['sources'])}"
                names = sorted(r["name"] for r in bulk)
                (self.target / f"{library}.names").write_text("\n".join([head, *names]) + "\n", encoding="utf-8")
            compact = {id(r) for r in bulk}
            rest = sorted((r for r in rows if id(r) not in compact), key=lambda r: (r["name"], r["kind"]))
            if rest:
                with (self.target / f"{library}.csv").open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(r | {"sources": " ".join(r["sources"]), "note": " ".join(r["note"].split())} for r in rest)
            self.count[f"rows {library}"] = len(rows)
        mentioned = used | set(re.findall(r"[\w-]+", (self.target / "target.toml").read_text(encoding="utf-8")))
        for other in [self.target / "recipes.toml", self.target / "constructs.toml", *self.target.glob("*@*.csv")]:
            mentioned |= set(re.findall(r"[\w-]+", other.read_text(encoding="utf-8"))) if other.is_file() else set()
        lines = ["# Written by tools/import_evidence.py: what the short source ids of the tables stand for."]
        for short, entry in sorted(self.sources.entries.items()):
            if short in mentioned:
                lines.append(f"{short} = {{ {', '.join(f'{k} = {toml_string(v)}' for k, v in entry.items())} }}")
        (self.target / "sources.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def bulk(self, rows: list[Line]) -> list[Line]:
        """Return the largest group of regular rows of one library that share their evidence, if it is large."""
        groups: dict[tuple[str, ...], list[Line]] = defaultdict(list)
        for row in rows:
            regular = row["status"] == "mapped" and not row["note"] and not row["recipe"] and row["key"] == row["name"] and "::" not in row["name"]
            if regular and row["target"] == self.rule.derive(row["name"]):
                groups[row["exists"], row["pairs"], *row["sources"]].append(row)
        best = max(groups.values(), key=len, default=[])
        return best if len(best) >= BULK else []


def toml_string(text: str) -> str:
    """Return `text` as a TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", " ") + '"'


def main() -> None:
    """Read the arguments, write the tables, print what was counted."""
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    evidence, pairs, target = (Path(a) for a in sys.argv[1:4])
    vocabulary = Vocabulary(Path(sys.argv[4]) if len(sys.argv) == 5 else mappings_folder() / "cuda")
    importer = Importer(evidence, pairs if str(pairs) != "-" else None, target, vocabulary)
    importer.read_pairs()
    importer.read()
    importer.add_kept()
    importer.unsupported()
    importer.apply_settings()
    importer.write()
    print("\n".join(f"{n:6} {what}" for what, n in sorted(importer.count.items())))


if __name__ == "__main__":
    main()

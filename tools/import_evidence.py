# SPDX-License-Identifier: Apache-2.0
"""Turn collected evidence into a target's tables.

usage: python tools/import_evidence.py EVIDENCE_DIR PAIRS_DIR TARGET_DIR VOCABULARY_DIR

EVIDENCE_DIR holds mapping.tsv and unsupported.tsv; PAIRS_DIR the aligned ports of that target (names that ports keep
become `same` rows); TARGET_DIR is mappings/<target>, whose target.toml must exist; the library files and sources.toml
there are rewritten. Evidence words become the two axes as docs/contract.md says. A corrupt row (a target name that the
notes mark as a table bug) is left out, so that the naming rule answers; of several targets for one name the one seen in
most repositories is taken, and the note names the others.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from portkit.model import Kind
from portkit.target.naming import NamingRule
from portkit.vocab.vocabulary import Vocabulary

IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)
HEADER = re.compile(r"(?:[\w.\-]+/)*[\w.\-]+\.(?:h|hpp|cuh|inl)|cuda/(?:std/)?\w+")
COLUMNS = ("name", "target", "kind", "status", "exists", "pairs", "sources", "recipe", "note")
OBSERVED = re.compile(r"observed in (\d+) repo")
DIFFERS = re.compile(r"argument order|other arguments|different (?:value|count|meaning|signature)|signature differs|not usable", re.I)
KEPT_KINDS = frozenset({Kind.BUILTIN, Kind.DEVICE_FUNCTION, Kind.NAMESPACE})
KINDS = {"enum": "enumerator", "library": "link_library", "env": "environment"}


def axes(confidence: str, note: str) -> tuple[str, str]:
    seen = OBSERVED.search(note)
    if confidence == "vendor-header":
        exists, pairs = "header", "alike"
    elif confidence in ("observed-port", "port"):
        exists, pairs = "usage", "usage"
    elif confidence == "vendor-table":
        exists, pairs = ("usage" if seen and int(seen.group(1)) > 0 else "table"), "table"
    elif confidence == "doc":
        exists, pairs = "doc", "alike"
    else:
        exists, pairs = "rule", "alike"
    return exists, ("no" if DIFFERS.search(note) else pairs)


class Importer:
    def __init__(self, evidence: Path, pairs: Path, target: Path, vocabulary: Vocabulary) -> None:
        self.evidence, self.pairs, self.target, self.vocabulary = evidence, pairs, target, vocabulary
        self.rule = NamingRule.load(target / "target.toml")
        self.sources: dict[str, str] = {}
        self.dropped: Counter[str] = Counter()

    def source_ids(self, text: str) -> str:
        ids = []
        for part in [p.strip() for p in text.split(";") if p.strip()][:2]:
            head = part.split(" ")[0].rstrip(",")
            stem = re.sub(r"[^a-z0-9]+", "-", head.replace("torch_musa/utils/mapping/", "").lower()).strip("-")[-48:].strip("-")
            if self.sources.setdefault(stem, part) != part and len(part) < len(self.sources[stem]):
                self.sources[stem] = part
            ids.append(stem)
        return " ".join(dict.fromkeys(ids))

    def read(self) -> dict[str, dict[str, str]]:
        groups: dict[str, list[dict[str, str]]] = defaultdict(list)
        with (self.evidence / "mapping.tsv").open(newline="", encoding="utf-8") as file:
            for raw in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                raw += [""] * (6 - len(raw))
                name, target, kind, source, confidence, note = raw[:6]
                if name == "cuda" and target == "target":
                    continue
                header = HEADER.fullmatch(name) is not None and kind == "header"
                if not header and not IDENTIFIER.fullmatch(name) or kind in ("buildflag", "tool"):
                    self.dropped["not a C++ name"] += 1
                    continue
                if "TABLE BUG" in note:
                    self.dropped["corrupt row"] += 1
                    continue
                if target and not header and not IDENTIFIER.fullmatch(target):
                    self.dropped["target is no name"] += 1
                    continue
                exists, pairs = axes(confidence, note)
                entities = [e for e in self.vocabulary.get(name.rpartition("::")[2]) if e.kind is not Kind.FIELD]
                known = "header" if header else (entities[0].kind.value if entities else KINDS.get(kind, kind))
                library = entities[0].library if entities else self.vocabulary.shape_of(name) or ("other" if not header else "headers")
                if header:
                    found = self.vocabulary.header(name)
                    library = found.library if found else self.vocabulary.header_library(name) or "headers"
                groups[name].append({
                    "name": name, "target": target, "kind": known, "status": "same" if name == target else ("mapped" if target else "manual"),
                    "exists": exists, "pairs": pairs, "sources": self.source_ids(source), "recipe": "", "note": note, "library": library,
                })  # fmt: skip
        return {name: self.choose(name, rows) for name, rows in groups.items()}

    def choose(self, name: str, rows: list[dict[str, str]]) -> dict[str, str]:
        def weight(row: dict[str, str]) -> tuple[int, bool, bool]:
            seen = OBSERVED.search(row["note"])
            return (int(seen.group(1)) if seen else 0, row["target"] == self.rule.derive(name), bool(row["target"]))

        best = max(rows, key=weight)
        others = sorted({r["target"] for r in rows if r["target"] not in ("", best["target"])})
        note = re.sub(r"source alias \([^)]*\);? ?|observed in \d+ repo\(s\), e\.g\. \S+;? ?|observed=0 \([^)]*\);? ?|CONFLICT: [^;]*;? ?", "", best["note"]).strip(" ;")
        best["note"] = "; ".join(filter(None, [note, f"other sources: {' '.join(others)}" if others else ""]))
        return best

    def kept(self, rows: dict[str, dict[str, str]]) -> None:
        """Add `same` rows for built-ins that whole-tree ports keep."""
        seen: dict[str, set[str]] = defaultdict(set)
        renamed: set[str] = set()
        for path in sorted(self.pairs.glob("*.tsv")):
            if path.stem.startswith("defines"):
                continue
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    if row["family"] == "api" and row["conf"] == "hi":
                        if row["status"] == "kept":
                            seen[row["cuda_name"]].add(path.stem)
                        elif float(row["agree"] or 0) >= 0.5:
                            renamed.add(row["cuda_name"])
        for name, ports in seen.items():
            entities = [e for e in self.vocabulary.get(name) if e.kind is not Kind.FIELD]
            vector = entities and entities[0].library == "device" and entities[0].kind is Kind.TYPE
            if name in rows or name in renamed or not entities or not (entities[0].kind in KEPT_KINDS or vector):
                continue
            for port in ports:
                self.sources.setdefault(f"port-{port}", f"vendor's or public port, aligned name by name: {port}")
            rows[name] = {
                "name": name, "target": name, "kind": entities[0].kind.value, "status": "same", "exists": "usage", "pairs": "usage",
                "sources": " ".join(sorted(f"port-{p}" for p in ports)[:2]), "recipe": "", "note": "", "library": entities[0].library,
            }  # fmt: skip

    def unsupported(self, rows: dict[str, dict[str, str]]) -> None:
        """Rows for names that a source says the target lacks; constructs that are no plain name are the rules' matter."""
        with (self.evidence / "unsupported.tsv").open(newline="", encoding="utf-8") as file:
            for raw in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if len(raw) < 4 or not re.match(r"no equivalent|unsupported|not available", raw[1]):
                    continue
                for name in re.split(r"\s*/\s*", raw[0]):
                    entities = self.vocabulary.get(name) if IDENTIFIER.fullmatch(name) else ()
                    if not entities or name in rows:
                        continue
                    rows[name] = {
                        "name": name, "target": "", "kind": entities[0].kind.value, "status": "none", "exists": "usage", "pairs": "no",
                        "sources": self.source_ids(raw[3]), "recipe": "", "note": raw[4] if len(raw) > 4 else "", "library": entities[0].library,
                    }  # fmt: skip

    def write(self, rows: dict[str, dict[str, str]]) -> None:
        for old in self.target.glob("*.csv"):
            old.unlink()
        files: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in rows.values():
            files[row["library"]].append(row)
        used = {i for r in rows.values() for i in r["sources"].split()}
        for library, listed in files.items():
            with (self.target / f"{library}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(sorted(listed, key=lambda r: r["name"]))
        lines = ["# Written by tools/import_evidence.py: what the short source ids of the tables stand for.", "[sources]"]
        lines += [f'"{i}" = {toml_string(self.sources[i])}' for i in sorted(used)]
        (self.target / "sources.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(dict(self.dropped), {k: len(v) for k, v in sorted(files.items())}, len(used), "sources")


def toml_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> None:
    evidence, pairs, target, vocabulary = (Path(a) for a in sys.argv[1:5])
    importer = Importer(evidence, pairs, target, Vocabulary(vocabulary))
    rows = importer.read()
    importer.kept(rows)
    importer.unsupported(rows)
    importer.write(rows)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Account for every line of collected evidence: it is in a table, the naming rule gives it, or it
is listed as dropped.

usage: python tools/account_evidence.py EVIDENCE TARGET_DIR [--write]

portkit must be importable. EVIDENCE holds mapping.tsv and unsupported.tsv of one target with those of
later rounds (mapping-2.tsv), and perhaps exceptions.tsv, inferred-<profile>.tsv, <profile>-seen.tsv,
python.tsv and build.tsv; TARGET_DIR is mappings/<target>. Read by plain means, not by the importer.
A line is accounted for when
  row      a table holds its name with its target, or for a name without an equivalent a row without a target
  rule     the naming rule gives its target, and the evidence has no more to say than the rule (inferred)
  hint     a row for a person names the target in its note
  dropped  dropped.tsv lists name and target, with the reason
Printed: by evidence word how many lines became what, then the lines that nothing accounts for
(status 1 when there are any). A line of unsupported.tsv must stand in constructs.toml. `--write`
keeps the counts in TARGET_DIR/evidence.tsv, from which the documentation is made.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from portkit.targets.naming import NamingRule

FLAGS = "flags"  # the table of compiler options: other columns, and rows that build.csv has too
HEAD = "word\tlines\trow\trule\thint\tdropped"
WAYS = ("row", "rule", "hint", "dropped")
INCLUDE = re.compile(r'(?:#include )?[<"]([\w./\-]+)[>"]', re.A)
DIRECTIVE = re.compile(r'#include [<"]([\w./+\-]+)[>"]', re.A)
LINKED = re.compile(r"(?:lib\w+ / )?-l(\w+)", re.A)
EMPTY = ("", "(none)")
PIECE = re.compile(r"tensor\.(\w+)\(\)|(?:STABLE_)?TORCH_LIBRARY_IMPL\(ns, (\w+), m\)", re.A)
ABSENT = ("", "-", "drop")  # of python.tsv and build.tsv
ROUND = re.compile(r"(?:mapping|unsupported)(?:-\d+)?\.tsv")


def read_tsv(path: Path) -> list[list[str]]:
    """Return the lines of a tab separated file without its heading, cells stripped; none when there
    is no such file.
    """
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            [c.strip() for c in cells]
            for cells in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ][1:]


class Tables:
    """What the files of one target say, read without portkit's loader."""

    def __init__(self, folder: Path) -> None:
        facts = tomllib.loads((folder / "target.toml").read_text(encoding="utf-8"))
        self.rules = [NamingRule.load(folder / "target.toml", p) for p in ("", *facts["profiles"])]
        self.targets: dict[str, set[str]] = defaultdict(set)
        self.notes: dict[str, str] = defaultdict(str)
        for path in sorted(folder.glob("*.csv")):
            if path.stem.partition("@")[0] == FLAGS:
                continue
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    for name in {row["name"], row["name"].rpartition("::")[2]}:
                        self.targets[name] |= {
                            row["target"],
                            row["target"].rpartition("::")[2]
                            if "::" in row["name"]
                            else row["target"],
                        }
                        self.notes[name] += f" {row['note']}"
        for path in sorted(folder.glob("*.names")):
            for name in path.read_text(encoding="utf-8").splitlines()[1:]:
                self.targets[name] |= self.made(name)
        self.dropped: dict[str, set[str]] = defaultdict(set)
        for name, target, _ in read_tsv(folder / "dropped.tsv"):
            self.dropped[name].add(target)
        constructs = (
            tomllib.loads((folder / "constructs.toml").read_text(encoding="utf-8"))
            if (folder / "constructs.toml").is_file()
            else {}
        )
        self.constructs = {plain(c["construct"]) for c in constructs.get("constructs", [])}

    def made(self, name: str) -> set[str]:
        """Return what the naming rules of the profiles make of a name."""
        return {rule.derive(name) or name for rule in self.rules}

    def way(self, name: str, target: str, kind: str, word: str) -> str:
        """Return how a line is accounted for, or an empty string."""
        if target in self.dropped.get(name, ()):
            return "dropped"
        names = name.split(" / ") if kind in ("env", "environment", "hint") else [name]
        names = [re.sub(r" \(.*\)", "", n) if kind == "hint" else n for n in names]
        names = [n if n in self.targets else n.rpartition("::")[2] for n in names]
        if kind == "hint":
            return (
                "hint"
                if all(
                    target in self.notes[n]
                    or target in self.targets.get(n, ())
                    or self.dropped.get(n)
                    for n in names
                )
                else ""
            )
        if target in EMPTY:
            known = all("" in self.targets.get(n, ()) or self.notes[n] for n in names)
            return "row" if known else ""
        if all(
            target in self.targets.get(n, ())
            or target.rpartition("::")[2] in self.targets.get(n, ())
            for n in names
        ):
            return "row"
        parts = re.split(
            r" / | \+ ", target
        )  # several targets for one name: a row has one, its note the others
        if all(
            part in self.targets.get(n, ()) or part in self.notes[n]
            for n in names
            for part in parts
        ):
            return "hint"
        return "rule" if word in ("inferred", "derived") and target in self.made(name) else ""

    def other_way(self, name: str, target: str) -> str:
        """Return how a line of a file of names outside mapping.tsv is accounted for."""
        last = name.rpartition("::")[2]
        targets = self.targets.get(name) or self.targets.get(last)
        if target in self.dropped.get(name, ()) or (target in ABSENT and "" in self.dropped[name]):
            return "dropped"
        if targets is None:
            return ""
        if target in targets or target.rpartition("::")[2] in targets or target in ABSENT:
            return "row"
        notes = self.notes[name] + self.notes[last]
        return "hint" if target in notes else ""


def plain(text: str) -> str:
    """Return a text's letters and digits: quotes and index numbers are written otherwise in TOML."""
    return re.sub(r"index ids? \d+|\W+", "", text)


def account(evidence: Path, folder: Path) -> tuple[dict[str, Counter[str]], list[str]]:
    """Return {evidence word: how many lines went which way} and the lines that nothing accounts
    for.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    tables, lost = Tables(folder), list[str]()
    rounds = sorted(p.name for p in evidence.glob("*.tsv") if ROUND.fullmatch(p.name))
    mapping = [c for n in rounds if n.startswith("mapping") for c in read_tsv(evidence / n)]
    for cells in mapping:
        name, target, kind, _, word, note = [*cells, "", "", ""][:6]
        name, target = INCLUDE.sub(r"\1", name), INCLUDE.sub(r"\1", target)
        if (
            (before := LINKED.fullmatch(name))
            and (after := LINKED.fullmatch(target))
            and name != target
        ):
            name, target = before[1], after[1]
        way = tables.way(name, target, kind, word)
        counts[word]["lines"] += 1
        counts[word][way or "lost"] += 1
        if not way:
            lost.append(f"{name} > {target} ({kind}, {word}): {note[:80]}")
    for cells in read_tsv(evidence / "exceptions.tsv"):
        name, target = cells[0], cells[1]
        counts["exceptions.tsv"]["lines"] += 1
        way = tables.way(name, target, "", "inferred")
        counts["exceptions.tsv"][way or "lost"] += 1
        if not way:
            lost.append(f"exceptions.tsv: {name} > {target}")
    for table in (n for n in rounds if n.startswith("unsupported")):
        for cells in read_tsv(evidence / table):
            there = plain(cells[0]) in tables.constructs
            counts["unsupported.tsv"]["lines"] += 1
            counts["unsupported.tsv"]["row" if there else "lost"] += 1
            if not there:
                lost.append(f"{table}: {cells[0]}")
    for path, name, target in other_lines(evidence):
        if path == "python.tsv":  # a piece of code, of which the tables have the name
            name, target = PIECE.sub(r"\1\2", name), PIECE.sub(r"\1\2", target)
        way = tables.other_way(name, target)
        counts[path]["lines"] += 1
        counts[path][way or "lost"] += 1
        if not way:
            lost.append(f"{path}: {name} > {target}")
    return counts, lost


def other_lines(evidence: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (file, name, target) of the files of Python, build files, and names seen or inferred."""
    for table in ("python.tsv", "build.tsv"):
        for cells in read_tsv(evidence / table):
            name, target = (DIRECTIVE.sub(r"\1", c) for c in (cells[1], cells[2]))
            yield table, name, target if cells[4] != "keep" else name
    for path in sorted(evidence.glob("inferred-*.tsv")):
        for cells in read_tsv(path):
            yield path.name, cells[0], cells[0]
    for path in sorted(evidence.glob("*-seen.tsv")):
        for cells in read_tsv(path):
            for name in [cells[0]] if "(" in cells[0] else cells[0].split():
                yield path.name, name, name


def table(counts: dict[str, Counter[str]]) -> str:
    """Return the counts as evidence.tsv holds them."""
    rows = [
        [word, str(c["lines"]), *(str(c[w]) for w in WAYS)] for word, c in sorted(counts.items())
    ]
    return "\n".join([HEAD, *("\t".join(r) for r in rows)]) + "\n"


def main() -> None:
    """Read the arguments, print the account."""
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    evidence, folder = map(Path, arguments)
    counts, lost = account(evidence, folder)
    print(table(counts), end="")
    print("\n".join(f"lost: {line}" for line in lost))
    if "--write" in sys.argv:
        (folder / "evidence.tsv").write_text(table(counts), encoding="utf-8")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Is every CUDA name in the code of a tree in portkit's report? Reads the tree with its own tokeniser.

    completeness.py TREE REPORT.json [--vocabulary mappings/cuda] [--shapes FILE] [--top 20] [--json OUT]

A name counts when the vocabulary holds it or when it has a CUDA shape (shapes.txt). It is
  distinctive   some vocabulary row of it lacks the flag `plain`, or a strong shape fits: a missing one fails the check
  flagged       the vocabulary calls it plain English or C, or only a weak shape fits, or it is text of #error or
                #pragma: Clang or a qualifier must speak for it, so a missing one is listed and does not fail
Names in comments, strings and character literals are not looked at. Exit 1 when a distinctive name is missing.
"""

from __future__ import annotations

import argparse
import bisect
import collections
import csv
import json
import re
import sys
from pathlib import Path

import cwords
import reports

HERE = Path(__file__).resolve().parent


class Names:
    """What is a CUDA name: the vocabulary's rows and the shapes."""

    def __init__(self, vocabulary: Path, shapes: Path) -> None:
        self.plain: dict[str, bool] = {}
        self.kinds: dict[str, set[str]] = collections.defaultdict(set)
        for table in sorted(vocabulary.glob("*.csv")):
            with table.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    name = row["name"]
                    self.plain[name] = self.plain.get(name, True) and "plain" in row["flags"].split()
                    self.kinds[name].add(row["kind"])
        strong: list[str] = []
        weak: list[str] = []
        for line in shapes.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                (weak if line.startswith("? ") else strong).append(line.removeprefix("? "))
        self.strong = re.compile("|".join(f"(?:{s})" for s in strong))
        self.weak = re.compile("|".join(f"(?:{s})" for s in weak))
        self.classes: dict[str, str] = {}

    def judge(self, name: str, role: str) -> str:
        """Return "distinctive", "flagged" or "" (not CUDA's)."""
        key = f"{role == 'include'}{name}"
        if key not in self.classes:
            self.classes[key] = self._judge(name, role)
        found = self.classes[key]
        return "flagged" if found and role == "message" else found

    def _judge(self, name: str, role: str) -> str:
        known = name in self.kinds and ("header" in self.kinds[name]) == (role == "include")
        if role != "include" and self.kinds.get(name, set()) & {"environment", "link_library"} == self.kinds.get(
            name, {""}
        ):
            known = False  # only a name of the environment or the linker: not an identifier of C
        if self.strong.fullmatch(name) or (known and not self.plain[name]):
            return "distinctive"
        return "flagged" if known or self.weak.fullmatch(name) else ""


def covered(starts: list[int], ends: list[int], offset: int, length: int) -> bool:
    """Tell whether some range [start, end) holds the whole word; ranges are sorted by start."""
    i = bisect.bisect_right(starts, offset)
    return any(ends[k] >= offset + length for k in range(max(0, i - 3), i))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("--vocabulary", type=Path, default=HERE.parent / "mappings" / "cuda")
    parser.add_argument("--shapes", type=Path, default=HERE / "shapes.txt")
    parser.add_argument("--top", type=int, default=20, help="names to print of each list")
    parser.add_argument("--places", type=int, default=3, help="places to print of each name")
    parser.add_argument("--json", type=Path, help="write every missing place here")
    options = parser.parse_args()
    names = Names(options.vocabulary, options.shapes)
    plan = reports.load_plan(options.report)
    known = reports.references(plan)
    seen: collections.Counter[str] = collections.Counter()
    missing: dict[str, dict[str, list[str]]] = {
        "distinctive": collections.defaultdict(list),
        "flagged": collections.defaultdict(list),
    }
    absent: dict[str, int] = {}
    files = cwords.source_files(options.tree)
    for path in files:
        here = known.get(path)
        ranges = sorted((r["offset"], r["offset"] + r["length"]) for r in here or [])
        starts, ends = [s for s, _ in ranges], [e for _, e in ranges]
        lost = 0
        for word in cwords.words((options.tree / path).read_bytes()):
            kind = names.judge(word.text, word.role)
            if not kind:
                continue
            seen[kind] += 1
            if covered(starts, ends, word.offset, word.length):
                continue
            if here is None:
                lost += kind == "distinctive"
            else:
                missing[kind][word.text].append(f"{path}:{word.line}")
                seen["missing " + kind] += 1
        if lost:
            absent[path] = lost
    told = " ".join(json.dumps(f) for f in plan["findings"])
    quiet = {
        p: n
        for p, n in absent.items()
        if not any(part in told for part in (p, *(str(x) for x in Path(p).parents if str(x) != ".")))
    }
    print(f"{options.tree}: {len(files)} source files, {len(known)} files in the report")
    for kind in ("distinctive", "flagged"):
        print(f"{kind}: {seen[kind]} in code, {seen['missing ' + kind]} missing, {len(missing[kind])} different names")
    print(f"files with distinctive names that the report lacks: {len(absent)} ({sum(absent.values())} names)")
    print(f"  of them not named by any finding of the tree: {len(quiet)}")
    for path, n in sorted(quiet.items(), key=lambda x: -x[1])[: options.top]:
        print(f"  {n:6}  {path}")
    for kind in ("distinctive", "flagged"):
        print(f"\nmissing, {kind}:")
        for name, places in sorted(missing[kind].items(), key=lambda x: (-len(x[1]), x[0]))[: options.top]:
            kinds = ",".join(sorted(names.kinds.get(name, {"shape only"})))
            print(f"  {len(places):6}  {name}  [{kinds}]  {' '.join(places[: options.places])}")
    if options.json:
        options.json.write_text(json.dumps({"missing": missing, "absent": absent}, indent=1), encoding="utf-8")
    return 1 if missing["distinctive"] or quiet else 0


if __name__ == "__main__":
    sys.exit(main())

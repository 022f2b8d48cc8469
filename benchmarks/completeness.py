# SPDX-License-Identifier: Apache-2.0
"""Is every CUDA name in the code of a tree in portkit's report? Reads the tree with its own
tokeniser.

    completeness.py TREE REPORT.json [--vocabulary mappings/cuda] [--shapes FILE] [--top 20] [--json
    OUT]

A name counts when the vocabulary holds it or when it has a CUDA shape (shapes.txt). It is
  distinctive   a strong shape fits, or some vocabulary row of it has neither the flag `plain` nor a namespace, or it
                stands behind the CUDA namespace that has it (`cub::Sum`, also through a namespace alias of its file),
                or it is such a namespace before `::`. A missing one fails the check.
  flagged       the vocabulary calls it plain English or C, or it belongs to a namespace that is not written there, or
                only a weak shape fits, or it is text of #error or #pragma: Clang must speak for it, so a missing one
                is listed and does not fail. Namespaces that the tree itself opens count as the tree's.
Names in comments, strings and character literals are not looked at, save where odd_names.py says so: what is CUDA's and
no plain name in code (cut launches, pasted names, literals of getenv, dlopen and system, PyTorch's words, libraries of
templates, device functions by a macro). Files that are included whatever their suffix are looked at too. Exit 1 when a
distinctive name, or one of the odd ones that `completeness.csv` beside it does not explain, is missing.
"""

from __future__ import annotations

import argparse
import bisect
import collections
import csv
import json
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import cwords
import odd_names
import reports

HERE = Path(__file__).resolve().parent


_SCOPE = re.compile(rb"((?:[A-Za-z_]\w*\s*::\s*)+)\Z")
_LEADS = re.compile(rb"\s*::")
_ALIAS = re.compile(rb"\bnamespace\s+(\w+)\s*=\s*(?:::\s*)?(\w+)")
_OPENS = re.compile(rb"\bnamespace\s+(\w+)\s*(?:::[\w:\s]*)?\{")


class Names:
    """What is a CUDA name: the vocabulary's rows and the shapes."""

    def __init__(self, vocabulary: Path, shapes: Path) -> None:
        self.kinds: dict[str, set[str]] = collections.defaultdict(set)
        self.free: set[str] = set()  # names with a row that is neither plain nor in a namespace
        # name -> outermost namespaces that have it
        self.roots: dict[str, set[str]] = collections.defaultdict(set)
        for table in sorted(vocabulary.glob("*.csv")):
            with table.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    self._add(row)
        strong: list[str] = []
        weak: list[str] = []
        for line in shapes.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                (weak if line.startswith("? ") else strong).append(line.removeprefix("? "))
        self.strong = re.compile("|".join(f"(?:{s})" for s in strong))
        self.weak = re.compile("|".join(f"(?:{s})" for s in weak))
        self.namespaces = {n for n, kinds in self.kinds.items() if "namespace" in kinds}
        self.classes: dict[tuple[str, bool], str] = {}

    def _add(self, row: dict[str, str]) -> None:
        name, kind, qualifier = row["name"], row["kind"], row["qualifier"]
        if kind in ("environment", "link_library"):
            return  # names of the environment and the linker: no identifiers of C
        self.kinds[name].add(kind)
        namespaced = qualifier and kind != "field"
        if kind == "namespace" or namespaced:
            self.roots[name].add(qualifier.split("::")[0] or name)
            self.roots[name].discard("std")  # C++'s own, which CUDA's headers reopen
        elif "plain" not in row["flags"].split():
            self.free.add(name)

    def judge(self, word: cwords.Word, data: bytes, aliases: dict[str, str], own: set[str]) -> str:
        """Return "distinctive", "flagged" or "" (not CUDA's) of a word of a file."""
        key = word.text, word.role == "include"
        if key not in self.classes:
            self.classes[key] = self._judge(*key)
        found = self.classes[key]
        if not found or word.role in ("include", "define"):
            return found
        if word.role == "message":
            return "flagged"
        roots = self.roots.get(word.text, set()) - own
        before = data[max(0, word.offset - 120) : word.offset]
        match = _SCOPE.search(before)
        scope = (
            [part.strip().decode() for part in match.group(1).split(b"::")[:-1]] if match else []
        )
        if scope and scope[0] == "std" and not self.strong.fullmatch(word.text):
            return "flagged"  # C++'s own of that name
        if found == "flagged" and scope:
            inner = scope[-1] in self.namespaces or len(scope) == 1  # not a member of a class
            return "distinctive" if inner and aliases.get(scope[0], scope[0]) in roots else found
        if found == "flagged" and roots and _LEADS.match(data, word.offset + word.length):
            return (
                found
                if before.rstrip().endswith((b".", b"->", b"::")) or word.text not in roots
                else "distinctive"
            )
        return found

    def judge_alone(self, name: str) -> str:
        """Return what `judge` returns of a word that stands by itself."""
        return self._judge(name, False)

    def _judge(self, name: str, include: bool) -> str:
        known = name in self.kinds and ("header" in self.kinds[name]) == include
        if self.strong.fullmatch(name) or (known and name in self.free):
            return "distinctive"
        return "flagged" if known or self.weak.fullmatch(name) else ""


def covered(starts: list[int], ends: list[int], offset: int, length: int) -> bool:
    """Tell whether some range [start, end) holds the whole word; ranges are sorted by start."""
    i = bisect.bisect_right(starts, offset)
    return any(ends[k] >= offset + length for k in range(max(0, i - 3), i))


class Explained:
    """completeness.csv, where there is one: tree, kind, name and file (patterns), why."""

    def __init__(self, path: Path, tree: str) -> None:
        rows = (
            list(csv.DictReader(path.open(encoding="utf-8", newline=""))) if path.is_file() else []
        )
        self._rows = [r for r in rows if r["tree"] == tree]

    def why(self, kind: str, name: str, path: str) -> str:
        """Return why something is not in a report, "" where nobody has said."""
        for row in self._rows:
            pairs = ((row["name"], name), (row["file"], path))
            if row["kind"] == kind and all(re.fullmatch(*pair) for pair in pairs):
                return row["why"]
        return ""


def in_report(odd: odd_names.Odd, file: dict[str, list[dict[str, object]]]) -> bool:
    """Tell whether a file of a report holds something that odd_names.py found in it."""
    if odd.kind == "device macro":
        return any(k["offset"] == odd.start for k in file["kernels"])
    if odd.kind == "cut launch":
        return any(
            f["rule"] == "PK510" and odd.start <= int(str(f["offset"])) <= odd.end
            for f in file["findings"]
        )
    for ref in file["references"]:
        start = int(str(ref["offset"]))
        end = start + int(str(ref["length"]))
        if odd.kind == "pasted name":
            if odd.start <= start < odd.end and ref["name"] == odd.name:
                return True
        elif (odd.start <= start and end <= odd.end) or (start <= odd.start and odd.end <= end):
            return True
    return False


def odd_ones(
    contents: dict[str, bytes],
    opened: set[str],
    own: set[str],
    names: Names,
    plan: dict[str, object],
) -> Iterator[tuple[str, odd_names.Odd, bool]]:
    """Yield path, what odd_names.py found there, and whether the report has it."""
    read = {path: odd_names.read(data) for path, data in contents.items()}
    tree = odd_names.Tree(read, opened, own)
    files = {f["path"]: f for f in plan["files"]}  # type: ignore[attr-defined]

    def is_cuda(name: str) -> bool:
        return names.judge_alone(name) == "distinctive"

    for path, data in contents.items():
        for odd in odd_names.odd_names(data, read[path], tree, is_cuda):
            yield path, odd, path in files and in_report(odd, files[path])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("--vocabulary", type=Path, default=HERE.parent / "mappings" / "cuda")
    parser.add_argument("--shapes", type=Path, default=HERE / "shapes.txt")
    parser.add_argument("--explained", type=Path, default=HERE / "completeness.csv")
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
    files = sorted({*files, *cwords.included_files(options.tree, files)})
    contents = {f: (options.tree / f).read_bytes() for f in files}
    opened = {m.decode() for data in contents.values() for m in _OPENS.findall(data)}
    own = {posixpath.basename(f) for f in files}
    for path in files:
        here = known.get(path)
        ranges = sorted((r["offset"], r["offset"] + r["length"]) for r in here or [])
        starts, ends = [s for s, _ in ranges], [e for _, e in ranges]
        lost = 0
        data = contents[path]
        aliases = {a.decode(): b.decode() for a, b in _ALIAS.findall(data)}
        for word in cwords.words(data):
            if word.role == "parameter":
                continue  # a macro's own parameter
            kind = names.judge(word, data, aliases, opened)
            if (
                word.role == "include"
                and kind
                and word.text not in names.kinds
                and posixpath.basename(word.text) in own
            ):
                # it looks like a header of CUDA's, but the tree has a file of that name
                kind = "flagged"
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
        if not any(
            part in told for part in (p, *(str(x) for x in Path(p).parents if str(x) != "."))
        )
    }
    print(f"{options.tree}: {len(files)} source files, {len(known)} files in the report")
    for kind in ("distinctive", "flagged"):
        print(
            f"{kind}: {seen[kind]} in code, {seen['missing ' + kind]} missing, {len(missing[kind])} different names"
        )
    print(
        f"files with distinctive names that the report lacks: {len(absent)} ({sum(absent.values())} names)"
    )
    print(f"  of them not named by any finding of the tree: {len(quiet)}")
    for path, n in sorted(quiet.items(), key=lambda x: -x[1])[: options.top]:
        print(f"  {n:6}  {path}")
    for kind in ("distinctive", "flagged"):
        print(f"\nmissing, {kind}:")
        for name, places in sorted(missing[kind].items(), key=lambda x: (-len(x[1]), x[0]))[
            : options.top
        ]:
            kinds = ",".join(sorted(names.kinds.get(name, {"shape only"})))
            print(f"  {len(places):6}  {name}  [{kinds}]  {' '.join(places[: options.places])}")
    explained = Explained(options.explained, options.tree.name)
    counted: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    left: list[str] = []
    for path, odd, found in odd_ones(contents, opened, own, names, plan):
        why = "" if found or path in absent else explained.why(odd.kind, odd.name, path)
        state = "found" if found else "explained" if why else "missing"
        if not found and path not in known and path not in quiet:
            state = "not read, said"
        counted[odd.kind][state] += 1
        if state == "missing":
            left.append(f"{odd.kind}: {odd.name} {path}:{odd.line}")
    print("\nno plain names:")
    for kind, states in sorted(counted.items()):
        print(f"  {kind}: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())))
    print(f"unexplained: {len(left)}")
    for text in left[: options.top * 3]:
        print(f"  {text}")
    if options.json:
        options.json.write_text(
            json.dumps({"missing": missing, "absent": absent, "odd": left}, indent=1),
            encoding="utf-8",
        )
    return 1 if missing["distinctive"] or quiet or left else 0


if __name__ == "__main__":
    sys.exit(main())

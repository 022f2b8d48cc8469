# SPDX-License-Identifier: Apache-2.0
"""Score portkit's decisions against trees that a vendor or a port has rewritten by hand or by its
own tool.

    pairs.py --pairs DIR --trees DIR --target musa [--only PAIR] [--within FOLDER] [--reports DIR]
    [--top 30] [--json OUT]

DIR/<target>/<pair>.tsv aligns the names of an original tree with those of its port, one row a name and line:
orig_file, line, cuda_name, ported_name, n, status (renamed|kept), family (api|include|pattern|other), conf, agree.
--trees holds the originals as folders named after the pairs. Reports are made with $PORTKIT (see reports.py) and
kept in --reports, where a later run finds them again (--fresh makes them anew).

Scored: rows of family api and include with conf hi and agree >= 0.5. What portkit leaves in the file is compared with
what the port left there. Apart stand:
  guard           architecture and version macros compared on #if and #elif lines: to be reported, never merely renamed
  feature test    the same in `defined(X)` and #ifdef, which may be renamed
  untouched file  files in which the port renamed nothing: not ported, so that they say nothing
  own include     headers of the tree itself: a port moves its own files, a tool does not
  pattern, other  the project's own names: portkit must leave them alone
  define          defines_*.tsv, compat headers: name by name with `portkit query`

Differences that have been looked at in the port stand in --explained (explained/<target>.csv) with
a cause; README.md says what the causes mean. Printed of each pair: the equal share as it is, the
share with the explained differences left out, the differences that nothing explains, and
explanations that no longer fit (stale).
"""

from __future__ import annotations

import argparse
import collections
import csv
import json
import posixpath
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import cwords
import reports

HERE = Path(__file__).resolve().parent
UNSEEN = {"decision": "unseen", "reason": "not in the report"}
SHARED = ("api", "include")  # the parts that the share of equal names is made of
CAUSES = frozenset(
    {
        "not-built",
        "not-ported",
        "own-name",
        "hand-decision",
        "other-vendor",
        "other-version",
        "synonym",
        "framework",
        "message",
    }
)

Group = tuple[str, str, str, str]  # part, name, the port's text, portkit's decision


class Expected(NamedTuple):
    """One row of a pair table."""

    path: str
    line: int
    name: str
    ported: str
    n: int
    family: str
    oracle: bool


class Tally:
    """Counts of one pair and the rows that differ."""

    def __init__(self) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self.groups: dict[Group, list[str]] = collections.defaultdict(list)

    def differ(self, part: str, row: Expected, outcome: str, n: int) -> None:
        self.groups[part, row.name, row.ported, outcome] += [f"{row.path}:{row.line}"] * n


def read_rows(table: Path) -> list[Expected]:
    """Return the rows of a pair table."""
    with table.open(encoding="utf-8", newline="") as stream:
        return [
            Expected(
                r["orig_file"],
                int(r["line"]),
                r["cuda_name"],
                r["ported_name"],
                int(r["n"]),
                r["family"],
                r["conf"] == "hi" and float(r["agree"]) >= 0.5,
            )
            for r in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


class Explained(NamedTuple):
    """One row of the explanations: `rows` differences of one group, looked at in the port."""

    rows: int
    cause: str
    text: str


def read_explanations(table: Path) -> collections.defaultdict[str, dict[Group, Explained]]:
    """Return pair -> group -> explanation. Exits the script at a cause that is not in the list, or
    a group twice.
    """
    found = collections.defaultdict[str, dict[Group, Explained]](dict)
    with table.open(encoding="utf-8", newline="") as stream:
        for r in csv.DictReader(stream, strict=True):
            group = r["part"], r["name"], r["port"], r["portkit"]
            if r["cause"] not in CAUSES or group in found[r["pair"]] or not r["explanation"]:
                sys.exit(
                    f"{table}: {r['pair']}: {', '.join(group)}: unknown cause {r['cause']}, twice, or no explanation"
                )
            found[r["pair"]][group] = Explained(int(r["rows"]), r["cause"], r["explanation"])
    return found


class Account(NamedTuple):
    """What the explanations leave of one pair's differences: group -> rows."""

    explained: dict[Group, int]
    unexplained: dict[Group, int]
    stale: dict[Group, int]


def account(tally: Tally, explanations: dict[Group, Explained]) -> Account:
    """Set the explanations of a pair against its differences; names with equal text are none."""
    rows = {g: len(places) for g, places in tally.groups.items() if not g[0].endswith("text equal")}
    known = {g: e.rows for g, e in explanations.items()}
    explained = {g: min(n, known[g]) for g, n in rows.items() if g in known}
    unexplained = {g: n - known.get(g, 0) for g, n in rows.items() if n > known.get(g, 0)}
    stale = {g: n - rows.get(g, 0) for g, n in known.items() if n > rows.get(g, 0)}
    return Account(explained, unexplained, stale)


def guard_macros(vocabulary: Path) -> frozenset[str]:
    """Return the architecture and version macros that the vocabulary names."""
    facts = tomllib.loads(vocabulary.read_text(encoding="utf-8"))
    return frozenset([*facts["arch_macros"], *facts["version_macros"]])


class Lines:
    """The original's lines, to tell #if lines from others."""

    def __init__(self, tree: Path) -> None:
        self.tree, self.cache = tree, dict[str, list[bytes]]()

    def of(self, path: str) -> list[bytes]:
        if path not in self.cache:
            file = self.tree / path
            self.cache[path] = file.read_bytes().split(b"\n") if file.is_file() else []
        return self.cache[path]

    def text(self, path: str, number: int) -> str:
        lines = self.of(path)
        return (
            lines[number - 1].decode("utf-8", "replace").strip()[:140]
            if number <= len(lines)
            else ""
        )

    def is_condition(self, path: str, number: int) -> bool:
        lines = self.of(path)
        first = (
            lines[cwords.logical_start(lines, number) - 1].lstrip() if number <= len(lines) else b""
        )
        return first[1:].lstrip().startswith((b"if", b"elif")) if first.startswith(b"#") else False


def outcome_of(reference: reports.Json, name: str) -> str:
    """Return what stands in the file after portkit: the replacement of an edit, else the name
    itself.
    """
    return reference.get("replacement", "") if reference["decision"] == "edit" else name


def take(found: list[reports.Json], row: Expected) -> list[reports.Json]:
    """Take `row.n` references out of a line's list, those that agree with the port first."""
    found.sort(key=lambda r: outcome_of(r, row.name) != row.ported)
    taken, found[: row.n] = found[: row.n], []
    return taken + [UNSEEN] * (row.n - len(taken))


def own_header(spelling: str, suffixes: set[str], path: str, files: set[str]) -> bool:
    """Tell whether an include names a file of the tree: beside the includer, or by path suffix."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), spelling))
    return posixpath.normpath(spelling) in suffixes or beside in files


def score(rows: list[Expected], plan: reports.Json, lines: Lines, guards: frozenset[str]) -> Tally:
    """Compare a pair's rows with the plan of its original tree."""
    tally = Tally()
    there: dict[tuple[str, int, str], list[reports.Json]] = collections.defaultdict(list)
    findings: dict[tuple[str, int], int] = collections.Counter()
    for file in plan["files"]:
        for i, r in enumerate(file["references"]):
            there[file["path"], r["line"], r["name"]].append(
                {**r, "file": file["path"], "index": i}
            )
        for f in file["findings"]:
            for i in f["references"]:
                findings[file["path"], i] += 1
    files = set(cwords.source_files(lines.tree))
    touched_files = {
        r.path for r in rows if r.oracle and r.family in ("api", "include") and r.ported != r.name
    }
    suffixes = {
        "/".join(parts[i:]) for p in files for parts in [p.split("/")] for i in range(len(parts))
    }
    for row in sorted(rows, key=lambda r: (r.ported == r.name, r)):
        part = (
            row.family if row.family in ("pattern", "other") else row.family if row.oracle else ""
        )
        if not part:
            continue
        if row.name in guards and lines.is_condition(row.path, row.line):
            part = "guard"
        if part == "include" and own_header(row.name, suffixes, row.path, files):
            part = "own include"
        if part in ("api", "include") and row.path not in touched_files:
            part = "untouched file"
        for r in take(there[row.path, row.line, row.name], row):
            got = outcome_of(r, row.name)
            equal = got == row.ported
            renamed = "renamed" if row.ported != row.name else "kept"
            count = tally.counts
            feature_test = part == "guard" and r.get("context") == "defined"
            count["feature test rows" if feature_test else f"{part} rows"] += 1
            if feature_test:
                count[f"feature test {'equal' if equal else 'otherwise'}"] += 1
                if not equal:
                    tally.differ("feature test", row, reports.show(r), 1)
            elif part == "guard":
                told = r["decision"] == "manual" or (
                    r["decision"] != "unseen" and findings[r["file"], r["index"]] > 0
                )
                count["guard reported" if told else "guard silent"] += 1
                if not told:
                    tally.differ(part, row, reports.show(r), 1)
            elif part in ("pattern", "other", "own include", "untouched file"):
                touched = (
                    "untouched"
                    if r["decision"] != "edit"
                    else "edited as the port"
                    if equal
                    else "edited otherwise"
                )
                count[f"{part} {touched}"] += 1
                if touched == "edited otherwise":
                    tally.differ(part, row, reports.show(r), 1)
            else:
                count[f"{part} {renamed}"] += 1
                count[f"{part} {renamed} equal"] += equal
                count[f"{part} {renamed} {r['decision']}"] += 1
                if not equal:
                    tally.differ(part, row, reports.show(r), 1)
                elif r["decision"] in ("manual", "unseen"):
                    count[f"{part} kept but {r['decision']}"] += 1
                    tally.differ(f"{part}, text equal", row, reports.show(r), 1)
    return tally


def score_defines(rows: list[Expected], target: str) -> Tally:
    """Compare a compat header's names with what `portkit query` says of them."""
    tally = Tally()
    names = sorted({r.name for r in rows})
    answers: dict[str, reports.Json] = {}
    for start in range(0, len(names), 400):
        command = [
            *reports.portkit_command(),
            "query",
            *names[start : start + 400],
            "--to",
            target,
            "--format",
            "json",
        ]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"portkit query ended with {done.returncode}: {done.stderr.decode()[-400:]}")
        answers.update({a["name"]: a for a in json.loads(done.stdout)["answers"]})
    says = {
        n: next((t.get("name") or t["status"] for t in a["targets"]), "not in the vocabulary")
        for n, a in answers.items()
    }
    chain = {r.name: r.ported for r in rows}
    for row in rows:
        tally.counts["define rows"] += 1
        said = says[row.name]
        if (
            said in (row.ported, chain.get(row.ported))
            or says.get(row.ported, "") == said != "unknown"
        ):
            tally.counts["define equal"] += 1
        else:
            tally.differ("define", row, says[row.name], 1)
    return tally


def share(part: int, whole: int) -> str:
    """Return a share in per cent, or a dash."""
    return f"{100 * part / whole:.2f} %" if whole else "-"


def words_of(counts: dict[str, int]) -> str:
    """Return counts as `edit 3, keep 4`, zeros left out."""
    return ", ".join(f"{k} {v}" for k, v in counts.items() if v) or "-"


def print_tally(pair: str, tally: Tally, lines: Lines | None, top: int) -> None:
    """Print one pair's shares and its differences, largest group first."""
    c = tally.counts
    print(f"\n== {pair}")
    for part in SHARED:
        rows, renamed, kept = c[f"{part} rows"], c[f"{part} renamed"], c[f"{part} kept"]
        good = c[f"{part} renamed equal"], c[f"{part} kept equal"]
        if rows:
            detail = {d: c[f"{part} renamed {d}"] for d in ("edit", "manual", "keep", "unseen")}
            other = {d: c[f"{part} kept {d}"] for d in ("edit", "manual", "keep", "unseen")}
            print(f"{part}: equal {share(sum(good), rows)} of {rows}")
            print(
                f"  port renames: equal {share(good[0], renamed)} of {renamed}, portkit {words_of(detail)}"
            )
            print(
                f"  port keeps:   equal {share(good[1], kept)} of {kept}, portkit {words_of(other)}"
            )
    for part in (
        "guard",
        "feature test",
        "untouched file",
        "own include",
        "pattern",
        "other",
        "define",
    ):
        said = {
            k.removeprefix(part).strip(): v
            for k, v in sorted(c.items())
            if k.startswith(part + " ")
        }
        if said:
            print(f"{part}: " + ", ".join(f"{k} {v}" for k, v in said.items()))
    for (part, name, ported, outcome), places in sorted(
        tally.groups.items(), key=lambda x: (x[0][0], -len(x[1]))
    ):
        if top <= 0:
            break
        print(f"  {len(places):5}  [{part}] {name} > {ported}   portkit: {outcome}   {places[0]}")
        if lines is not None:
            path, _, number = places[0].rpartition(":")
            print(f"         | {lines.text(path, int(number))}")
        top -= 1


def print_account(tally: Tally, books: Account, explanations: dict[Group, Explained]) -> None:
    """Print by cause what is explained, then what is not and what is stale."""
    causes: collections.Counter[str] = collections.Counter()
    for group, n in books.explained.items():
        causes[explanations[group].cause] += n
    if causes:
        print("explained: " + ", ".join(f"{cause} {n}" for cause, n in causes.most_common()))
    for word, groups in (("unexplained", books.unexplained), ("stale explanation", books.stale)):
        for (part, name, ported, outcome), n in groups.items():
            place = next(iter(tally.groups.get((part, name, ported, outcome), ())), "")
            print(f"  {word}: {n} [{part}] {name} > {ported}   portkit: {outcome}   {place}")


class Line(NamedTuple):
    """One pair's line of the closing table. The counts are of the aligned names, save `unexplained`
    and `stale`.
    """

    aligned: int
    equal: int
    explained: int
    unexplained: int
    stale: int

    def text(self, pair: str) -> str:
        rest = self.aligned - self.explained
        cells = (
            self.aligned,
            self.equal,
            share(self.equal, self.aligned),
            self.explained,
            share(self.equal, rest),
        )
        return f"{pair:22}" + "".join(f"{c:>12}" for c in (*cells, self.unexplained, self.stale))


def line_of(tally: Tally, books: Account) -> Line:
    """Sum a pair up."""
    c = tally.counts
    return Line(
        sum(c[f"{p} rows"] for p in SHARED),
        sum(c[f"{p} {s} equal"] for p in SHARED for s in ("renamed", "kept")),
        sum(n for g, n in books.explained.items() if g[0] in SHARED),
        sum(books.unexplained.values()),
        sum(books.stale.values()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, help="folder with <target>/<pair>.tsv")
    parser.add_argument(
        "--trees",
        type=Path,
        required=True,
        help="folder with the original trees, named after the pairs",
    )
    parser.add_argument("--target", default="musa", help="TARGET[@PROFILE]")
    parser.add_argument("--only", action="append", metavar="PAIR")
    parser.add_argument(
        "--within",
        default="",
        metavar="FOLDER",
        help="read this folder of the trees only, such as one named vendor",
    )
    parser.add_argument(
        "--reports",
        type=Path,
        default=Path("reports"),
        help="folder for the JSON reports (default ./reports)",
    )
    parser.add_argument("--fresh", action="store_true", help="make reports anew")
    parser.add_argument(
        "--vocabulary", type=Path, default=HERE.parent / "mappings" / "cuda" / "vocabulary.toml"
    )
    parser.add_argument(
        "--explained", type=Path, help="default: explained/<target>.csv beside this script"
    )
    parser.add_argument(
        "--top", type=int, default=30, help="groups of differences to print of each pair"
    )
    parser.add_argument("--json", type=Path, help="write all counts and groups here")
    options = parser.parse_args()
    known = options.explained or HERE / "explained" / f"{options.target.partition('@')[0]}.csv"
    guards, explained = (
        guard_macros(options.vocabulary),
        collections.defaultdict[str, dict[Group, Explained]](dict),
    )
    if options.explained or known.is_file():
        explained = read_explanations(known)
    options.reports.mkdir(parents=True, exist_ok=True)
    total: collections.Counter[str] = collections.Counter()
    written, closing = {}, {}
    for table in sorted((options.pairs / options.target.partition("@")[0]).glob("*.tsv")):
        pair, rows = table.stem, read_rows(table)
        if options.only and pair not in options.only:
            continue
        lines = None
        if pair.startswith("defines_"):
            tally = score_defines(
                [r for r in rows if r.family == "api" and r.oracle], options.target
            )
        else:
            tree = options.trees / pair
            if not tree.is_dir():
                print(f"\n== {pair}: no tree at {tree}, left out")
                continue
            report = options.reports / f"{pair}.{options.target}.json"
            if options.fresh or not report.is_file():
                reports.run_report(tree, options.target, report, [], options.within)
            lines = Lines(tree)
            tally = score(rows, reports.load_plan(report), lines, guards)
        print_tally(pair, tally, lines, options.top)
        books = account(tally, explained[pair])
        print_account(tally, books, explained[pair])
        closing[pair] = line_of(tally, books)
        total.update(tally.counts)
        groups = [
            {"part": k[0], "name": k[1], "ported": k[2], "portkit": k[3], "places": v}
            for k, v in tally.groups.items()
        ]
        written[pair] = {"counts": dict(sorted(tally.counts.items())), "differences": groups}
    everything = Tally()
    everything.counts = total
    print_tally("all", everything, None, 0)
    print(
        f"\n{'pair':22}"
        + "".join(
            f"{h:>12}"
            for h in ("aligned", "equal", "share", "explained", "without", "unexplained", "stale")
        )
    )
    for pair, line in closing.items():
        print(line.text(pair))
    print(
        Line(*(sum(column) for column in zip(*closing.values(), strict=True))).text("all")
        if closing
        else "no pair found"
    )
    if options.json:
        options.json.write_text(json.dumps(written, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()

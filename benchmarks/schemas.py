# SPDX-License-Identifier: Apache-2.0
"""Validate what portkit writes of a tree against the JSON Schemas that it ships, and check the
sums.

    schemas.py TREE [--target musa] [--target maca ...] [--work DIR] [-- OPTION...]

Runs `scan -o`, `report --format json` (all targets in one document) and `query` of the most
frequent names, with $PORTKIT (see reports.py), and validates each document with `jsonschema`.
Beside the schema it checks what a schema cannot say: references + decisions add up, spans hold the
name that they say, finding references exist. Exit 1 at a fault.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema

import reports

SCHEMAS = Path(__file__).resolve().parent.parent / "src" / "portkit" / "report" / "schema"


def validate(name: str, document: reports.Json) -> int:
    """Print what the schema of `name` has against a document; return how many faults there are."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    found = 0
    for fault in jsonschema.Draft202012Validator(schema).iter_errors(document):
        found += 1
        if found <= 5:
            print(f"  {name}: {'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}")
    return found


def sums(document: reports.Json, tree: Path) -> int:
    """Print and count what does not add up in a report."""
    faults = 0
    for plan in document["plans"]:
        summary, counted = plan["summary"], collections.Counter[str]()
        for file in plan["files"]:
            raw = (
                bytes.fromhex(file["path_bytes"]).decode("utf-8", "surrogateescape")
                if "path_bytes" in file
                else file["path"]
            )
            data = (tree / raw).read_bytes()
            counted.update(r["decision"] for r in file["references"])
            for r in file["references"]:
                if data[r["offset"] : r["offset"] + r["length"]].decode("latin-1") != r["name"]:
                    faults += 1
                    print(f"  {file['path']}:{r['line']}: {r['name']} does not stand there")
            faults += sum(
                i >= len(file["references"]) for f in file["findings"] for i in f["references"]
            )
        whole = sum(counted.values())
        if summary["references"] != whole or any(
            summary[k] != counted[k] for k in ("edit", "manual", "keep")
        ):
            faults += 1
            print(
                f"  {plan['target']}: the summary says {summary['references']}, the files hold {whole}"
            )
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--work", type=Path, help="keep the documents here")
    own, passed = reports.split_options(sys.argv[1:])
    options = parser.parse_args(own)
    with tempfile.TemporaryDirectory() as made:
        work = options.work or Path(made)
        work.mkdir(parents=True, exist_ok=True)
        common = [str(options.tree), "--root", str(options.tree), *passed]
        targets = [word for t in options.target or ["musa"] for word in ("--to", t)]
        scan, report = work / "scan.json", work / "report.json"
        for words in (
            ["scan", *common, "-o", str(scan)],
            ["report", *common, *targets, "--format", "json", "-o", str(report)],
        ):
            done = subprocess.run(
                [*reports.portkit_command(), *words], stdout=subprocess.DEVNULL, check=False
            )
            if done.returncode:
                sys.exit(f"portkit {words[0]} ended with {done.returncode}")
        document = json.loads(report.read_bytes())
        names = collections.Counter(
            r["name"] for p in document["plans"] for f in p["files"] for r in f["references"]
        )
        asked = [n for n, _ in names.most_common(300) if "/" not in n and "." not in n]
        query = subprocess.run(
            [*reports.portkit_command(), "query", "--format", "json", "--", *asked],
            capture_output=True,
            check=False,
        )
        faults = {
            "scan": validate("scan", json.loads(scan.read_bytes())),
            "report": validate("report", document),
            "query": validate("query", json.loads(query.stdout)),
            "sums": sums(document, options.tree),
        }
        references = sum(p["summary"]["references"] for p in document["plans"])
        print(
            f"{len(document['plans'])} plans, {references} references, {len(asked)} names asked: faults {faults}"
        )
    sys.exit(1 if any(faults.values()) else 0)


if __name__ == "__main__":
    main()

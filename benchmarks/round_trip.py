# SPDX-License-Identifier: Apache-2.0
"""Migrate a tree to a target and back, and match each line that did not come back with what the
report says of it.

    round_trip.py TREE --target musa [--target maca] [--work DIR] [--top 20] [--json OUT]

portkit runs as $PORTKIT (see reports.py) on a copy. A line that differs afterwards is told when the
report of either way has a finding on it, a decision `manual` for a word of it, or a finding for its
whole file (one without a place of its own: a file left alone); else it is listed with both texts.
Exit 1 when a line is not told, or a file came or went.
"""

from __future__ import annotations

import argparse
import collections
import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import reports

HEAD = 1  # the line on which findings for a whole file stand


def migrate(tree: Path, out: Path, words: list[str]) -> dict[str, Any]:
    """Rewrite a tree in place; return the plan that the report has for it."""
    environment = {**os.environ, "XDG_STATE_HOME": str(out.parent / "state")}
    command = [
        *reports.portkit_command(),
        "migrate",
        str(tree),
        "--root",
        str(tree),
        *words,
        "--in-place",
        "--allow-dirty",
        "-q",
    ]
    done = subprocess.run(
        [*command, "--no-config", "--format", "json", "-o", str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        sys.exit(f"migrate {' '.join(words)} ended with {done.returncode}: {done.stderr[-300:]}")
    plan: dict[str, Any] = json.loads(out.read_bytes())["plans"][0]
    return plan


def told(plan: dict[str, Any]) -> dict[str, dict[int, set[str]]]:
    """Return by file and line what a report says there: ids of findings, and reasons of what it
    left to a person.
    """
    found: dict[str, dict[int, set[str]]] = {}
    for file in plan["files"]:
        lines = found.setdefault(file["path"], collections.defaultdict(set))
        for finding in file["findings"]:
            lines[finding["line"]].add(finding["rule"])
            for number in finding["references"]:
                lines[file["references"][number]["line"]].add(finding["rule"])
        for reference in file["references"]:
            if reference["decision"] == "manual":
                lines[reference["line"]].add(reference["reason"])
    return found


def differences(before: bytes, after: bytes) -> list[tuple[int, str, str]]:
    """Return (1-based line of `before`, its text, the text after) of each line that differs."""
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (before, after))
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            for i in range(max(b - a, d - c)):
                texts = old[a + i] if a + i < b else "", new[c + i] if c + i < d else ""
                found.append((a + i + 1, *texts))
    return found


def round_trip(tree: Path, target: str, work: Path) -> dict[str, Any]:
    """Return what came back, and what did not with and without a word."""
    copy = work / target.replace("@", "-")
    shutil.copytree(tree, copy, symlinks=True)
    there = told(migrate(copy, work / f"{copy.name}.there.json", ["--to", target]))
    back = told(migrate(copy, work / f"{copy.name}.back.json", ["--from", target, "--to", "cuda"]))
    causes: collections.Counter[str] = collections.Counter()
    silent: list[dict[str, Any]] = []
    files = 0
    own, now = (
        {str(p.relative_to(r)) for r in (root,) for p in root.rglob("*") if p.is_file()}
        for root in (tree, copy)
    )
    for rel in sorted(own & now):
        before, after = (tree / rel).read_bytes(), (copy / rel).read_bytes()
        if before == after:
            continue
        files += 1
        for line, old, new in differences(before, after):
            words = [back.get(rel, {}).get(line, set()), there.get(rel, {}).get(line, set())]
            whole = {w for w in back.get(rel, {}).get(HEAD, set()) if w.startswith("PK9")}
            known = next(
                (
                    f"{way} {' '.join(sorted(w))}"
                    for way, w in zip(("back", "there"), words, strict=True)
                    if w
                ),
                "",
            )
            known = known or ("file " + " ".join(sorted(whole)) if whole else "")
            if known:
                causes[known] += 1
            else:
                silent.append(
                    {"file": rel, "line": line, "before": old.strip(), "after": new.strip()}
                )
    return {
        "target": target,
        "files": len(own),
        "differ": files,
        "told": dict(causes),
        "silent": silent,
        "moved": sorted(own ^ now),
    }


def main() -> int:
    """Run; exit 1 when the report is silent on a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--target", action="append", required=True)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--top", type=int, default=20)
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portkit-round-trip-") as folder:
        work = words.work or Path(folder)
        results = [round_trip(words.tree, target, work) for target in words.target]
    for r in results:
        lines = sum(r["told"].values())
        print(
            f"{r['target']}: {r['differ']} of {r['files']} files differ, {lines} lines told, {len(r['silent'])} silent"
        )
        for cause, count in sorted(r["told"].items(), key=lambda item: -item[1]):
            print(f"  {count:5d}  {cause}")
        for s in r["silent"][: words.top]:
            print(f"  SILENT {s['file']}:{s['line']}\n    - {s['before']}\n    + {s['after']}")
    if words.json:
        words.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 1 if any(r["silent"] or r["moved"] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())

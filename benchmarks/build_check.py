# SPDX-License-Identifier: Apache-2.0
"""`portkit migrate` and `portkit build-check` over many small projects: how many configure, build and
hand all device sources to the target's compiler.

    python benchmarks/build_check.py TREE --to musa [--only PATTERN] [--limit N] [--json OUT]

A project is a folder with a CMakeLists.txt that has a `project(...)`, or with a Makefile, and none of
these below it, or one that --at names. The whole TREE is migrated, then each project is built in a
copy of its folder and of those that --beside names. Prints one line a project and the sums.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_PROJECT = re.compile(r"^\s*project\s*\(", re.I | re.M)
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")


def projects(tree: Path, pattern: str) -> list[Path]:
    """Return the folders of projects, relative to the tree, those that hold no other project."""
    found = set[Path]()
    for path in tree.rglob("*"):
        if path.name == "CMakeLists.txt":
            text = path.read_text(encoding="utf-8", errors="replace")
            taken = _PROJECT.search(text) is not None
        else:
            taken = path.name in _MAKEFILES
        if taken:
            found.add(path.parent.relative_to(tree))
    above = {parent for folder in found for parent in folder.parents}
    return sorted(f for f in found - above if re.search(pattern, f.as_posix()))


def portkit(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run portkit."""
    return subprocess.run(
        ["portkit", *map(str, words)], capture_output=True, text=True, errors="replace", check=False
    )


def cause(told: dict[str, object]) -> str:
    """Return why a build does not hold, in a few words."""
    runs = told["runs"]
    assert isinstance(runs, list)
    failed = next((r for r in runs if r["code"] != 0), None)
    if failed is not None:
        step = (
            "build"
            if "--build" in failed["command"] or "make -k" in failed["command"]
            else "configure"
        )
        said = " ".join(failed["said"][:3])
        return f"{step}: {re.sub(r'/[^ ]*', '', said)[:140]}"
    faults = told["faults"]
    assert isinstance(faults, list)
    if faults:
        return ", ".join(sorted({f"{f['case']} {f['what']}" for f in faults}))[:160]
    return "silent" if told["silent"] else f"left {len(told['left'])}" if told["left"] else ""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--to", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--at", action="append", type=Path, default=[], help="this folder")
    parser.add_argument("--cmake", default="", help="more options for CMake")
    parser.add_argument("--make", action="store_true", help="by the Makefile where there is one")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--beside", action="append", default=[], help="a folder to copy beside it")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="portkit-builds-"))
    moved, report = work / "moved", work / "report.json"
    # a Makefile's program reads what lies beside it: the whole tree moves at once
    done = portkit(
        *("migrate", args.tree, "--root", args.tree, "--to", args.to, "--out-dir", moved, "-q"),
        *("--no-verify", "--format", "json", "-o", report),
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return 2
    said = collections.defaultdict(list)
    for file in json.loads(report.read_text(encoding="utf-8"))["plans"][0]["files"]:
        for finding in file["findings"]:
            if finding["rule"].startswith("PK7"):
                said[str(Path(file["path"]).parent)].append(finding["rule"])
    rows = []
    listed = args.at or projects(args.tree, args.only)
    for folder in listed[: args.limit or None]:
        place = work / "one"
        shutil.rmtree(place, ignore_errors=True)
        out = work / "told.json"
        place.mkdir()
        for beside in args.beside:
            shutil.copytree(moved / beside, place / beside)
        shutil.copytree(moved / folder, place / folder, dirs_exist_ok=True)
        made = any((moved / folder / name).is_file() for name in _MAKEFILES)
        cmake = (moved / folder / "CMakeLists.txt").is_file() and not (args.make and made)
        lines = (
            [f"cmake -S {folder} -B build {{options}} {args.cmake}", "cmake --build build -- -k"]
            if cmake
            else [f"make -k -C {folder} {{options}}"]
        )
        commands = [w for line in lines for w in ("--command", line)]
        done = portkit(
            *("build-check", place, "--to", args.to, "--format", "json", "-o", out, "-q"), *commands
        )
        if done.returncode == 2:
            rows.append({"project": str(folder), "cause": done.stderr.strip()})
            continue
        told = json.loads(out.read_text(encoding="utf-8"))
        findings = collections.Counter(
            rule for where, rules in said.items() for rule in rules
            if where == str(folder) or where.startswith(f"{folder}/")
        )  # fmt: skip
        rows.append(
            {
                "project": str(folder),
                "configured": not cmake or told["runs"][0]["code"] == 0,
                "built": all(r["code"] == 0 for r in told["runs"]),
                "holds": told["holds"],
                "silent": told["silent"],
                "sources": len(told["sources"]),
                "compiles": told["compiles"],
                "left": told["left"],
                "said": dict(findings),
                "cause": cause(told),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    total = collections.Counter[str]()
    for row in rows:
        total.update(k for k in ("configured", "built", "holds", "silent") if row.get(k))
        total["said before"] += bool(row.get("said")) and not row.get("holds")
        total["neither"] += not row.get("said") and not row.get("holds")
    print(f"{len(rows)} projects:", dict(total))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

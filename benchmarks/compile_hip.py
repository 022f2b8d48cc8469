# SPDX-License-Identifier: Apache-2.0
"""Does what portkit writes for HIP compile? By a real compiler of HIP, without a device.

    compile_hip.py TREE [--to hip@rocm] [--compiler 'clang++ ...'] [--arch gfx906]
                   [--programs '*-cuda'] [--twin -hip] [--twins FOLDER] [--hipify SCRIPT]
                   [--limit N] [--all-libraries] [--json OUT] [--work DIR]

Each folder of TREE that `--programs` matches is a program: `make -n` says what its Makefile
compiles (nothing of the tree is run), and programs that link CUDA's libraries are left out without
--all-libraries. TREE is migrated whole, once; then each program is compiled for host and device
(-x hip --offload-arch=ARCH -c). A failure is told by its first error, and is `reported` where
portkit had a finding on that line of the original, or one in that file that names the word of the
error; else it is `silent`. With --hipify the same programs are compiled as hipify-perl leaves them,
with --twins as an author wrote them by hand (X-hip beside X-cuda): the ceiling. Without a compiler
of HIP: exit 3, and a word.
"""

from __future__ import annotations

import argparse
import collections
import difflib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hip_builds
import reports
from hip_builds import Failure, Unit

TEXT = (".cu", ".cuh", ".h", ".hpp", ".cpp", ".cc", ".c", ".hxx", ".inl")
PROBE = "#include <hip/hip_runtime.h>\n__global__ void k(int* p) { *p = threadIdx.x; }\n"
OF_CUDA = re.compile(
    rb"\b(?:cu(?:da|rand|blas|fft|sparse|solver|b)|CU(?:DA|_))|<<<|__global__|__device__"
)
WORD = re.compile(r"'([^']+)'")
ELSEWHERE = "a header that is no part of CUDA is not here"
CLASSES = (
    ("a header is not there", r"file not found"),
    (
        "a name is not there",
        r"undeclared|unknown type name|no member named|no type named|no template",
    ),
    ("no overload fits", r"no matching|no viable|cannot initialize|incompatible|too (?:few|many)"),
    ("ambiguous", r"ambiguous"),
    ("inline assembly", r"asm|invalid (?:operand|output|input)|register constraint|instruction"),
    ("host and device", r"reference to __\w+__|__host__|__device__"),
    ("a word that C++17 lacks", r"ISO C\+\+17|storage class"),
    ("the linker of the device", r"undefined"),
)


def main() -> int:
    """Read the arguments, compile, print the tables."""
    args = arguments()
    compiler = shlex.split(args.compiler)
    more = [f"--offload-arch={args.arch}", "-Wno-everything", *shlex.split(args.flags)]
    work = Path(args.work or tempfile.mkdtemp(prefix="compile-hip-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    if why := lacking(compiler, more, work):
        print(f"compile_hip: skipped: {why}", file=sys.stderr)
        return 3
    tree, before, after = args.tree.resolve(), work / "before", work / "after"
    programs = chosen(tree, args.programs, args.limit, args.all_libraries)
    copy_of(tree, before, programs)
    report = migrated(before, after, args.to)
    sides = {"portkit": judged(compiler, more, programs, after, "")}
    for failures in sides["portkit"].values():
        for failure in failures:
            failure["reported"] = announced(failure, before, after, report)
            if is_elsewhere(failure, before):
                failure["class"] = ELSEWHERE
    if args.hipify:
        copy_of(tree, work / "hipify", programs)
        hipified(work / "hipify", args.hipify)
        sides["hipify-perl"] = judged(compiler, more, programs, work / "hipify", "")
    if args.twins:
        twins = hand_written(args.twins.resolve(), programs, args.twin)
        sides["by hand"] = judged(compiler, more, twins, args.twins.resolve(), args.twin)
    show(sides, programs)
    if args.json:
        args.json.write_text(json.dumps(sides, indent=1, sort_keys=True) + "\n", "utf-8")
    first = [fs[0] for fs in sides["portkit"].values() if fs]
    silent = [f for f in first if not f["reported"] and f["class"] != ELSEWHERE]
    return 1 if silent else 0


def arguments() -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--to", default="hip@rocm")
    parser.add_argument("--compiler", default="hipcc")
    parser.add_argument("--flags", default="", help="more flags for each unit")
    parser.add_argument("--arch", default="gfx906")
    parser.add_argument("--programs", default="*-cuda")
    parser.add_argument("--twin", default="-hip")
    parser.add_argument("--twins", type=Path)
    parser.add_argument("--hipify", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--all-libraries", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work")
    return parser.parse_args()


def lacking(compiler: Sequence[str], more: Sequence[str], work: Path) -> str:
    """Return why there is nothing to compile with; empty where there is."""
    if shutil.which(compiler[0]) is None:
        return f"no {compiler[0]} here (Debian: hipcc and libamdhip64-dev)"
    (work / "probe.hip").write_text(PROBE, encoding="utf-8")
    failure = hip_builds.compile_unit(compiler, work, Unit("probe.hip", ()), work, more)
    return "" if failure is None else f"{compiler[0]} compiles no HIP here: {failure.text}"


def chosen(tree: Path, pattern: str, limit: int, libraries: bool) -> dict[str, list[Unit]]:
    """Return the programs of a tree and what each compiles, the first `limit` of them."""
    found: dict[str, list[Unit]] = {}
    for folder in sorted(p for p in tree.glob(pattern) if p.is_dir()):
        if limit and len(found) == limit:
            break
        made, links = hip_builds.units(folder)
        if made and (libraries or not links):
            found[folder.relative_to(tree).as_posix()] = made
    return found


def copy_of(tree: Path, to: Path, programs: dict[str, list[Unit]]) -> None:
    """Copy the programs and what they share, once."""
    if to.exists():
        shutil.rmtree(to)
    shared = [
        p
        for p in tree.iterdir()
        if p.is_dir() and not re.search(r"-(?:hip|sycl|omp|cuda)$", p.name)
    ]
    beside = {
        found
        for name, made in programs.items()
        for flag in {f.removeprefix("-I") for unit in made for f in unit.flags}
        for found in [(tree / name / flag).resolve()]
        if flag.startswith("../") and found.is_dir() and found.is_relative_to(tree)
    }
    for folder in [*(tree / name for name in programs), *shared, *sorted(beside)]:
        shutil.copytree(
            folder, to / folder.relative_to(tree), dirs_exist_ok=True, ignore=_only_text,
            ignore_dangling_symlinks=True,
        )  # fmt: skip


def _only_text(folder: str, names: list[str]) -> set[str]:
    """Leave out what is big: data of programs."""
    files = (Path(folder, n) for n in names)
    return {p.name for p in files if p.is_file() and p.stat().st_size > 2_000_000}


def migrated(before: Path, after: Path, target: str) -> dict[str, list[dict[str, Any]]]:
    """Migrate a copy; returns the findings of each file."""
    if after.exists():
        shutil.rmtree(after)
    out = after.with_suffix(".json")
    done = subprocess.run(
        [*reports.portkit_command(), "migrate", str(before), "--root", str(before), "--to", target,
         "--out-dir", str(after), "--format", "json", "-o", str(out), "-j", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"compile_hip: portkit: {done.stderr[-2000:]}")
    plan = json.loads(out.read_text(encoding="utf-8"))["plans"][0]
    return {file["path"]: file.get("findings", []) for file in plan["files"]}


def hipified(folder: Path, script: Path) -> None:
    """Run hipify-perl on each source and header that has a name of CUDA's, as its users do."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix in TEXT and p.is_file()):
        if not OF_CUDA.search(path.read_bytes()):
            continue
        subprocess.run(
            ["perl", str(script), "-inplace", str(path)],
            capture_output=True, check=False, timeout=600,
        )  # fmt: skip


def hand_written(tree: Path, programs: dict[str, list[Unit]], twin: str) -> dict[str, list[Unit]]:
    """Return the programs that an author wrote for HIP, those of the same names."""
    found: dict[str, list[Unit]] = {}
    for name in programs:
        other = tree / f"{name.rpartition('-')[0]}{twin}"
        if other.is_dir() and (made := hip_builds.units(other)[0]):
            found[other.relative_to(tree).as_posix()] = made
    return found


def judged(
    compiler: Sequence[str],
    more: Sequence[str],
    programs: dict[str, list[Unit]],
    tree: Path,
    twin: str,
) -> dict[str, list[dict[str, Any]]]:
    """Compile each program of a tree; returns the failures of each."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, made in programs.items():
        failures = (
            hip_builds.compile_unit(compiler, tree / name, unit, tree, more) for unit in made
        )
        found[name.removesuffix(twin) if twin else name] = [
            vars(failure) | {"class": class_of(failure)} for failure in failures if failure
        ]
        print(f"\r{len(found)} of {len(programs)} {name[:40]:40}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


def is_elsewhere(failure: dict[str, Any], before: Path) -> bool:
    """Return whether a failure is that of a header which the original asks for in the same words
    and which is no part of CUDA's: it is not on this machine, or made by a build.
    """
    name = re.match(r"'([^']+)' file not found", failure["text"])
    path = before / failure["path"]
    if name is None or not path.is_file() or re.match(r"cu|cooperative|nv|mma|thrust", name[1]):
        return False
    return bool(re.search(rf'include\s*[<"]{re.escape(name[1])}', path.read_text(errors="replace")))


def class_of(failure: Failure) -> str:
    """Return the class of a failure, by the words of its first error."""
    for name, pattern in CLASSES:
        if re.search(pattern, failure.text):
            return name
    return "other"


def announced(
    failure: dict[str, Any], before: Path, after: Path, findings: dict[str, list[dict[str, Any]]]
) -> str:
    """Return the rules that spoke of the place of a failure before it was compiled."""
    path = failure["path"]
    if not path or not (before / path).is_file():
        return ""
    line = origin(before / path, after / path, failure["line"])
    there = findings.get(path, [])
    words = {w.rpartition("::")[2] for w in WORD.findall(failure["text"])}
    at = {f["rule"] for f in there if f["line"] <= line <= f["end_line"]}
    named = {
        f["rule"] for f in there
        if words & set(re.findall(r"[A-Za-z_]\w*", json.dumps(f.get("args", {})) + f["message"]))
    }  # fmt: skip
    return " ".join(sorted(at | named))


def origin(before: Path, after: Path, line: int) -> int:
    """Return the line of the original that a line of the output comes from."""
    old, new = (p.read_text(errors="replace").splitlines() for p in (before, after))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for _, i, j, k, m in matcher.get_opcodes():
        if k < line <= m:
            return min(i + line - k, j) if j > i else i + 1
    return line


def show(sides: dict[str, dict[str, list[dict[str, Any]]]], programs: dict[str, Any]) -> None:
    """Print how many compile on each side, and what the failures are."""
    print(f"{'':14}{'programs':>10}{'compile':>10}")
    for side, found in sides.items():
        print(f"{side:14}{len(found):10}{sum(not f for f in found.values()):10}")
    failed = {n: f[0] for n, f in sides["portkit"].items() if f}
    apart = {n for n, f in failed.items() if f["class"] == ELSEWHERE}
    silent = [n for n, f in failed.items() if not f["reported"] and n not in apart]
    reported = len(failed) - len(silent) - len(apart)
    print(f"\nportkit: {len(failed)} fail, {reported} reported, {len(silent)} silent", end="")
    print(f", {len(apart)} for a header that is no part of CUDA")
    for name, count in collections.Counter(f["class"] for f in failed.values()).most_common():
        print(f"{count:5}  {name}")
    for line in _lines(failed):
        print(line)


def _lines(failed: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, failure in sorted(failed.items(), key=lambda item: (bool(item[1]["reported"]), item)):
        said = failure["reported"] or "SILENT"
        yield f"  {said:24} {failure['path'] or name}:{failure['line']}: {failure['text'][:110]}"


if __name__ == "__main__":
    sys.exit(main())

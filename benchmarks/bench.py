# SPDX-License-Identifier: Apache-2.0
"""Every speed figure of portkit in one command, as ratios, beside its peers' text tools and Clang.

    bench.py TREE [--parts cold,lex,warm,changed,hook,targets,workers,growth] [--runs 3] [--json
    OUT] [--work DIR]

portkit runs as $PORTKIT (see reports.py) on copies of TREE, with a cache of its own. What is not
set is left out, with a word: $TORCH_MUSA_UTILS (folder of torch_musa/utils with musify_text.py and
mapping/; needs ahocorapy), $HIPIFY_PERL (the script), $CUDA_INCLUDE (a CUDA toolkit's include
folder, for Clang with full headers). Both wall and processor seconds are taken (of the process and
its children); `ratio` is of wall time, `cpu` of processor time, which a busy machine disturbs less.
Compare only figures of one run. Seconds stand in the JSON, never as a gate.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import reports

SUFFIXES = (".cu", ".cuh", ".h")
PARTS = ("cold", "lex", "warm", "changed", "hook", "targets", "workers", "growth")
FLOOR = str(Path(__file__).with_name("floor.py"))
PROFILE = re.compile(r"^  (?P<target>[^@\s]+)@(?P<profile>\S+?)(?P<default> \(default\))?:", re.M)


class Time:
    """Wall and processor seconds of one process tree, and the peak MiB of its largest process."""

    def __init__(self, wall: float, cpu: float, peak: float) -> None:
        self.wall, self.cpu, self.peak = wall, cpu, peak


def timed(
    command: Sequence[str], environment: dict[str, str], allowed: Sequence[int] = (0,)
) -> Time:
    """Run a command in a child of its own, so that its children's processor time and peak are its
    own.
    """
    read, write = os.pipe()
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(read)
        done = subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        errors = done.stderr.decode(errors="replace")[-300:]
        text = json.dumps(
            [done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, errors]
        )
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        code, cpu, peak, errors = json.load(pipe)
    os.waitpid(child, 0)
    if code not in allowed:
        sys.exit(f"{' '.join(command[:6])} ... ended with {code}: {errors}")
    return Time(time.perf_counter() - began, cpu, peak)


def median(times: Sequence[Time]) -> Time:
    """The medians of wall and processor seconds, the largest peak."""
    return Time(
        statistics.median(t.wall for t in times),
        statistics.median(t.cpu for t in times),
        max(t.peak for t in times),
    )


class Bench:
    """The parts of the benchmark; each adds rows to the table."""

    def __init__(self, tree: Path, work: Path, runs: int) -> None:
        self.work, self.runs = work, runs
        self.tree = work / "tree"
        self.rows: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._memo: dict[str, Time] = {}
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(tree, self.tree, symlinks=True)
        self.files = sorted(p for p in self.tree.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        self.lines = sum(p.read_bytes().count(b"\n") for p in self.files)
        self.bytes = sum(p.stat().st_size for p in self.files)

    # --- what is run ---

    def portkit(
        self,
        words: Sequence[str],
        cache: str = "",
        tree: Path | None = None,
        jobs: int = 1,
        allowed: Sequence[int] = (0,),
    ) -> Time:
        """Run portkit on a tree. `cache` names a cache of its own; "" means --no-cache."""
        root = tree or self.tree
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(self.work / "cache" / cache),
            "XDG_STATE_HOME": str(self.work / "state"),
        }
        command = [
            *reports.portkit_command(),
            *words,
            "--root",
            str(root),
            "-j",
            str(jobs),
            "-q",
            "--no-config",
        ]
        return timed([*command, *([] if cache else ["--no-cache"])], environment, allowed)

    def report(
        self,
        cache: str = "",
        tree: Path | None = None,
        jobs: int = 1,
        targets: Sequence[str] = ("musa",),
        more: Sequence[str] = (),
    ) -> Time:
        root = tree or self.tree
        words = [
            "report",
            str(root),
            *(w for t in targets for w in ("--to", t)),
            "--format",
            "json",
            "-o",
            os.devnull,
            *more,
        ]
        return self.portkit(words, cache, root, jobs)

    def once(self, name: str, make: Callable[[], Time]) -> Time:
        """Measure `self.runs` times, once a benchmark; keep the median."""
        if name not in self._memo:
            self._memo[name] = median([make() for _ in range(self.runs)])
            t = self._memo[name]
            print(
                f"  measured {name}: {t.wall:.2f} s wall, {t.cpu:.2f} s cpu, {t.peak:.0f} MiB",
                file=sys.stderr,
                flush=True,
            )
        return self._memo[name]

    def cold(self) -> Time:
        return self.once("portkit cold, one worker", lambda: self.report())

    def warm(self) -> Time:
        self._fill("warm")
        return self.once("portkit warm, one worker", lambda: self.report("warm"))

    def _fill(self, cache: str) -> None:
        if not (self.work / "cache" / cache).exists():
            self.report(cache)

    def musify(self, files: Sequence[Path] | None = None, name: str = "musify") -> Time | None:
        """The vendor's text tool, rewriting copies in place."""
        utils = os.environ.get("TORCH_MUSA_UTILS", "")
        if not utils:
            self.note("TORCH_MUSA_UTILS is not set: the vendor's text tool is left out")
            return None
        chosen = self.files if files is None else files

        def run() -> Time:
            return timed(
                [sys.executable, FLOOR, "musify", utils, str(self.copies(chosen))], dict(os.environ)
            )

        return self.once(name, run)

    def copies(self, files: Sequence[Path]) -> Path:
        """Copy files for a peer that writes in place; return the file that lists the copies."""
        copy = self.work / "peer"
        shutil.rmtree(copy, ignore_errors=True)
        listed = []
        for path in files:
            target = copy / path.relative_to(self.tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            listed.append(str(target))
        names = self.work / "peer.list"
        names.write_text("\n".join(listed) + "\n", encoding="utf-8")
        return names

    def hipify(self) -> Time | None:
        script = os.environ.get("HIPIFY_PERL", "")
        if not script or shutil.which("perl") is None:
            self.note("HIPIFY_PERL is not set, or perl is missing: hipify-perl is left out")
            return None

        def run() -> Time:
            words = [
                "xargs",
                "-a",
                str(self.copies(self.files)),
                "-d",
                "\n",
                "perl",
                script,
                "-inplace",
                "-quiet-warnings",
            ]
            return timed(words, dict(os.environ), allowed=(0, 123))

        return self.once("hipify-perl", run)

    def clang(self, mode: str) -> Time | None:
        """Clang alone, see floor.py: `files` and `units` against portkit's stubs; `full` with all
        headers.
        """
        include = os.environ.get("CUDA_INCLUDE", "")
        if mode == "full" and not include:
            self.note("CUDA_INCLUDE is not set: Clang with full headers is left out")
            return None
        step = 1 if mode != "full" else int(os.environ.get("FULL_HEADERS_EVERY", "40"))
        out = self.work / f"clang-{mode}.json"

        def run() -> Time:
            timed(
                [
                    sys.executable,
                    FLOOR,
                    "clang",
                    mode,
                    str(self.tree),
                    include or "-",
                    str(step),
                    str(out),
                ],
                dict(os.environ),
            )
            wall, cpu, peak, parsed, units = json.loads(out.read_text(encoding="utf-8"))
            return Time(wall * units / parsed, cpu * units / parsed, peak)

        return self.once(f"Clang {mode}", run)

    # --- the parts ---

    def figure(self, part: str, what: str, wall: float, cpu: float, goal: str, peak: float) -> None:
        """Add a figure that is a ratio already."""
        self.rows.append({
            "part": part, "what": what, "ratio": round(wall, 3), "cpu": round(cpu, 3), "goal": goal,
            "holds": holds(wall, goal), "holds_cpu": holds(cpu, goal), "peak_mib": round(peak),
        })  # fmt: skip
        self.show(self.rows[-1])

    def row(
        self, part: str, what: str, ours: Time, theirs: Time | None, goal: str, higher: bool = False
    ) -> None:
        """Add a ratio ours/theirs (`higher`: theirs/ours, as in "n times as fast")."""
        if theirs is None:
            return
        wall, cpu = (
            (theirs.wall / ours.wall, theirs.cpu / ours.cpu)
            if higher
            else (ours.wall / theirs.wall, ours.cpu / theirs.cpu)
        )
        self.figure(part, what, wall, cpu, goal, ours.peak)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            print(text, file=sys.stderr)

    @staticmethod
    def show(row: dict[str, Any]) -> None:
        mark = "holds" if row["holds"] else "FAILS"
        print(
            f"{row['part']:8} {row['what']:66} {row['ratio']:8.3f} (cpu {row['cpu']:8.3f})  "
            f"goal {row['goal']:9} {mark}",
            flush=True,
        )

    def part_cold(self) -> None:
        self.row(
            "cold",
            "time / bare Clang parse of the same files against the same stubs",
            self.cold(),
            self.clang("files"),
            "<= 1.5",
        )
        self.row(
            "cold",
            "time / bare Clang parse of portkit's units, headers within them only",
            self.cold(),
            self.clang("units"),
            "none",
        )
        self.row(
            "cold",
            "times as fast as hipify-perl without warnings",
            self.cold(),
            self.hipify(),
            ">= 3",
            True,
        )
        self.row(
            "cold",
            "times as fast as Clang with full headers",
            self.cold(),
            self.clang("full"),
            ">= 50",
            True,
        )
        self.row(
            "cold",
            "times as fast as the vendor's text tool",
            self.cold(),
            self.musify(),
            "none",
            True,
        )

    def part_lex(self) -> None:
        lex = self.once("portkit --rung lex", lambda: self.report(more=["--rung", "lex"]))
        self.row(
            "lex",
            "--rung lex: times as fast as the vendor's text tool",
            lex,
            self.musify(),
            ">= 1",
            True,
        )

    def part_warm(self) -> None:
        self.row("warm", "warm / cold", self.warm(), self.cold(), "<= 0.08")
        self.row(
            "warm",
            "warm: times as fast as the vendor's text tool",
            self.warm(),
            self.musify(),
            ">= 1",
            True,
        )

    def part_changed(self) -> None:
        """One changed file of a thousand."""
        tree = self.work / "thousand"
        shutil.rmtree(tree, ignore_errors=True)
        for path in self.files[:1000]:
            target = tree / path.relative_to(self.tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        changed = next(p for p in sorted(tree.rglob("*.cu")) if b"<<<" in p.read_bytes())
        cold = median([self.report(tree=tree) for _ in range(self.runs)])
        self.report("changed", tree)
        times = []
        for i in range(self.runs):
            changed.write_bytes(changed.read_bytes() + b"// %d\n" % i)
            times.append(self.report("changed", tree))
        self.row(
            "changed",
            f"one changed file of {len(list(tree.rglob('*')))}: time / cold",
            median(times),
            cold,
            "<= 0.10",
        )

    def part_hook(self) -> None:
        """One file, whole process."""
        one = next(
            (p for p in self.files if p.match("*/tpacf-cuda/compute.cu")),
            self.files[len(self.files) // 2],
        )
        alone = self.work / "one"
        shutil.rmtree(alone, ignore_errors=True)
        alone.mkdir()
        shutil.copyfile(one, alone / one.name)
        words = ["check", str(alone / one.name), "--to", "musa"]
        runs, self.runs = self.runs, max(self.runs, 5)
        peer = self.musify([one], "musify, one file")
        cold = self.once(
            "portkit check, one file, cold", lambda: self.portkit(words, "", alone, allowed=(0, 1))
        )
        self.portkit(words, "hook", alone, allowed=(0, 1))
        warm = self.once(
            "portkit check, one file, warm",
            lambda: self.portkit(words, "hook", alone, allowed=(0, 1)),
        )
        self.runs = runs
        self.row("hook", "one file, cold / the vendor's text tool", cold, peer, "<= 0.75")
        self.row("hook", "one file, warm / the vendor's text tool", warm, peer, "<= 0.5")

    def part_targets(self) -> None:
        known = all_targets()
        every = self.once("portkit cold, all targets", lambda: self.report(targets=known))
        what = f"{len(known)} targets / 1 target, cold"
        self.row("targets", what, every, self.cold(), "<= 1.3")

    def part_workers(self) -> None:
        runs, self.runs = self.runs, 5
        one = self.once("portkit -j 1, of five", lambda: self.report())
        two = self.once("portkit -j 2, of five", lambda: self.report(jobs=2))
        self.runs = runs
        self.row("workers", "2 workers: times as fast as 1 (median of 5)", two, one, ">= 1.6", True)

    def part_growth(self) -> None:
        """Replicated trees with names changed, so that no cache and no memo helps."""
        points = []
        for lines in (10_000, 100_000, 1_000_000):
            tree = self.work / f"growth-{lines}"
            shutil.rmtree(tree, ignore_errors=True)
            real = replicate(self.files, self.tree, tree, lines)
            t = self.report(tree=tree)
            shutil.rmtree(tree)
            points.append((real, t))
            wall, cpu = t.wall / points[0][1].wall, t.cpu / points[0][1].cpu
            self.figure(
                "growth", f"{real} lines: time in those of the first", wall, cpu, "none", t.peak
            )
        span = math.log(points[-1][0] / points[0][0])
        first, last = points[0][1], points[-1][1]
        pairs = (first.wall, last.wall), (first.cpu, last.cpu), (first.peak, last.peak)
        wall, cpu, memory = (math.log(b / a) / span for a, b in pairs)
        self.figure("growth", "time exponent", wall, cpu, "<= 1.10", last.peak)
        self.figure(
            "growth", "memory exponent (largest process)", memory, memory, "<= 0.5", last.peak
        )
        self.figure(
            "growth",
            "MiB of the largest process at the last size",
            last.peak,
            last.peak,
            "<= 300",
            last.peak,
        )


def all_targets() -> list[str]:
    """Return every target that portkit knows, with its first profile where none is the default."""
    command = [*reports.portkit_command(), "targets"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    first: dict[str, str] = {}
    for found in PROFILE.finditer(said):
        name = found["target"]
        first.setdefault(name, f"{name}@{found['profile']}")
        if found["default"]:
            first[name] = name
    return list(first.values())


def holds(value: float, goal: str) -> bool:
    """Return whether a value meets a goal such as `<= 1.5`."""
    if goal == "none":
        return True
    sign, number = goal.split()
    return value <= float(number) if sign == "<=" else value >= float(number)


_OWN = re.compile(
    rb"\b(?!cu|CU|nccl|nv|thrust|cub|std|__|main\b|int\b|float\b|double\b|void\b|if\b|for\b)([a-z]\w{3,})\b(?=\s*[\[(=;,)+*/<>.-])"
)


def replicate(files: Sequence[Path], root: Path, out: Path, lines: int) -> int:
    """Write copies of whole folders until there are so many lines; words of the project's own get
    another ending in each copy.
    """
    done, copy, draw = 0, 0, random.Random(7)
    folders: dict[Path, list[Path]] = {}
    for path in files:
        folders.setdefault(path.parent, []).append(path)
    order = sorted(folders)
    draw.shuffle(order)
    while done < lines:
        for folder in order:
            for path in folders[folder]:
                data = path.read_bytes()
                words = {m.group(1) for m in _OWN.finditer(data)}
                kept = sorted(w for w in words if int.from_bytes(w[-2:], "big") % 3 == 0)[:40]
                for word in kept:
                    data = re.sub(
                        rb"\b" + word + rb"\b(?=\s*[\[=;,\)])", word + b"_%d" % copy, data
                    )
                target = out / f"c{copy}" / path.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                done += data.count(b"\n")
            if done >= lines:
                break
        copy += 1
    return done


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument(
        "--work",
        type=Path,
        help="where copies are made (default: a new temporary folder, removed at the end)",
    )
    options = parser.parse_args()
    parts = options.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    work = options.work or Path(tempfile.mkdtemp(prefix="portkit-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.tree.resolve(), work.resolve(), options.runs)
    size = f"{len(bench.files)} files, {bench.lines} lines, {bench.bytes / 1e6:.1f} MB"
    print(f"{size}; median of {options.runs}; one worker unless said", flush=True)
    for part in parts:
        getattr(bench, f"part_{part}")()
    if options.json:
        seconds = {
            name: {"wall": t.wall, "cpu": t.cpu, "peak_mib": t.peak}
            for name, t in bench._memo.items()
        }
        document = {
            "files": len(bench.files),
            "lines": bench.lines,
            "runs": options.runs,
            "rows": bench.rows,
            "seconds": seconds,
            "notes": bench.notes,
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if not options.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Kill `portkit migrate --in-place` at random moments and check that no work is lost.

    properties.py TREE [--target musa] [--kills 20] [--seed 1] [--work DIR] [-- OPTION...]

On copies of TREE, with $PORTKIT (see reports.py) and a state folder of its own:
  1. an undisturbed run gives the new bytes; a second run changes nothing; `--undo` restores the first bytes and modes
  2. each round starts a run and kills it with SIGKILL: half of the rounds at a random moment of the whole run, half
     right after the first file has changed. Every file must then be old or new, whole, and no stray file may stay
     once the next run has ended. Even rounds: the next run finishes (all files new) and `--undo` brings the old
     bytes back. Odd rounds: `--undo` alone brings them back.
OPTIONs go to each migrating run: with `-- --rename-files` a rename and every include of it are one group, which a
killed run must leave to be finished or taken back whole.
Exit 1 at the first broken promise; the folder of that round is kept and named.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import reports

State = dict[str, tuple[str, int]]


def state(tree: Path) -> State:
    """Return path -> (hash of the bytes, mode bits) of every file below a folder."""
    return {
        p.relative_to(tree).as_posix(): (
            hashlib.sha256(p.read_bytes()).hexdigest(),
            p.stat().st_mode,
        )
        for p in sorted(tree.rglob("*"))
        if p.is_file() and not p.is_symlink()
    }


class Bench:
    """One tree, one target, one state folder."""

    def __init__(self, tree: Path, target: str, work: Path, options: list[str]) -> None:
        self.tree, self.target, self.work, self.options = tree, target, work, options
        self.copy = work / "tree"
        self.environment = {
            **os.environ,
            "XDG_STATE_HOME": str(work / "state"),
            "PORTKIT_STATE_DIR": str(work / "state"),
        }

    def fresh(self) -> None:
        """Start from the first bytes and an empty journal."""
        for folder in (self.copy, self.work / "state"):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.tree, self.copy, symlinks=True)

    def command(self, *words: str) -> list[str]:
        return [
            *reports.portkit_command(),
            "migrate",
            str(self.copy),
            "--root",
            str(self.copy),
            *words,
        ]

    def run(self, *words: str) -> None:
        done = subprocess.run(
            self.command(*words), env=self.environment, capture_output=True, check=False
        )
        if done.returncode:
            self.fail(
                f"{' '.join(words)} ended with {done.returncode}: {done.stderr.decode()[-600:]}"
            )

    def migrate(self) -> None:
        self.run(
            "--to", self.target, "--in-place", "--allow-dirty", "-q", "--no-cache", *self.options
        )

    def kill_one(self, after: float, at_first_change: bool, before: State) -> bool:
        """Start a run and kill it; return False when it ended first."""
        child = subprocess.Popen(
            self.command(
                "--to",
                self.target,
                "--in-place",
                "--allow-dirty",
                "-q",
                "--no-cache",
                *self.options,
            ),
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if at_first_change:
            stamps = {p: (self.copy / p).stat().st_mtime_ns for p in before}
            while child.poll() is None and not self.began(stamps):
                time.sleep(0.0005)
        time.sleep(after)
        ended = child.poll() is not None
        if not ended:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return not ended

    def began(self, stamps: dict[str, int]) -> bool:
        """Tell whether a file is other than it was, or gone."""
        try:
            return any((self.copy / p).stat().st_mtime_ns != t for p, t in stamps.items())
        except FileNotFoundError:
            return True

    def fail(self, why: str) -> None:
        sys.exit(f"FAILED: {why}\nkept: {self.work}")


def compare(bench: Bench, got: State, wanted: State, what: str) -> None:
    """Fail unless two states are equal."""
    wrong = sorted(p for p in got.keys() | wanted.keys() if got.get(p) != wanted.get(p))
    if wrong:
        bench.fail(f"{what}: {len(wrong)} files differ, first {wrong[0]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--target", default="musa")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--work",
        type=Path,
        help="where copies are made (default: a new temporary folder, removed at the end)",
    )
    own, passed = reports.split_options(sys.argv[1:])
    options = parser.parse_args(own)
    work = options.work or Path(tempfile.mkdtemp(prefix="portkit-kill-"))
    work.mkdir(parents=True, exist_ok=True)
    bench, draw = (
        Bench(options.tree.resolve(), options.target, work, passed),
        random.Random(options.seed),
    )
    old = state(bench.tree)
    bench.fresh()
    began = time.perf_counter()
    bench.migrate()
    seconds = time.perf_counter() - began
    new = state(bench.copy)
    changed = sum(old.get(p) != new.get(p) for p in old.keys() | new.keys())
    bench.migrate()
    compare(bench, state(bench.copy), new, "a second run")
    bench.run("--undo")
    compare(bench, state(bench.copy), old, "--undo after two runs")
    print(f"{len(old)} files, {changed} changed, {seconds:.1f} s")
    print("a second run changes nothing; --undo restores bytes and modes")
    killed = torn = stray = 0
    for number in range(options.kills):
        bench.fresh()
        focused = number % 2 == 1 or number % 4 == 2
        after = draw.uniform(0, 0.05) if focused else draw.uniform(0, seconds)
        if not bench.kill_one(after, focused, old):
            continue
        killed += 1
        now = state(bench.copy)
        for path, value in now.items():
            if path in old.keys() | new.keys() and value not in (old.get(path), new.get(path)):
                bench.fail(f"round {number}: {path} is neither old nor new")
        lost = [p for p in old if p not in now and p in new]
        if lost:
            bench.fail(f"round {number}: {lost[0]} is gone")
        stray += any(p not in old and p not in new for p in now)
        changed_ones = [p for p in old.keys() | new.keys() if old.get(p) != new.get(p)]
        torn += any(now.get(p) == new.get(p) for p in changed_ones) and any(
            now.get(p) == old.get(p) for p in changed_ones
        )
        if number % 4 < 2:
            bench.migrate()
            compare(bench, state(bench.copy), new, f"round {number}: the run after the kill")
        bench.run("--undo")
        compare(bench, state(bench.copy), old, f"round {number}: --undo")
    print(
        f"{killed} of {options.kills} runs killed: {torn} stood half way, {stray} left a stray file until the next run"
    )
    print("all were brought to an end and back")
    if not options.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Let each system call of `portkit migrate --in-place` and of `--undo` fail, or kill the process
there.

    faults.py [TREE] [--target musa] [--mode single,onward,kill] [--command migrate,undo] [--error EIO]
              [--calls rename,...] [--every 1] [--all] [--work DIR] [-- OPTION...]

Needs strace. On copies of TREE (default: three small files that the script makes), with $PORTKIT (see reports.py) and a
state folder of its own. A first run under strace counts the calls that touch the tree, the state folder or standard
output, from where the journal is locked on (`--all`: from the start, where files are only read); then each in turn
  single  fails once,
  onward  fails, and every later one of its kind too,
  kill    is where the process gets SIGKILL.
After each the script looks at four things:
  1. every file is old or new, whole, with its mode; nothing is lost
  2. the exit code and what was said fit the tree: all old, all new, or files of both kinds
  3. the next run brings the tree to one end: the same command to the new one (then `--undo` back), or `--undo` alone to
     the old one; the two take turns, so that each kind of call sees both
  4. no temporary file is left then
OPTIONs go to each migrating run, e.g. `-- --rename-files`.
Prints a line for each broken promise and the counts; exit 1 when there is one. The folder is kept then.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import reports
from properties import State, state

CALLS = (
    "rename,openat,read,write,fsync,unlink,chmod,fchmod,fchown,mkdir,rmdir,flock,utimensat,"
    "newfstatat,getdents64,fsetxattr"
)
ERRORS = {"flock": "ENOLCK"}
FILES = {
    "a.cu": "#include <cuda_runtime.h>\nvoid a(void *p) { cudaFree(p); }\n",
    "b.cu": '#include "sub/c.cuh"\nvoid b(void *p) { cudaFree(p); c(p); }\n',
    "sub/c.cuh": "#pragma once\n#include <cuda_runtime.h>\ninline void c(void *p) { cudaFree(p); }\n",
}
_CALL = re.compile(r"(?:(?P<pid>\d+)\s+)?(?P<name>\w+)\((?P<rest>.*)")
_TO_A_WORKER = re.compile(r"(?!1<)\d+<pipe:")


class Point(NamedTuple):
    """The `number`-th call (from 1) of a name that the process makes, and what it touches."""

    call: str
    number: int
    touched: str


class Bench:
    """One tree, one target, one state folder."""

    def __init__(
        self, tree: Path, options: argparse.Namespace, passed: list[str], work: Path
    ) -> None:
        self.tree, self.work, self.whole = tree, work, options.all
        self.copy, self.journal = work / "tree", work / "state"
        self.migrate = [
            "--to",
            options.target,
            "--in-place",
            "--allow-dirty",
            "--no-cache",
            "-j",
            "1",
            *passed,
        ]
        self.environment = {
            **os.environ,
            "PORTKIT_STATE_DIR": str(self.journal),
            "PYTHONHASHSEED": "0",
        }

    def fresh(self) -> None:
        """Start from the first bytes and an empty journal."""
        for folder in (self.copy, self.journal):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.tree, self.copy, symlinks=True)

    def run(self, words: list[str], *traced: str) -> subprocess.CompletedProcess[str]:
        """Run portkit's migrate with `words`, under strace with the options `traced` when there are
        any.
        """
        strace = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-y",
            "-s",
            "600",
            "-o",
            str(self.work / "trace"),
            *traced,
        ]
        portkit = [
            *reports.portkit_command(),
            "migrate",
            str(self.copy),
            "--root",
            str(self.copy),
            *words,
        ]
        command = [*strace, *portkit] if traced else portkit
        return subprocess.run(
            command,
            env=self.environment,
            cwd="/",
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def touching(self) -> Iterator[Point]:
        """Yield the calls of the first process in the last trace that touch what matters."""
        lines = (self.work / "trace").read_text(errors="replace").splitlines()
        calls = [found for found in map(_CALL.match, lines) if found is not None]
        writer = next((call["pid"] for call in calls if call["name"] == "flock"), None)
        counts: Counter[str] = Counter()
        begun = self.whole
        for call in calls:
            if call["pid"] != writer:
                continue  # a child: it writes nothing
            name, rest = call["name"], call["rest"]
            counts[name] += 1
            begun = begun or name == "flock"
            if _TO_A_WORKER.match(rest):
                continue  # a job that is lost is no write that is
            if begun and (
                str(self.copy) in rest or str(self.journal) in rest or rest.startswith("1<")
            ):
                yield Point(name, counts[name], rest.replace(str(self.work), "")[:90])


class Verdict:
    """What was tried and what broke."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.stood: Counter[str] = Counter()
        self.faults: list[str] = []


def stand(now: State, old: State, new: State) -> str:
    """Return where a tree stands: `old`, `new`, `both`, or what is wrong with it. Temporary files
    count apart.
    """
    own = {p: v for p, v in now.items() if ".portkit-" not in p}
    for path, value in own.items():
        if value not in (old.get(path), new.get(path)):
            return f"{path} is neither old nor new"
    stems = {str(Path(p).with_suffix("")) for p in own}
    for path in old:
        if str(Path(path).with_suffix("")) not in stems:
            return f"{path} is gone"
    return "old" if own == old else "new" if own == new else "both"


def told(where: str, undo: bool, done: subprocess.CompletedProcess[str]) -> str:
    """Return what is wrong with what a failed run said; empty when it fits the tree."""
    said, code = done.stderr, done.returncode
    if "Traceback" in said or "fault of portkit" in said:
        return "a fault instead of a line"
    if code == 0:
        return "" if where == ("old" if undo else "new") else f"exit 0 and the tree is {where}"
    if "could be taken back" in said or "could be brought back" in said:
        return ""  # nobody can know: it says so, and the journal is kept
    came = re.search(r"(\d+) of \d+ files were (?:written|brought back)(, perhaps )?", said)
    count, perhaps = (int(came[1]), bool(came[2])) if came else (0, False)
    whole = re.search(r"all \d+ files are|files written|files brought back", said)
    stands = {"new": "old", "old": "new"}.get(where, where) if undo else where
    if stands == "new" and not whole and not (count and perhaps):
        return "all was done and the message does not say so"
    if stands == "old" and (whole or count):
        return "nothing was done and the message says otherwise"
    if stands == "both" and not (count or perhaps):
        return "a part was done and the message does not say so"
    return ""


def attempt(
    bench: Bench,
    point: Point,
    mode: str,
    command: str,
    error: str,
    old: State,
    new: State,
    turn: int,
    verdict: Verdict,
) -> None:
    """Try one point and write down what broke."""
    undo = command == "undo"
    bench.fresh()
    if undo and bench.run(bench.migrate).returncode:
        sys.exit("a run without faults failed")
    what = "signal=SIGKILL" if mode == "kill" else f"error={ERRORS.get(point.call, error)}"
    more = "+" if mode == "onward" else ""
    inject = f"inject={point.call}:{what}:when={point.number}{more}"
    done = bench.run(
        ["--undo"] if undo else bench.migrate, "-e", f"trace={point.call}", "-e", inject
    )
    where = stand(state(bench.copy), old, new)
    verdict.tried[mode] += 1
    verdict.stood[where] += 1

    def broken(why: str) -> None:
        place = f"{mode} {command} {point.call} #{point.number} {point.touched}"
        verdict.faults.append(place)
        print(f"FAULT {place}: {why} [{done.stderr.strip()[-300:]}]", flush=True)

    if where not in ("old", "new", "both"):
        return broken(where)
    mute = (
        mode == "onward" and point.call == "write" and done.returncode == 2
    )  # nothing can be said then
    if mode != "kill" and not mute and (why := told(where, undo, done)):
        broken(why)
    if turn % 2 and not undo:
        again = bench.run(bench.migrate)
        if again.returncode or stand(state(bench.copy), old, new) != "new":
            return broken(f"the next run does not finish it: {again.stderr.strip()[-300:]}")
    back = bench.run(["--undo"])
    now = state(bench.copy)
    if stand(now, old, new) != "old":
        return broken(f"--undo does not bring it back: {back.stderr.strip()[-300:]}")
    if now != old:
        return broken("a temporary file stays")
    return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path, nargs="?")
    parser.add_argument("--target", default="musa")
    parser.add_argument("--mode", default="single,onward,kill")
    parser.add_argument("--command", default="migrate,undo")
    parser.add_argument("--error", default="EIO")
    parser.add_argument("--calls", default=CALLS)
    parser.add_argument("--every", type=int, default=1, help="try every Nth call only")
    parser.add_argument("--all", action="store_true", help="calls before the journal is locked too")
    parser.add_argument("--work", type=Path)
    own, passed = reports.split_options(sys.argv[1:])
    options = parser.parse_args(own)
    if "flock" not in options.calls.split(","):
        options.calls += ",flock"  # from where on it writes
    if shutil.which("strace") is None:
        sys.exit("strace is not installed")
    work = options.work or Path(tempfile.mkdtemp(prefix="portkit-faults-"))
    work.mkdir(parents=True, exist_ok=True)
    tree = (options.tree or work / "made").resolve()
    if options.tree is None:
        for name, text in FILES.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
    bench, verdict = Bench(tree, options, passed, work), Verdict()
    bench.fresh()
    bench.run(bench.migrate)
    old, new = state(tree), state(bench.copy)
    for command in options.command.split(","):
        bench.fresh()
        if command == "undo":
            bench.run(bench.migrate)
        bench.run(
            ["--undo"] if command == "undo" else bench.migrate, "-e", f"trace={options.calls}"
        )
        points = list(bench.touching())[:: options.every]
        print(f"{command}: {len(points)} calls", flush=True)
        for mode in options.mode.split(","):
            for turn, point in enumerate(points):
                if sys.stderr.isatty():
                    print(
                        f"\r{command} {mode} {turn + 1}/{len(points)}, {len(verdict.faults)} faults ",
                        end="",
                        file=sys.stderr,
                    )
                attempt(bench, point, mode, command, options.error, old, new, turn, verdict)
    print(
        f"tried: {dict(verdict.tried)}; the tree stood then: {dict(verdict.stood)}; faults: {len(verdict.faults)}"
    )
    if verdict.faults:
        sys.exit(f"kept: {work}")
    if not options.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""How long a user waits for a small question and for the hook on one file, as ratios to `python -c
pass` in one run.

    python benchmarks/startup.py [FILE] [--to TARGET] [--runs N] [--profile] [--beside COMMAND...]

Runs are taken in turn, and the fastest of each counts: other work on the machine slows some of
them. FILE is a CUDA source for `check`; `--beside` is another tool's command line for the same
file. `--profile` lists what is imported.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = (
    "#include <cuda_runtime.h>\nint main() { void *p; return cudaMalloc(&p, 8) != cudaSuccess; }\n"
)
TOP = 15


def once(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Run a command; return its seconds on the wall and on the processor."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        command,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    wall, after = time.perf_counter() - start, os.times()
    spent = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return wall, spent


def imported(command: list[str], env: dict[str, str]) -> None:
    """Print the imports of a command that take longest, each with what it imports itself."""
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [
        line.removeprefix("import time:").split("|")
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    ]
    times = sorted(
        ((int(r[1]), r[2].strip()) for r in rows if r[1].strip().isdigit()), reverse=True
    )
    print(f"  {len(times)} modules; the longest, in microseconds, with what they import:")
    for microseconds, name in times[:TOP]:
        print(f"  {microseconds:>9} {name}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--to", default="musa")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument(
        "--beside", metavar="COMMAND", help="another tool's command line, FILE included"
    )
    given = parser.parse_args()
    portkit = shlex.split(os.environ.get("PORTKIT", f"{shlex.quote(sys.executable)} -m portkit"))
    with tempfile.TemporaryDirectory() as folder:
        file = given.file
        if file is None:
            file = Path(folder) / "small.cu"
            file.write_text(SMALL, encoding="utf-8")
        env = {
            **os.environ,
            "XDG_STATE_HOME": folder,
            "XDG_CACHE_HOME": folder,
            "PORTKIT_CACHE_DIR": f"{folder}/cache",
        }
        check = [*portkit, "check", str(file), "--to", given.to, "-j", "1"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "portkit --version": [*portkit, "--version"],
            "portkit explain": [*portkit, "explain", "PK201"],
            "portkit query": [*portkit, "query", "cudaMalloc", "--to", given.to],
            "portkit check, cold": [*check, "--no-cache"],
            "portkit check, warm": check,
        }
        if given.beside:
            commands["beside"] = shlex.split(given.beside)
        best = {name: (float("inf"), float("inf")) for name in commands}
        for _ in range(given.runs):
            for name, command in commands.items():
                best[name] = tuple(map(min, best[name], once(command, env)))  # type: ignore[assignment]
        wall = best["python -c pass"][0]
        print(f"{'':22}{'wall ms':>9}{'ratio':>7}{'cpu ms':>9}")
        for name, (a, b) in best.items():
            print(f"{name:22}{a * 1000:9.1f}{a / wall:6.1f}x{b * 1000:9.0f}")
        if given.beside:
            for name in ("portkit check, cold", "portkit check, warm"):
                print(f"{name} / beside: {best[name][0] / best['beside'][0]:.2f}")
        if given.profile:
            for name, command in list(commands.items())[1:5]:
                print(name)
                if command[: len(portkit)] == portkit and portkit[-2:] == ["-m", "portkit"]:
                    imported(command, env)


if __name__ == "__main__":
    main()

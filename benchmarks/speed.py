# SPDX-License-Identifier: Apache-2.0
"""How fast portkit reads and rewrites, beside the text tools of its peers, and where its time goes.

    speed.py TREE [--target musa] [--runs 3] [--file FILE] [--tools "musify hipify-perl"]
    [--profile] [--work DIR]

portkit runs as $PORTKIT (see reports.py): `migrate --in-place --allow-dirty --no-cache` on a fresh
copy, one worker; --file times one file the same way. Peers run through the script
$PEERS_BENCH/run_peers.sh, which finds them by its own environment ($TORCH_MUSA_GIT, $HIPIFY_GIT,
$PYTORCH_HIPIFY ...); without PEERS_BENCH, or for a tool that the script does not find, the peer is
left out and this is said. Seconds are whole-process wall time, median of the runs; compare only
numbers of one batch. --profile times a report at each rung of the ladder, which tells what the
syntax trees and Clang add, and runs once more under cProfile, which sums own time by part of
portkit in the main process (Clang works in child processes: waiting for them shows as `poll`).
"""

from __future__ import annotations

import argparse
import collections
import os
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cwords
import reports


def sizes(tree: Path) -> tuple[int, int, int]:
    """Return (files, lines, bytes) of the C, C++ and CUDA sources below a folder."""
    files = cwords.source_files(tree)
    data = [(tree / f).read_bytes() for f in files]
    return len(files), sum(d.count(b"\n") for d in data), sum(map(len, data))


def timed(
    tree: Path, target: str, runs: int, work: Path, extra: list[str]
) -> tuple[float, float, float, float]:
    """Return (median, min, max) seconds and peak MiB of `portkit migrate` on fresh copies."""
    seconds = []
    for _ in range(runs):
        copy = work / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(tree, copy, symlinks=True)
        environment = {**os.environ, "XDG_STATE_HOME": str(work / "state")}
        words = [
            "migrate",
            str(copy),
            "--root",
            str(copy),
            "--to",
            target,
            "--in-place",
            "--allow-dirty",
            "--no-cache",
            "-q",
            *extra,
        ]
        began = time.perf_counter()
        done = subprocess.run(
            [*reports.portkit_command(), *words], env=environment, capture_output=True, check=False
        )
        seconds.append(time.perf_counter() - began)
        if done.returncode:
            sys.exit(f"portkit ended with {done.returncode}: {done.stderr.decode()[-400:]}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return statistics.median(seconds), min(seconds), max(seconds), peak


def peers(tree: Path, tools: str, runs: int, work: Path) -> dict[str, float]:
    """Return tool -> median seconds, as the peers' script measures them; says what is left out."""
    bench = os.environ.get("PEERS_BENCH")
    if not bench:
        print("peers: PEERS_BENCH is not set, left out")
        return {}
    out = work / "peers"
    environment = {
        "WARN_FILES": "0",
        "PYTHON": sys.executable,
        **os.environ,
        "TOOLS": tools,
        "RUNS": str(runs),
    }
    done = subprocess.run(
        ["bash", str(Path(bench) / "run_peers.sh"), str(tree), str(out)],
        env=environment,
        capture_output=True,
        check=False,
    )
    table = out / "results.tsv"
    if done.returncode or not table.is_file():
        print(f"peers: the script ended with {done.returncode}: {done.stderr.decode()[-300:]}")
        return {}
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    found = {r[0]: float(r[3]) for r in rows}
    for tool in tools.split():
        if tool not in found:
            print(f"peers: {tool} is not here, left out")
    return found


def profile(tree: Path, target: str, work: Path, top: int) -> None:
    """Print own seconds by part of portkit, then the costliest functions."""
    print("\nreport at each rung, one worker:")
    before = 0.0
    for rung in ("lex", "syntax", "clang"):
        words = [
            "report",
            str(tree),
            "--root",
            str(tree),
            "--to",
            target,
            "--format",
            "json",
            "-o",
            os.devnull,
        ]
        began = time.perf_counter()
        subprocess.run(
            [*reports.portkit_command(), *words, "-j", "1", "-q", "--no-cache", "--rung", rung],
            check=True,
        )
        seconds = time.perf_counter() - began
        print(f"  {rung:7} {seconds:7.2f} s  (+{seconds - before:.2f} s)")
        before = seconds
    dump = work / "profile"
    command = [
        sys.executable,
        "-m",
        "cProfile",
        "-o",
        str(dump),
        "-m",
        "portkit",
        "report",
        str(tree),
        "--root",
        str(tree),
    ]
    subprocess.run(
        [
            *command,
            "--to",
            target,
            "--format",
            "json",
            "-o",
            os.devnull,
            "-j",
            "1",
            "-q",
            "--no-cache",
        ],
        check=True,
    )
    stats = pstats.Stats(str(dump)).stats  # type: ignore[attr-defined]
    parts: collections.Counter[str] = collections.Counter()
    for (file, _, name), (_, _, own, _, _) in stats.items():
        inside = file.partition("portkit/")[2].partition("/")
        if "/portkit/" in file:
            part = "portkit." + (inside[0] if inside[1] else inside[0].removesuffix(".py"))
        elif "clang" in file:
            part = "clang bindings and libclang"
        elif file == "~":
            part = f"built in {name[:60]}"
        else:
            part = "other Python"
        parts[part] += own
    total = sum(parts.values())
    print(f"\nprofile: {total:.1f} s under cProfile (slower than without)")
    for part, own in parts.most_common(top):
        print(f"  {own:7.2f} s  {100 * own / total:5.1f} %  {part}")
    print("costliest functions, own time:")
    for (file, line, name), (_, calls, own, whole, _) in sorted(
        stats.items(), key=lambda x: -x[1][2]
    )[:top]:
        place = f"{'/'.join(Path(file).parts[-3:])}:{line} {name}"
        print(f"  {own:7.2f} s  {whole:7.2f} s with callees  {calls:9} calls  {place}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--target", default="musa")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--file", type=Path, help="also time this one file alone")
    parser.add_argument("--tools", default="musify hipify-perl torch-hipify")
    parser.add_argument("--rung", default="clang", choices=["lex", "syntax", "clang"])
    parser.add_argument("-j", "--jobs", default="1")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument(
        "--work",
        type=Path,
        help="where copies are made (default: a new temporary folder, removed at the end)",
    )
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="portkit-speed-"))
    work.mkdir(parents=True, exist_ok=True)
    jobs = []
    if options.file:
        alone = work / "one"
        shutil.rmtree(alone, ignore_errors=True)
        alone.mkdir()
        shutil.copy(options.file, alone)
        jobs.append(("one file", alone))  # first: peak memory is that of the largest child so far
    jobs.append(("tree", options.tree))
    for what, tree in jobs:
        files, lines, count = sizes(tree)
        median, low, high, peak = timed(
            tree, options.target, options.runs, work, ["--rung", options.rung, "-j", options.jobs]
        )
        print(f"{what}: {files} files, {lines} lines, {count / 1e6:.2f} MB")
        print(
            f"portkit ({options.rung}, {options.jobs} worker): {median:.2f} s ({low:.2f}-{high:.2f})"
        )
        print(f"  {lines / median:.0f} lines/s, peak {peak:.0f} MiB")
        for tool, seconds in peers(tree.resolve(), options.tools, options.runs, work).items():
            ratio = median / seconds
            print(
                f"{tool}: {seconds:.2f} s, {lines / seconds:.0f} lines/s; portkit takes {ratio:.2f} times as long"
            )
    if options.profile:
        profile(options.tree, options.target, work, options.top)
    if not options.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

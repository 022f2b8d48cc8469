# SPDX-License-Identifier: Apache-2.0
"""What rules cost beside the scan: ratios from one profiled run, so that a busy machine does not
blur them.

    rules_cost.py TREE [--targets "musa@mp_21 maca biren@gen2 enflame"]

Runs `portkit report` once under cProfile with one worker and every target, and reads the profile:
the time in the scan, in the views that rules share (text without comments, device functions, warp
calls, features, PTX), and in rules beyond the views, per target. Clang works outside of the
profiler or in native code, and cProfile slows Python code down: the shares of rules are upper
bounds. Goals: shared views <= 25 % of the scan for one target, rules <= 5 % of the scan per target.
"""

from __future__ import annotations

import argparse
import os
import pstats
import subprocess
import sys
import tempfile
from pathlib import Path

VIEWS = {
    ("kernels.py", "code"), ("kernels.py", "device_functions"), ("lanes.py", "warp_calls"),
    ("lanes.py", "warp_functions"),
    ("features.py", "uses"), ("ptx.py", "statements"),
}  # fmt: skip


def cumulative(stats: pstats.Stats, file: str, function: str) -> tuple[int, float]:
    """Return (calls, cumulative seconds) of a function of portkit, by the end of its path and its
    name.
    """
    found = [
        (v[0], v[3])
        for (path, _, name), v in stats.stats.items()
        if name == function and path.endswith(file)
    ]  # type: ignore[attr-defined]
    return max(found, default=(0, 0.0), key=lambda pair: pair[1])


def once(stats: pstats.Stats) -> float:
    """Return the seconds in shared views: what `FileView.once` costs, nested views counted once."""
    return cumulative(stats, "rules/view.py", "once")[1]


def main() -> int:
    """Run, read the profile, print ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--targets", default="musa@mp_21 maca biren@gen2 enflame")
    options = parser.parse_args()
    targets = options.targets.split()
    with tempfile.TemporaryDirectory() as work:
        profile = Path(work, "profile")
        words = [word for t in targets for word in ("--to", t)]
        command = [
            sys.executable,
            "-m",
            "cProfile",
            "-o",
            str(profile),
            "-m",
            "portkit",
            "report",
            str(options.tree),
            *words,
        ]
        command += [
            "--root",
            str(options.tree),
            "--format",
            "json",
            "-o",
            str(Path(work, "report.json")),
            "-j",
            "1",
            "-q",
            "--no-cache",
        ]
        subprocess.run(command, check=True, env=os.environ)
        stats = pstats.Stats(str(profile))
    scan = cumulative(stats, "run/pipeline.py", "scan_paths")[1]
    files, rules = cumulative(stats, "rules/registry.py", "run_file_rules")
    views = once(stats)
    print(f"scan: {scan:.2f} s; {files} views of files for {len(targets)} targets")
    print(
        f"shared views: {100 * views / len(targets) / scan:.1f} % of the scan per target, "
        f"{100 * views / scan:.1f} % for all"
    )
    print(
        f"rules beyond the views: {100 * (rules - views) / len(targets) / scan:.1f} % of the scan per target"
    )
    for file, name in sorted(VIEWS):
        calls, seconds = cumulative(stats, f"rules/{file}", name)
        print(f"  {name:18s} {calls:6d} calls {100 * seconds / scan:5.1f} % of the scan")
    return 0


if __name__ == "__main__":
    sys.exit(main())

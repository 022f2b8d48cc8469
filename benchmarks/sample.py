# SPDX-License-Identifier: Apache-2.0
"""Draw references of a report at random and print each with its source line and decision, for
reading by eye.

    sample.py REPORT.json TREE [--n 40] [--seed 1] [--decision edit] [--context macro]
    [--no-builtin] ...

The same seed and report give the same draw. Columns are 1-based code points.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import reports


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("report", type=Path)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    for field in ("decision", "reason", "context", "proof", "name", "library"):
        parser.add_argument(f"--{field}", help=f"only references of this {field}")
    parser.add_argument(
        "--no-builtin", action="store_true", help="leave out names that the target spells the same"
    )
    options = parser.parse_args()
    pool = []
    for path, found in reports.references(reports.load_plan(options.report)).items():
        for r in found:
            wanted = all(
                getattr(options, f) in (None, str(r.get(f)).lower() if f == "proof" else r.get(f))
                for f in ("decision", "reason", "context", "proof", "name", "library")
            )
            if wanted and not (options.no_builtin and r["reason"] == "same-spelling"):
                pool.append((path, r))
    pool.sort(key=lambda x: (x[0], x[1]["offset"]))
    drawn = random.Random(options.seed).sample(pool, min(options.n, len(pool)))
    print(f"{len(drawn)} of {len(pool)} references, seed {options.seed}")
    for number, (path, r) in enumerate(sorted(drawn, key=lambda x: (x[0], x[1]["offset"])), 1):
        data = (options.tree / path).read_bytes()
        start = data.rfind(b"\n", 0, r["offset"]) + 1
        end = data.find(b"\n", r["offset"])
        line = data[start : end if end >= 0 else len(data)].decode("utf-8", "replace").strip()
        spelt = data[r["offset"] : r["offset"] + r["length"]].decode("utf-8", "replace")
        print(f"\n{number:3}. {path}:{r['line']}:{r['column']}  {spelt}  {reports.show(r)}")
        print(
            f"     {r['kind']} of {r['library'] or '?'}, {r['context']}, proof {r['proof']}, rung {r['rung']}"
        )
        print(f"     | {line[:200]}")


if __name__ == "__main__":
    main()

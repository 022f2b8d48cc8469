# SPDX-License-Identifier: Apache-2.0
"""What portkit is measured against, each run as a process of its own by bench.py.

    floor.py musify UTILS LIST             the vendor's text tool over the files of LIST, in place,
    in one process floor.py clang files TREE - STEP OUT   each file that has a word to ask Clang
    about, by itself and once, against portkit's stubs floor.py clang units TREE - STEP OUT   each
    unit that portkit parses, once: headers only where a unit includes them floor.py clang full TREE
    INCLUDE STEP OUT   every STEP-th unit with the CUDA headers of INCLUDE and the system's C++
    library

The Clang modes write [wall seconds, processor seconds, peak MiB, units parsed, units in all] of the
parses alone. This is the one script here that imports portkit: it takes the units, flags and stubs
from it.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def musify(utils: str, listed: str) -> None:
    """Rewrite files as the tool's own wrapper does; a file that it cannot decode is left."""
    sys.path.insert(0, utils)
    import musify_text  # type: ignore[import-not-found]

    mapping = sorted(map(str, (Path(utils) / "mapping").glob("*.json")))
    words = argparse.Namespace(
        mapping=mapping, extra_mapping={}, direction="c2m", output_method="inplace"
    )
    musify_text.init_ac_automaton(words)
    for name in Path(listed).read_text(encoding="utf-8").splitlines():
        try:
            musify_text.transform_file(name, words)
        except Exception as error:
            print(f"{name}: {error!r}"[:200], file=sys.stderr)


def portkit_units(tree: Path, whole: bool) -> list[Any]:
    """Return the first parse that portkit makes of each unit, as requests.

    `whole`: as if each of them had failed, so that headers that it would have read are parsed by
    themselves too.
    """
    import contextlib
    from collections.abc import Iterator

    import portkit.run.pipeline as pipeline
    from portkit.languages.cxx.clang.questions import UnitResult
    from portkit.languages.cxx.project import workshop as places
    from portkit.run.scan_options import ScanOptions

    requests: list[Any] = []
    parse = places.run_unit

    def asked(task: Any) -> Any:
        requests.append(task.request)
        first = task.questions[0].rel
        return UnitResult(first, failed=True) if whole else parse(task)

    @contextlib.contextmanager
    def here(options: Any, workshop: Any, meanwhile: Any = None) -> Iterator[Any]:
        shop = workshop()

        def run(jobs: Sequence[Any], each: Any = None) -> list[bytes]:
            results = []
            for number, job in enumerate(jobs):
                results.append(shop.do(job))
                if each is not None:
                    each(number, results[-1])
            return results

        yield run

    places.run_unit, pipeline.executor = asked, here
    pipeline.scan_paths([tree], ScanOptions(root=tree))
    return requests


def clang(mode: str, tree: Path, include: str, step: int, out: Path) -> None:
    """Parse and write the figures."""
    if mode != "full":
        from portkit.languages.cxx.clang import questions as work

        requests = portkit_units(tree, mode == "files")
        session = work._session()
        session.parse(requests[0])  # makes the precompiled stubs

        def parse(item: Any) -> None:
            session.parse(item)
    else:
        from clang import cindex

        requests = sorted(tree.rglob("*.cu"))
        index = cindex.Index.create()
        flags = [
            "-x",
            "cuda",
            "-std=c++17",
            "--cuda-host-only",
            "--cuda-gpu-arch=sm_80",
            "-Wno-unknown-cuda-version",
            "-ferror-limit=0",
        ]
        flags += [
            f"--cuda-path={Path(include).parent}",
            "-isystem",
            include,
            "-isystem",
            f"{include}/cccl",
        ]

        def parse(item: Any) -> None:
            index.parse(str(item), args=flags, options=0x200)

    chosen: Sequence[Any] = requests[::step]
    wall, cpu = time.perf_counter(), time.process_time()
    for item in chosen:
        parse(item)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.write_text(json.dumps([wall, cpu, peak, len(chosen), len(requests)]), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "musify":
        musify(sys.argv[2], sys.argv[3])
    else:
        clang(sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]), Path(sys.argv[6]))

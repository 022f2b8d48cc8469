# SPDX-License-Identifier: Apache-2.0
"""Work that was done is seen: names of the target's count as moved, and a saved report shows how far
a tree has come.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from product import Product

SOURCE = """#include <cuda_runtime.h>
void f(void **p) { cudaMalloc(p, 1); cudaMalloc(p, 2); cudaFree(*p); }
#if __CUDA_ARCH__ >= 800
#endif
"""


def report(portkit: Product, tree: Path, to: str, *more: str) -> Any:
    where = ("report", tree, "--root", tree, "--to", to, "--format", "json", "--no-cache")
    return json.loads(portkit(*where, *more).stdout)["plans"][0]


def write(tree: Path, text: str) -> None:
    (tree / "a.cu").write_text(text)


@pytest.mark.parametrize("to", ["musa", "maca", "biren@gen1", "enflame"])
def test_a_port_does_not_lower_readiness(portkit: Product, tmp_path: Path, to: str) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    write(tree, SOURCE)
    before = report(portkit, tree, to)["summary"]
    portkit("migrate", tree, "--root", tree, "--to", to, "--out-dir", out)
    after = report(portkit, out, to)["summary"]
    assert after["readiness"] >= before["readiness"]
    assert after["parts"]["to_move"] == 0 < before["parts"]["to_move"]
    assert after["parts"]["moved"] == before["parts"]["to_move"]
    assert after["parts"]["person"] == before["parts"]["person"] > 0


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("#include <musa_runtime.h>\nvoid f() { musaFree(0); }\n", 2),
        ("void f() { musaNoSuchThing(0); muBar(1); }\n", 0),  # nobody's: no name of the tables
        ('// musaFree\nconst char *s = "musaFree";\n', 0),  # no code
        ("#define MY musaFree\n", 1),
        ("void f() { mcFree(0); }\n", 0),  # another target's
    ],
)
def test_what_counts_as_moved(portkit: Product, tmp_path: Path, text: str, moved: int) -> None:
    write(tmp_path, text + "void g() { cudaFree(0); }\n")
    assert report(portkit, tmp_path, "musa")["summary"]["parts"]["moved"] == moved


def test_since_a_saved_report(portkit: Product, tmp_path: Path) -> None:
    tree, old = tmp_path / "tree", tmp_path / "old.json"
    tree.mkdir()
    write(tree, SOURCE)
    old.write_text(
        portkit("report", tree, "--root", tree, "--to", "musa", "--format", "json").stdout
    )
    portkit("migrate", tree, "--root", tree, "--to", "musa", "--in-place", "--allow-dirty")
    since = report(portkit, tree, "musa", "--since-report", str(old))["since_report"]
    assert since["then"] == {"moved": 0, "to_move": 4, "person": 1, "readiness": 80.0}
    assert since["now"] == {"moved": 4, "to_move": 0, "person": 1, "readiness": 80.0}
    text = portkit("report", tree, "--root", tree, "--to", "musa", "--since-report", str(old))
    assert "Since that report: moved 0 -> 4, to move 4 -> 0, for a person 1 -> 1" in text.stdout
    other = report(portkit, tree, "maca", "--since-report", str(old))
    assert other["since_report"] is None  # that report does not have this target


@pytest.mark.parametrize("said", ["", "[]", '{"schema": "other", "plans": []}', "{" * 5000])
def test_no_report_is_a_mistake_in_one_line(portkit: Product, tmp_path: Path, said: str) -> None:
    write(tmp_path, SOURCE)
    old = tmp_path / "old.json"
    old.write_text(said)
    done = portkit("report", tmp_path, "--to", "musa", "--since-report", old, code=2)
    assert "--since-report" in done.stderr and "--format json" in done.stderr


def test_a_report_without_parts(portkit: Product, tmp_path: Path) -> None:
    write(tmp_path, SOURCE)
    old = tmp_path / "old.json"
    summary = {"edit": 3, "manual": 1, "keep": 1, "user_declared": 1, "readiness": 75.0}
    plan = {"target": "musa", "profile": "mp_31", "summary": summary}
    old.write_text(json.dumps({"schema": "portkit/report/1", "plans": [plan]}))
    since = report(portkit, tmp_path, "musa", "--since-report", str(old))["since_report"]
    assert since["then"] == {"moved": 0, "to_move": 3, "person": 1, "readiness": 75.0}

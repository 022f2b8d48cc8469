# SPDX-License-Identifier: Apache-2.0
"""Marks that switch portkit off: what they cover, what they leave alone, and the ones that nothing
needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MASKS = b"#include <cuda_runtime.h>\n__global__ void k(int *p) {\n%s\n}\n"


@pytest.fixture
def report(tmp_path: Path, run_report: Any) -> Any:
    def run(source: bytes) -> dict[str, Any]:
        tree = tmp_path / "tree"
        tree.mkdir(exist_ok=True)
        (tree / "a.cu").write_bytes(source)
        files: list[dict[str, Any]] = run_report(tree)["files"]
        return files[0]

    return run


def asm(file: dict[str, Any]) -> list[tuple[int, str | None]]:
    return [(f["line"], f.get("suppressed")) for f in file["findings"] if f["rule"] == "PK401"]


ASM = b'  asm volatile("bar.sync 1, 64;");'


def test_a_mark_at_the_end_of_a_line_covers_that_line(report: Any) -> None:
    file = report(MASKS % (ASM + b" // portkit: ignore[PK401] checked by hand\n" + ASM))
    assert asm(file) == [(3, "checked by hand"), (4, None)]


def test_a_mark_alone_covers_the_next_line(report: Any) -> None:
    file = report(MASKS % (b"  // portkit: ignore[PK4] by prefix\n\n" + ASM + b"\n" + ASM))
    assert asm(file) == [(5, "by prefix"), (6, None)]


def test_other_rules_are_not_covered(report: Any) -> None:
    file = report(MASKS % (ASM + b" // portkit: ignore[PK301]"))
    assert asm(file) == [(3, None)]
    unused = [f for f in file["findings"] if f["rule"] == "PK911"]
    assert [f["line"] for f in unused] == [3] and "ignore[PK301]" in unused[0]["message"]


def test_a_whole_file(report: Any) -> None:
    file = report(
        b"/* portkit: ignore-file[PK401] vendor's code */\n" + MASKS % (ASM + b"\n" + ASM)
    )
    assert asm(file) == [(4, "vendor's code"), (5, "vendor's code")]


@pytest.mark.parametrize(
    ("start", "stop"),
    [(b"portkit: off", b"portkit: on"), (b"MUSIFY_EXCL_START", b"MUSIFY_EXCL_STOP")],
)
def test_a_region_keeps_its_references_too(report: Any, start: bytes, stop: bytes) -> None:
    source = (
        b"#include <cuda_runtime.h>\nvoid f() {\n// "
        + start
        + b"\ncudaDeviceSynchronize();\n// "
        + stop
        + b"\ncudaDeviceSynchronize();\n}\n"
    )
    file = report(source)
    calls = [
        (r["line"], r["decision"], r["reason"])
        for r in file["references"]
        if r["name"] == "cudaDeviceSynchronize"
    ]
    assert calls == [(4, "keep", "suppressed"), (6, "edit", "mapped")]


def test_musify_line(report: Any) -> None:
    file = report(
        b"#include <cuda_runtime.h> // MUSIFY_EXCL_LINE\nvoid f() { cudaDeviceReset(); }\n"
    )
    assert [(r["name"], r["decision"]) for r in file["references"]] == [
        ("cuda_runtime.h", "keep"),
        ("cudaDeviceReset", "edit"),
    ]


def test_a_region_without_an_end_reaches_to_the_end(report: Any) -> None:
    file = report(b"// portkit: off\n#include <cuda_runtime.h>\n")
    assert [(r["decision"], r["reason"]) for r in file["references"]] == [("keep", "suppressed")]


def test_the_next_line_by_name(report: Any) -> None:
    file = report(
        MASKS % (b"  int a; // portkit: ignore-next-line[PK401] below\n" + ASM + b"\n" + ASM)
    )
    assert asm(file) == [(4, "below"), (5, None)]


def test_an_id_that_no_rule_has_is_reported(report: Any) -> None:
    file = report(MASKS % (ASM + b" // portkit: ignore[PK999, PK401] why"))
    assert asm(file) == [(3, "why")]
    unknown = [f for f in file["findings"] if f["rule"] == "PK911"]
    assert [(f["severity"], f["args"]["name"]) for f in unknown] == [("warning", "PK999")]

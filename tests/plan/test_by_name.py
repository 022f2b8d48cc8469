# SPDX-License-Identifier: Apache-2.0
"""An enumerator whose number differs on the target: renamed where its name is used, left to a person
where its number counts, or may.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portkit.model.words import Kind
from portkit.targets.target import load_target
from product import Product

HEAD = """#include <cuda_runtime.h>
int by_code(int, int code);
int by_kind(const char *, cudaDeviceAttr kind);
template <class T> int any(T t);
struct Told { cudaDeviceAttr kind; int code; };
"""
# what stands in a function, with X for the enumerator; the case of the finding, "" for an edit
USES = {
    "cudaDeviceGetAttribute(&v, X, d);": "",
    "cudaDeviceGetAttribute(&v, (X), d);": "",
    "cudaDeviceGetAttribute(&v, (cudaDeviceAttr)X, d);": "",
    "if (cudaDeviceGetAttribute(&v, ::X, d) != cudaSuccess) v = 1;": "",
    "cudaDeviceAttr a = X; auto b = X; const cudaDeviceAttr c = X;": "",
    "given = X; told.kind = X;": "",
    "cudaDeviceAttr list[2] = {X, X}; cudaDeviceAttr e{X};": "",
    "if (given == X || X != given) v = 2;": "",
    "while (!(given == X)) break;": "",
    "v = by_kind(\"x\", X);": "",
    "auto f = [](int) -> cudaDeviceAttr { return X; };": "",
    "switch (given) { case X: v = 1; break; default: break; }": "",
    "switch (told.kind) { case X: break; }": "",
    "auto s = static_cast<cudaDeviceAttr>(X);": "",
    "int n = X;": "number",
    "unsigned long n{X};": "number",
    "v = (int)X;": "number",
    "v = int(X);": "number",
    "v = static_cast<unsigned>(X);": "number",
    "number = X; told.code = X;": "number",
    "v = by_code(1, X);": "number",
    "v += X + 1;": "number",
    "v = X | 4;": "number",
    "v = 1 << X;": "number",
    "table[X] = 1;": "number",
    "int other[X];": "number",
    "if (X) v = 1;": "number",
    "if (given < X) v = 1;": "number",
    "if (number == X) v = 1;": "number",
    "if (X == 13 || 13 != X) v = 1;": "number",
    "if ((int)given == X) v = 1;": "number",
    "switch (number) { case X: break; }": "number",
    "switch ((int)given) { case X: break; }": "number",
    "switch (given) { case X: break; case 7: break; }": "number",
    "enum { MINE = X };": "number",
    "auto f = [](int) -> int { return X; };": "number",
    "v = any(X);": "number-unclear",
    "v = unseen(X);": "number-unclear",
    "Told made{X, 1};": "number-unclear",
    "given = d ? X : given;": "number-unclear",
}  # fmt: skip
NAME = "cudaDevAttrClockRate"


def test_each_use(portkit: Product, tmp_path: Path) -> None:
    lines = [
        f"void u{n}(int d, int v, int number, cudaDeviceAttr given, int *table, Told told) "
        f"{{ {use.replace('X', NAME)} }}"
        for n, use in enumerate(USES)
    ]
    text = HEAD + "\n".join(lines) + f"\ncudaDeviceAttr one() {{ return {NAME}; }}\n"
    text += f"long two() {{ if (true) {{ return {NAME}; }} return 0; }}\n#define THAT {NAME}\n"
    (tmp_path / "a.cu").write_text(text)
    done = portkit(
        "report", tmp_path, "--root", tmp_path, "--to", "enflame", "--format", "json", "--no-cache"
    )
    file = json.loads(done.stdout)["plans"][0]["files"][0]
    wanted = dict(enumerate([*USES.values(), "", "number", "number-unclear"], 6))
    told, blocked = dict[int, set[str]](), set[int]()
    for ref, found in enumerate(file["references"]):
        if found["name"] == NAME:
            about = [f for f in file["findings"] if ref in f.get("references", [])]
            case = {f["args"]["case"] for f in about if f["rule"] in ("PK110", "PK806")}
            told.setdefault(found["line"], set()).update(case or {""})
            assert (found["decision"] == "edit") == (not case), found
            if any(f["blocking"] for f in about if f["rule"] != "PK808"):
                blocked.add(found["line"])
    assert told == {line: {case} for line, case in wanted.items()}
    assert blocked == {line for line, case in wanted.items() if case}
    renamed = [f for f in file["findings"] if f["rule"] == "PK109"]
    assert len(renamed) == 1 and renamed[0]["args"]["case"] == "by-name"  # once a name and file
    assert int(renamed[0]["args"]["count"]) == len(renamed[0]["references"]) > 14


@pytest.mark.parametrize(
    ("spec", "name", "library"),
    [("enflame", "cudaDevAttrMaxGridDimX", "runtime"),
     ("enflame", "CU_DEVICE_ATTRIBUTE_CLOCK_RATE", "driver"),
     ("biren@gen1", "CUFFT_C2C", "cufft")],
)  # fmt: skip
def test_rows_that_say_so_have_the_recipe(spec: str, name: str, library: str) -> None:
    row = load_target(spec).row(name, Kind.ENUMERATOR, library)
    assert row is not None and row.recipe == "other-number"

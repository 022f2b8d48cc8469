# SPDX-License-Identifier: Apache-2.0
"""The output is read by Clang before it is written: what it refuses is taken back, and nothing
else is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portkit.languages.base import Asked, Look, Output
from portkit.languages.cxx.project.outputs import OutputReader
from product import Product
from specs import each_target

RUNTIME = "#include <cuda_runtime.h>\n"
BOTH = "#include <cuda.h>\n#include <cuda_runtime.h>\n"


class Tree:
    """A tree of small files, migrated into a folder beside it."""

    def __init__(self, portkit: Product, folder: Path, files: Mapping[str, str]) -> None:
        self._portkit, self._root, self._out = portkit, folder / "tree", folder / "out"
        for name, text in files.items():
            path = self._root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def migrate(self, to: str, *options: str) -> dict[str, Any]:
        """Return the plan of the JSON report."""
        form = ("--format", "json", "-o", str(self._out.with_suffix(".json")), "-j", "1", "-q")
        where = ("--root", str(self._root), "--to", to, "--out-dir", str(self._out), "--force")
        self._portkit("migrate", self._root, *where, *form, *options)
        document = json.loads(self._out.with_suffix(".json").read_text(encoding="utf-8"))
        plan: dict[str, Any] = document["plans"][0]
        return plan

    def text(self, name: str) -> str:
        """Return a file as written."""
        return (self._out / name).read_text(encoding="utf-8")


def refused(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (path, message) of what Clang refused."""
    return [
        (f["path"], x["message"])
        for f in plan["files"]
        for x in f["findings"]
        if x["rule"] == "PK917"
    ]


@pytest.fixture
def tree(portkit: Product, tmp_path: Path) -> Any:
    """Return what makes a tree."""
    return lambda **files: Tree(
        portkit, tmp_path, {n.replace("__", "."): t for n, t in files.items()}
    )


MERGES = {
    "overloads": "int tell(cudaError_t e) { return 1; }\nint tell(CUresult r) { return 2; }\n",
    "specialisations": (
        "template <class T> struct Name;\n"
        "template <> struct Name<cudaError_t> { int a; };\n"
        "template <> struct Name<CUresult> { int b; };\n"
    ),
    "labels": (
        "int kind(int c) {\n  switch (c) {\n    case CUDA_ERROR_NOT_INITIALIZED: return 1;\n"
        "    case cudaErrorInitializationError: return 2;\n  }\n  return 0;\n}\n"
    ),
    "methods": ("struct Log {\n  void put(cudaError_t e) {}\n  void put(CUresult r) {}\n};\n"),
    "stream overloads": (
        "void wait(cudaStream_t s) { cudaStreamSynchronize(s); }\n"
        "void wait(CUstream s) { cuStreamSynchronize(s); }\n"
    ),
}


@pytest.mark.parametrize("case", MERGES)
def test_two_names_that_become_one(tree: Any, case: str) -> None:
    made = tree(a__cpp=BOTH + MERGES[case])
    plan = made.migrate("maca")
    ((path, message),) = {m for m in refused(plan)}
    assert path == "a.cpp"
    assert "would both become" in message
    finding = next(x for x in plan["files"][0]["findings"] if x["rule"] == "PK917")
    assert finding["blocking"]
    reasons = [r["reason"] for r in plan["files"][0]["references"]]
    assert reasons.count("breaks") == 1
    assert plan["verified"] == {"units": 1, "refused": 1, "unread": 0, "skipped": False}


@pytest.mark.parametrize("case", MERGES)
def test_names_that_stay_two_are_not_touched(tree: Any, case: str) -> None:
    plan = tree(a__cpp=BOTH + MERGES[case]).migrate("musa")
    assert refused(plan) == []


SWITCH = (
    "int kind(int c) {{\n  switch (c) {{\n    case CUDA_ERROR_NOT_INITIALIZED:{first}\n"
    "    case cudaErrorInitializationError:{second}\n    default: return 0;\n  }}\n}}\n"
)
DROPPED = {
    "the same statement": (" return 1;", " return 1;"),
    "other blanks": (" { f(); return 1; }", "\n {  f();\n  return 1; }"),
    "one label behind the other": ("", " return 1;"),
}
STAYS = {
    "another statement": (" return 1;", " return 2;"),
    "falls through": (" f();", " f();"),
    "another text": (' puts("a"); return 1;', ' puts("b"); return 1;'),
}


@pytest.mark.parametrize("case", DROPPED)
def test_the_second_label_goes_where_it_does_the_same(tree: Any, case: str) -> None:
    first, second = DROPPED[case]
    made = tree(a__cpp=BOTH + "void f();\n" + SWITCH.format(first=first, second=second))
    plan = made.migrate("maca", "--fix")
    text = made.text("a.cpp")
    assert "cudaErrorInitializationError" not in text
    assert text.count("case ") == 1
    assert text.count("return 1;") == 1
    assert text.count("default: return 0;") == 1
    (found,) = (x for x in plan["files"][0]["findings"] if x["rule"] == "PK917")
    assert found["suppressed"]


@pytest.mark.parametrize("case", STAYS)
def test_a_label_with_something_else_to_do_stays(tree: Any, case: str) -> None:
    first, second = STAYS[case]
    made = tree(a__cpp=BOTH + "void f();\n" + SWITCH.format(first=first, second=second))
    made.migrate("maca", "--unsafe-fixes")
    assert "case cudaErrorInitializationError:" in made.text("a.cpp")


HIDDEN = {  # the target's name is in sight behind `::`
    "a method": "struct Pool { void musaFree(void *p) { n--; cudaFree(p); } int n; };\n",
    "a parameter": "void go(int musaDeviceSynchronize) { cudaDeviceSynchronize(); }\n",
    "a local variable": (
        "int f() { int musaGetLastError = 1; return cudaGetLastError() + musaGetLastError; }\n"
    ),
    "a function of a namespace": (
        "namespace own { void musaFree(void *); void g(void *p) { cudaFree(p); } }\n"
    ),
    "a type of a class": "struct Q { struct musaStream_t {}; cudaStream_t s; };\n",
}
TAKEN = {
    "an overload": "static void musaFree(float *p) { cudaFree(p); }\n",
    "a macro": (
        "#define musaFree(p) release(p)\nvoid release(void *);\nvoid g(void *p) { cudaFree(p); }\n"
    ),
    "a function of its own": "void musaFree(void *p);\nvoid g(void *p) { cudaFree(p); }\n",
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_name_that_the_project_has_in_a_scope(tree: Any, case: str) -> None:
    made = tree(a__cu=RUNTIME + HIDDEN[case])
    plan = made.migrate("musa")
    ((_, message),) = refused(plan)
    assert "written as `::musa" in message
    assert "::musa" in made.text("a.cu")
    assert not any(x["blocking"] for x in plan["files"][0]["findings"])
    reference = next(r for r in plan["files"][0]["references"] if "::" in r.get("replacement", ""))
    assert reference["decision"] == "edit"
    assert plan["verified"]["refused"] == 0


@pytest.mark.parametrize("case", TAKEN)
def test_a_name_that_the_project_has_for_all(tree: Any, case: str) -> None:
    made = tree(a__cu=RUNTIME + TAKEN[case])
    plan = made.migrate("musa")
    assert len(refused(plan)) == 1
    assert "cudaFree(p)" in made.text("a.cu")
    assert plan["verified"]["refused"] == 1


def test_a_declaration_that_meets_the_vendors(tree: Any) -> None:
    plan = tree(a__cu=RUNTIME + "int musaFree;\nvoid g(void *p) { cudaFree(p); }\n").migrate("musa")
    ((_, message),) = refused(plan)
    assert "redefinition of 'musaFree'" in message
    assert any(x["blocking"] for x in plan["files"][0]["findings"])


def test_c_has_no_way_to_name_what_is_hidden(tree: Any) -> None:
    made = tree(a__c=RUNTIME + "int go(int musaFree, void *p) { return cudaFree(p) + musaFree; }\n")
    assert len(refused(made.migrate("musa"))) == 1
    assert "cudaFree(p)" in made.text("a.c")


def test_a_built_in_that_a_local_variable_hides(tree: Any) -> None:
    text = "__global__ void k(int *p) { const int warp_size = warpSize; p[0] = warp_size; }\n"
    made = tree(a__cu=RUNTIME + text)
    assert len(refused(made.migrate("biren@gen1"))) == 1
    assert "warp_size = warpSize" in made.text("a.cu")


def test_a_name_free_elsewhere_is_written_there(tree: Any) -> None:
    made = tree(a__cu=RUNTIME + HIDDEN["a method"] + "void g(void *p) { cudaFree(p); }\n")
    assert len(refused(made.migrate("musa"))) == 1
    assert "void g(void *p) { musaFree(p); }" in made.text("a.cu")


def test_a_member_of_a_dependent_type(tree: Any) -> None:
    header = "#pragma once\ntemplate <class P> int lanes(P p) { return p.warpSize; }\n"
    own = '#include "t.h"\nstruct Mine { int warpSize; };\nint f(Mine m) { return lanes(m); }\n'
    made = tree(t__h=header, own__cpp=own)
    made.migrate("biren@gen1")
    assert made.text("t.h") == header
    assert made.text("own.cpp") == own


def test_what_recipes_move_and_add_is_no_fault(tree: Any) -> None:
    text = (
        "void copy(void *a, void *b, cudaStream_t own) {\n"
        "  cudaMemcpyAsync(a, b, 4, cudaMemcpyHostToDevice, own);\n  void *h;\n"
        "  cudaMallocHost(&h, 16);\n}\n"
    )
    for target in each_target():
        assert refused(tree(a__cu=RUNTIME + text).migrate(target)) == []


def test_what_did_not_compile_before_is_no_news(tree: Any) -> None:
    text = (
        "#include <third/party.h>\n" + RUNTIME + "third::Thing t(cudaSuccess);\n"
        "int f() { return undeclared_here(cudaFree(nullptr)) + missing.cudaThing; }\n"
    )
    made = tree(a__cpp=text)
    assert refused(made.migrate("musa")) == []
    assert "musaFree(nullptr)" in made.text("a.cpp")


def test_errors_that_only_a_stubs_shape_tells_apart(tree: Any) -> None:
    """A name that stands for another one in the one reading, and by itself in the other."""
    tables = {
        "pairs__cpp": "vector<pair<cudaError_t, const char *>> t = {{cudaSuccess, "
        '"a"}, {cudaErrorNotReady, "b"}};',
        "status__cpp": "map<CUresult, const char *> t = {{CUDA_SUCCESS, "
        '"a"}, {CUDA_ERROR_NOT_READY, "b"}};',
        "attributes__cpp": "vector<pair<CUdevice_attribute, int>> t = "
        "{{CU_DEVICE_ATTRIBUTE_WARP_SIZE, 1}, {CU_DEVICE_ATTRIBUTE_INTEGRATED, 2}};",
        "modes__cpp": "unordered_map<cudaMemcpyKind, const char *> t = "
        '{{cudaMemcpyHostToDevice, "a"}, {cudaMemcpyDeviceToHost, "b"}};',
    }
    head = f"{BOTH}#include <map>\n#include <unordered_map>\n#include <vector>\n"
    files = {name: f"{head}using namespace std;\n{text}\n" for name, text in tables.items()}
    # and a declaration of the project's against a stub of another build's
    files["bare__h"] = (
        "#ifdef WITH_GPU\n#include <cuda_runtime.h>\n#else\n"
        "enum cudaError_t { cudaSuccess };\n#endif\ncudaError_t last();\n"
    )
    files["bare__cpp"] = '#include "bare.h"\ncudaError_t last() { return cudaSuccess; }\n'
    made = tree(**files)
    for target in ("musa", "maca", "enflame"):
        assert refused(made.migrate(target)) == []
        assert "Error_t last() { return" in made.text("bare.cpp")
        assert "cudaError_t" not in made.text("bare.cpp") + made.text("bare.h")


def test_a_status_left_beside_its_new_name(tree: Any) -> None:
    text = RUNTIME + (
        "cudaError_t first() { return cudaFooBarUnknown(); }\n"
        "cudaError_t second() { cudaError_t e = cudaFree(nullptr); return e; }\n"
    )
    assert refused(tree(a__cu=text).migrate("musa")) == []


def test_both_sides_of_a_unit_are_read(tree: Any) -> None:
    text = RUNTIME + (
        "#ifdef __CUDA_ARCH__\n__device__ int on(cudaError_t) { return 1; }\n"
        "__device__ int on(CUresult) { return 2; }\n#endif\n"
    )
    plan = tree(a__cu="#include <cuda.h>\n" + text).migrate("maca")
    assert len(refused(plan)) == 1


def test_a_header_is_read_in_its_units(tree: Any) -> None:
    header = "#pragma once\n" + BOTH + MERGES["overloads"]
    users = {f"u{n}__cpp": f'#include "tell.h"\nint f{n}() {{ return 0; }}\n' for n in range(3)}
    plan = tree(tell__h=header, **users).migrate("maca")
    assert {path for path, _ in refused(plan)} == {"tell.h"}


def test_c_is_read_as_c(tree: Any) -> None:
    text = RUNTIME + "int f(void *p) { int musaFree = 3; return cudaFree(p) + musaFree; }\n"
    assert len(refused(tree(a__c=text).migrate("musa"))) == 1


def test_skipped_when_asked(tree: Any) -> None:
    made = tree(a__cpp=BOTH + MERGES["overloads"])
    plan = made.migrate("maca", "--no-verify")
    assert refused(plan) == []
    assert plan["verified"] == {"units": 0, "refused": 0, "unread": 0, "skipped": True}


def test_a_report_that_reads_the_output(portkit: Product, tree: Any, tmp_path: Path) -> None:
    tree(a__cpp=BOTH + MERGES["overloads"])
    root, out = tmp_path / "tree", tmp_path / "r.json"
    common = (root, "--root", root, "--to", "maca", "--format", "json", "-o", out, "-j", "1")
    portkit("report", *common)
    assert json.loads(out.read_text())["plans"][0]["verified"] is None
    portkit("report", *common, "--verify")
    plan = json.loads(out.read_text())["plans"][0]
    assert plan["verified"]["refused"] == 1
    assert len(refused(plan)) == 1
    portkit("report", root, "--root", root, "--to", "maca", "--verify", "-o", out)
    assert "1 edits taken back" in out.read_text()


def test_a_second_look_says_the_same(tree: Any) -> None:
    made = tree(a__cpp=BOTH + MERGES["overloads"], b__cu=RUNTIME + HIDDEN["a method"])
    first = made.migrate("maca")
    files = {name: made.text(name) for name in ("a.cpp", "b.cu")}
    again = made.migrate("maca")
    assert again == first
    assert {name: made.text(name) for name in files} == files


def test_another_file_of_the_unit_is_another_look(tree: Any, tmp_path: Path) -> None:
    made = tree(
        a__cu='#include "own.h"\n' + RUNTIME + "void g(void *p) { cudaFree(p); }\n", own__h=""
    )
    assert refused(made.migrate("musa")) == []
    (tmp_path / "tree" / "own.h").write_text("#define musaFree(p) other(p)\nvoid other(void *);\n")
    assert len(refused(made.migrate("musa"))) == 1


def test_syntax_alone_reads_no_output(tree: Any) -> None:
    plan = tree(a__cu=RUNTIME + "void g(void *p) { cudaFree(p); }\n").migrate(
        "musa", "--rung", "syntax"
    )
    assert plan["verified"]["units"] == 0


SHARED = (
    "#pragma once\n#include <cuda_runtime.h>\ninline int tell(cudaError_t e) { return 1; }\n"
    "#ifdef WITH_DRIVER\ninline int tell(CUresult r) { return 2; }\n#endif\n"
)
USER = '#include "tell.h"\nint use%d() { return tell(cudaSuccess); }\n'
OPENS = '#define WITH_DRIVER\n#include <cuda.h>\n#include "tell.h"\nint last() { return 0; }\n'


def many(users: int) -> dict[str, str]:
    """Return a header that many files include, the last of which opens a branch of it."""
    return {f"u{n:02}__cpp": USER % n for n in range(users)} | {
        "tell__h": SHARED,
        "z__cpp": OPENS,
    }


def test_what_many_share_is_looked_at_first(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[tuple[bool, list[str]]]()
    look = OutputReader.look

    def told(self: OutputReader, outputs: Mapping[str, Output], asked: Asked) -> Look:
        found = look(self, outputs, asked)
        looked.append((asked.few, sorted(found.units)))
        return found

    monkeypatch.setattr(OutputReader, "look", told)
    plan = tree(**many(12)).migrate("maca", "--no-cache")
    assert [path for path, _ in refused(plan)] == ["tell.h"]
    assert plan["verified"] == {"units": 13, "refused": 1, "unread": 0, "skipped": False}
    # one user and the file that opens the branch; then all, with what was read before the change
    assert looked == [
        (True, ["u00.cpp", "z.cpp"]),
        (False, [*(f"u{n:02}.cpp" for n in range(12)), "z.cpp"]),
    ]


@pytest.mark.parametrize("options", [("--no-cache",), ()])
def test_few_or_many_files_are_answered_alike(tree: Any, options: tuple[str, ...]) -> None:
    few, more = (tree(**many(n)).migrate("maca", *options) for n in (2, 12))
    assert refused(few) == refused(more) != []


def test_files_that_no_change_touches_are_not_read_again(
    tree: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[tuple[str, ...]]()
    look = OutputReader.look

    def told(self: OutputReader, outputs: Mapping[str, Output], asked: Asked) -> Look:
        looked.append((found := look(self, outputs, asked)).units)
        return found

    monkeypatch.setattr(OutputReader, "look", told)
    plan = tree(
        a__cpp=BOTH + MERGES["overloads"], b__cpp=RUNTIME + "void f(cudaStream_t s);\n"
    ).migrate("maca", "--no-cache")
    assert looked == [(), ("a.cpp", "b.cpp"), ("a.cpp",)]
    assert plan["verified"] == {"units": 2, "refused": 1, "unread": 0, "skipped": False}

# SPDX-License-Identifier: Apache-2.0
"""What users of other porting tools complained of, and where portkit's answer is tested.

`ANSWERS` numbers the complaints in the order in which they were collected from public issue
threads. Each names the tests that hold the answer; a complaint about how another tool is built,
which has no counterpart here, says so. The cases that no other test holds stand below: a small
tree, what it becomes for MUSA, and what is said of it.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from portkit.cli.main import run_line

TESTS = Path(__file__).resolve().parent

# number: (the complaint in few words, the tests that answer it)
ANSWERS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "needs a CUDA SDK to parse",
        (
            "languages/test_scan.py::test_clang_proves_calls_types_and_launches",
            "test_wants.py::test_it_becomes",
        ),
    ),
    2: (
        "a path is refused without saying which",
        ("test_wants.py::test_a_library_that_is_not_there_is_named",),
    ),
    3: (
        "depends on which Clang meets which CUDA",
        ("languages/test_scan.py::test_lower_rungs_read_without_clang",),
    ),
    4: ("says nowhere what is missing", ("test_wants.py::test_doctor_says_which_rungs_run",)),
    5: ("a header that is not found stops the rewriting", ("test_wants.py::test_it_becomes",)),
    6: (
        "calls remain and nobody says so",
        ("rewrite/test_output.py::test_a_name_that_no_decision_accounts_for_stops_the_run",),
    ),
    7: ("statistics of what was not written", ("test_wants.py::test_totals_are_of_decisions",)),
    8: (
        "conflicting replacements are skipped, exit 0",
        ("files/test_edits.py::test_kept_edits_apply_and_all_else_stays",),
    ),
    9: (
        "a percentage of nothing",
        (
            "assess/test_readiness.py::test_nothing_to_judge",
            "test_wants.py::test_totals_are_of_decisions",
        ),
    ),
    10: ("a missing file is no error", ("cli/test_mistakes.py::test_a_mistake_is_one_message",)),
    11: ("build files are left to the user", ()),
    12: ("CMake is left to the user", ()),
    13: (
        "one file with its headers, and only these",
        ("test_wants.py::test_only_the_files_named_are_written",),
    ),
    14: (
        "headers that cannot be parsed alone",
        ("languages/test_scan.py::test_a_header_is_read_in_the_unit_that_includes_it",),
    ),
    15: ("project headers in angle brackets are skipped", ("test_wants.py::test_it_becomes",)),
    16: ("two files become one", ("cli/test_strategies.py::test_a_taken_name_stops_the_renaming",)),
    17: (
        "includes resolve otherwise when written elsewhere",
        ("cli/test_strategies.py::test_the_copy_is_whole",),
    ),
    18: (
        "a launch in a macro crashes the tool",
        ("languages/test_scan.py::test_nested_macros_and_launches_in_macros",),
    ),
    19: ("a launch made of object macros", ("test_wants.py::test_it_becomes",)),
    20: ("a comma in a template breaks the launch", ("test_wants.py::test_it_becomes",)),
    21: ("the second call of a macro is lost", ("test_wants.py::test_it_becomes",)),
    22: (
        "nested macros are edited in the wrong place",
        ("languages/test_scan.py::test_nested_macros_and_launches_in_macros",),
    ),
    23: ("an include in a dead branch breaks the run", ("test_wants.py::test_it_becomes",)),
    24: (
        "one branch of a version test is left as it was",
        ("languages/test_scan.py::test_inactive_branches_and_macro_bodies",),
    ),
    25: (
        "warnings in code that is ported; no way to switch off",
        ("plan/test_suppress.py::test_a_region_keeps_its_references_too",),
    ),
    26: (
        "inline assembly is not reported",
        ("rules/test_rules.py::test_inline_ptx_lists_its_instructions",),
    ),
    27: ("comments are rewritten", ("cli/test_strategies.py::test_names_in_comments",)),
    28: ("`<<<` in a string crashes the tool", ("test_wants.py::test_it_becomes",)),
    29: ("warnings for threadIdx", ("test_wants.py::test_a_plain_kernel_is_silent",)),
    30: ("atomicAdd is called unsupported", ("test_wants.py::test_a_plain_kernel_is_silent",)),
    31: (
        "tables are stale and nobody can tell",
        (
            "targets/test_rows.py::test_a_row_is_read_whole",
            "report/test_report.py::test_json_follows_contract_and_schema",
        ),
    ),
    32: (
        "NCCL, NVRTC, NVTX and NVML are missing",
        ("vocab/test_vocabulary.py::test_names_of_every_family",),
    ),
    33: (
        "an API that some versions lack",
        (
            "vocab/test_vocabulary.py::test_versions_arity_and_types",
            "plan/test_recipes.py::test_before_becomes_after_and_stays",
        ),
    ),
    34: (
        "newer CUDA than the tool knows",
        (
            "languages/test_scan.py::test_unknown_names_of_cudas_shape_are_never_skipped",
            "test_wants.py::test_doctor_says_which_rungs_run",
        ),
    ),
    35: (
        "the project's own namespace is rewritten",
        ("test_wants.py::test_it_becomes", "test_fixtures.py::test_every_reference_is_as_expected"),
    ),
    36: (
        "the project's own header is taken for CUDA's",
        ("languages/test_scan.py::test_an_own_header_with_cudas_name_is_the_projects",),
    ),
    37: (
        "a second run rewrites again",
        ("cli/test_migrate.py::test_in_place_twice_and_undo", "test_wants.py::test_it_becomes"),
    ),
    38: (
        "an architecture test that is always true afterwards",
        ("rules/test_rules.py::test_guards_say_what_a_rename_would_do",),
    ),
    39: (
        "a version test that switches on afterwards",
        ("test_wants.py::test_guards_are_never_merely_renamed",),
    ),
    40: (
        "native code of the vendor is rewritten; assembly is cut out",
        (
            "test_wants.py::test_it_becomes",
            "rules/test_rules.py::test_ported_assembly_is_left_alone",
        ),
    ),
    41: (
        "`#define cudaX musaX` becomes `#define musaX musaX`",
        ("test_wants.py::test_it_becomes",),
    ),
    42: (
        "names that do not exist on the target",
        (
            "targets/test_replacements.py::test_every_replacement_is_a_row_or_the_rules_and_marked_so",
        ),
    ),
    43: (
        "a wrong equivalent without a warning",
        ("targets/test_shipped_targets.py::test_musa_leaves_known_differences_to_a_person",),
    ),
    44: ("a comment of a build file is migrated", ()),
    45: ("compiler flags, environment and build targets", ()),
    46: (
        "masks and loops for 32 lanes on 64",
        ("rules/test_rule_fixtures.py::test_what_is_expected_is_found",),
    ),
    47: (
        "two copies of the table drift apart",
        ("test_wheel.py::test_wheel_holds_code_tables_and_texts",),
    ),
    48: (
        "headers read as C lack half of the names",
        (
            "vocab/test_build_vocabulary.py::test_what_a_header_says",
            "test_wants.py::test_names_under_cplusplus_are_known",
        ),
    ),
    49: (
        "the run goes on when the tool is missing",
        (
            "cli/test_migrate.py::test_exit_codes",
            "cli/test_mistakes.py::test_a_mistake_is_one_message",
        ),
    ),
    50: ("every user needs both SDKs", ("test_wants.py::test_it_becomes",)),
    51: ("no binaries", ("test_wheel.py::test_wheel_holds_code_tables_and_texts",)),
    52: (
        "a header is processed several times",
        ("test_wants.py::test_a_header_of_many_is_in_the_report_once",),
    ),
}
# Answers that belong to the readers of build files and Python, tested where these are.
ELSEWHERE = {11, 12, 44, 45}

# what nvcc includes by itself is written where a file relies on it (PK702)
IMPLIED = "#include <musa_runtime.h>\n"


def test_every_complaint_has_an_answer_that_exists() -> None:
    assert sorted(ANSWERS) == list(range(1, 53))
    assert {n for n, (_, tests) in ANSWERS.items() if not tests} == ELSEWHERE
    functions: dict[str, set[str]] = {}
    for number, (_, tests) in ANSWERS.items():
        for test in tests:
            file, _, name = test.partition("::")
            if file not in functions:
                tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
                functions[file] = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
            assert name in functions[file], f"complaint {number}: {test}"


class Case(NamedTuple):
    """One file `a.cu` before and after, the files around it, and rules that must or must not speak."""

    before: str
    after: str
    around: dict[str, str] = {}  # noqa: RUF012 - never changed
    says: frozenset[str] = frozenset()


CASES = {
    "5 a header that is not found": Case(
        '#include <no/such/header>\n#include "nor_this.h"\nint main() { void *p; Missing<int> '
        'm; return cudaMalloc(&p, 8) + m.x; }\n',
        '#include <no/such/header>\n#include "nor_this.h"\nint main() { void *p; Missing<int> '
        'm; return musaMalloc(&p, 8) + m.x; }\n',
    ),
    "15 an own header in angle brackets": Case(
        "#include <own/cuda_util.h>\nint f() { return cudaOwn(); }\n",
        "#include <own/cuda_util.h>\nint f() { return cudaOwn(); }\n",
        {"include/own/cuda_util.h": "int cudaOwn();\n"},
    ),
    "19 a launch made of object macros": Case(
        "__global__ void k(int);\n#define GRID <<<1, 2>>>\n#define KERNEL k\nvoid f() { KERNEL "
        "GRID (3); cudaDeviceSynchronize(); }\n",
        "__global__ void k(int);\n#define GRID <<<1, 2>>>\n#define KERNEL k\nvoid f() { KERNEL "
        "GRID (3); musaDeviceSynchronize(); }\n",
    ),
    "20 a comma in a template": Case(
        "template <class A, class B> __global__ void k(A, B);\nvoid f(cudaStream_t s) { k<int, "
        "float><<<1, 2, 0, s>>>(1, 2.f); }\n",
        "template <class A, class B> __global__ void k(A, B);\nvoid f(musaStream_t s) { k<int, "
        "float><<<1, 2, 0, s>>>(1, 2.f); }\n",
    ),
    "21 two calls in one macro": Case(
        "#define BOTH(p) do { cudaFree(p); cudaGetLastError(); \\\n  cudaFree(p); } while "
        "(0)\nvoid f(void *p) { BOTH(p); }\n",
        "#define BOTH(p) do { musaFree(p); musaGetLastError(); \\\n  musaFree(p); } while "
        "(0)\nvoid f(void *p) { BOTH(p); }\n",
    ),
    "23 an include in a dead branch": Case(
        "#if 0\n#include <mpi.h>\n#include <cuda_runtime.h>\n#endif\nint x = cudaFree(0);\n",
        "#if 0\n#include <mpi.h>\n#include <musa_runtime.h>\n#endif\nint x = musaFree(0);\n",
    ),
    "28 a launch in a string": Case(
        'const char *s = "k<<<XYZ>>>(cudaMalloc)";\nint x = cudaFree(0);\n',
        'const char *s = "k<<<XYZ>>>(cudaMalloc)";\nint x = musaFree(0);\n',
    ),
    "35 the project's own namespaces": Case(
        "namespace at { namespace cub { int exclusive_scan(int); int cudaFree(int); } }\n"
        "int x = at::cub::exclusive_scan(1) + at::cub::cudaFree(2) + cudaFree(0);\n",
        "namespace at { namespace cub { int exclusive_scan(int); int cudaFree(int); } }\n"
        "int x = at::cub::exclusive_scan(1) + at::cub::cudaFree(2) + musaFree(0);\n",
    ),
    "40 assembly is never cut out": Case(
        '__global__ void k(int *p) { int r; asm volatile("mov.u32 %0, %laneid;" : "=r"(r)); *p = r; }\n',
        '__global__ void k(int *p) { int r; asm volatile("mov.u32 %0, %laneid;" : "=r"(r)); *p = r; }\n',
        says=frozenset({"PK401"}),
    ),
    "40 the vendor's own files": Case(
        "int x = cudaFree(0);\n",
        "int x = musaFree(0);\n",
        {"native.mu": "int y = cudaFree(0);\n", "native.muh": "int z = cudaFree(0);\n"},
    ),
    "41 a compat header": Case(
        '#include "compat.h"\nint x = cudaFree(0);\n',
        '#include "compat.h"\nint x = musaFree(0);\n',
        {"compat.h": "#pragma once\n#include <musa_runtime.h>\n#define cudaMalloc "
                     "musaMalloc\n#define cudaMemcpy musaMemcpy\n"},
        frozenset({"PK907"}),
    ),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "tree").mkdir()
    return tmp_path


def write(place: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = place / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def plan(place: Path, *options: str, to: str = "musa") -> dict[str, Any]:
    assert (
        run_line(
            [
                "report",
                "tree",
                "--to",
                to,
                "--format",
                "json",
                "-o",
                "report.json",
                "-j",
                "1",
                *options,
            ]
        )
        == 0
    )
    found: dict[str, Any] = json.loads((place / "report.json").read_text())["plans"][0]
    return found


def findings(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from found["findings"]
    for file in found["files"]:
        yield from file["findings"]


@pytest.mark.parametrize("name", CASES)
def test_it_becomes(place: Path, name: str) -> None:
    """Each case: rewritten as said, the files around it untouched, and a second run changes
    nothing.
    """
    case = CASES[name]
    files = {"a.cu": case.before, **case.around}
    write(place, files)
    said = {f["rule"] for f in findings(plan(place))}
    assert case.says <= said, said
    arguments = [
        "migrate",
        "tree",
        "--to",
        "musa",
        "--in-place",
        "--allow-dirty",
        "-q",
        "-j",
        "1",
        "-o",
        os.devnull,
    ]
    for _ in range(2):
        assert run_line(arguments) == 0
        written = (place / "tree" / "a.cu").read_text()
        assert written in (case.after, f"{IMPLIED}{case.after}")
        assert {n: (place / "tree" / n).read_text() for n in case.around} == case.around


def test_a_library_that_is_not_there_is_named(place: Path, portkit: Callable[..., Any]) -> None:
    library = str(place / "none.so")
    write(place, {"a.cu": "int x = cudaFree(0);\n"})
    assert (
        library
        in portkit(
            "report", "tree", "--to", "musa", code=2, cwd=place, PORTKIT_LIBCLANG=library
        ).stderr
    )
    told = portkit("doctor", PORTKIT_LIBCLANG=library).stdout
    assert "rung clang: missing" in told and library in told


def test_doctor_says_which_rungs_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_line(["doctor"]) == 0
    told = capsys.readouterr().out
    for word in (
        "rung clang:",
        "rung syntax:",
        "rung lex: always",
        "CUDA SDK: not needed",
        "CUDA vocabulary:",
        "musa",
        "git:",
    ):
        assert word in told


def test_totals_are_of_decisions(place: Path) -> None:
    write(
        place,
        {
            "a.cu": "int x = cudaFree(0) + cudaNoSuchThing();\n",
            "empty.cu": "",
            "odd.cu": "\0\1\2" * 400,
        },
    )
    found = plan(place)
    summary = found["summary"]
    assert summary["references"] == summary["edit"] + summary["manual"] + summary["keep"] == 2
    assert summary["readiness"] == 50.0
    assert {f["path"]: f["parse"] for f in found["files"]}["odd.cu"] == "failed"
    assert "PK900" in {f["rule"] for f in findings(found)}


def test_only_the_files_named_are_written(place: Path) -> None:
    header = "inline int y() { return cudaFree(0); }\n"
    write(
        place,
        {
            "a.cu": '#include "h.cuh"\nint x = cudaFree(0);\n',
            "h.cuh": header,
            "b.cu": "int z = cudaFree(0);\n",
        },
    )
    assert (
        run_line(
            [
                "migrate",
                "tree/a.cu",
                "tree/h.cuh",
                "--to",
                "musa",
                "--in-place",
                "--allow-dirty",
                "-q",
                "-o",
                os.devnull,
            ]
        )
        == 0
    )
    assert "cudaFree" in (place / "tree" / "b.cu").read_text()
    assert (
        "musaFree" in (place / "tree" / "a.cu").read_text()
        and "musaFree" in (place / "tree" / "h.cuh").read_text()
    )


def test_a_plain_kernel_is_silent(place: Path) -> None:
    write(
        place,
        {
            "a.cu": "__global__ void k(int *p) { atomicAdd(p, threadIdx.x + blockIdx.x * "
            "blockDim.x); __syncthreads(); }\n"
        },
    )
    found = plan(place)
    assert {r["decision"] for r in found["files"][0]["references"]} == {"keep"}
    assert [f["rule"] for f in findings(found)] == ["PK702"]  # nvcc includes its header by itself


def test_guards_are_never_merely_renamed(place: Path) -> None:
    text = (
        "#if CUDA_VERSION >= 12080\nint a;\n#endif\n#if defined(__CUDA_ARCH__) && "
        "__CUDA_ARCH__ < 800\nint b;\n#endif\n"
    )
    write(place, {"a.cu": text})
    found = plan(place)
    assert {f["rule"] for f in findings(found)} >= {"PK201", "PK202"}
    tests = [r for r in found["files"][0]["references"] if r["context"] == "condition"]
    assert len(tests) == 2 and {r["reason"] for r in tests} == {"guard-value"}


def test_names_under_cplusplus_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_line(["query", "cublasHgemm", "__half2", "cudaLaunchKernelExC", "--to", "musa"]) == 0
    assert "not in the vocabulary" not in capsys.readouterr().out


def test_a_header_of_many_is_in_the_report_once(place: Path) -> None:
    write(
        place,
        {f"{n}.cu": '#include "h.cuh"\nint x = y();\n' for n in range(5)}
        | {"h.cuh": "inline int y() { return cudaFree(0); }\n"},
    )
    found = plan(place)
    assert sum(f["path"] == "h.cuh" for f in found["files"]) == 1
    header = next(f for f in found["files"] if f["path"] == "h.cuh")
    assert [(r["name"], r["proof"]) for r in header["references"]] == [("cudaFree", "proved")]

# SPDX-License-Identifier: Apache-2.0
"""What is renamed only together: comparisons of architecture and version macros with their
condition, probes with what they guard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[dict[str, str], list[dict[str, Any]]]]
INCLUDE = "#include <cuda_runtime.h>\n"


@pytest.fixture
def moved(tmp_path: Path, portkit: Any) -> Run:
    """Return what migrates files and gives the new texts, and the findings of all."""

    def run(
        files: Mapping[str, str], to: str = "musa@mp_31", *options: str
    ) -> tuple[dict[str, str], list[dict[str, Any]]]:
        tree, out, report = tmp_path / "tree", tmp_path / "out", tmp_path / "report.json"
        tree.mkdir()
        for name, text in files.items():
            (tree / name).write_text(text)
        portkit(
            "migrate", tree, "--root", tree, "--to", to, "--out-dir", out, "--format", "json",
            "-o", report, "-j", "1", *options,
        )  # fmt: skip
        (plan,) = json.loads(report.read_text())["plans"]
        found = [item | {"path": f["path"]} for f in plan["files"] for item in f["findings"]]
        return {name: (out / name).read_text() for name in files}, found

    return run


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("__device__ int f() { if (__CUDA_ARCH__ >= 700) return 1; return 0; }", "PK201"),
        ("__device__ int f() { if constexpr (__CUDA_ARCH__ < 0x258) return 1; return 0; }", "PK201"),
        ("__device__ int f() { return 900 <= __CUDA_ARCH__ ? 2 : 1; }", "PK201"),
        ("#define FAST_PATH (__CUDA_ARCH__ >= 600)", "PK201"),
        ("static_assert(CUDART_VERSION >= 11020, \"too old\");", "PK202"),
        ("bool f() { return CUDA_VERSION != 12000; }", "PK202"),
        ("template <bool B = (CUDART_VERSION > 10020)> struct S {};", "PK202"),
        ("template <int A = __CUDA_ARCH__> struct S {};", "PK203"),
        ("#define SM __CUDA_ARCH__", "PK203"),
        ("__device__ bool f() { return __CUDA_ARCH__ / 100 >= 8; }", "PK203"),
        ("__device__ bool f() { return 8 * 100 <= __CUDA_ARCH__ * 1; }", "PK203"),
        ("int g(int); int f() { return g(CUDART_VERSION); }", "PK203"),
        ("#if 0\nbool old() { return CUDART_VERSION < 9000; }\n#endif", "PK202"),
    ],
)  # fmt: skip
def test_the_number_of_a_version_is_never_renamed(moved: Run, line: str, rule: str) -> None:
    text = f"{INCLUDE}{line}\n"
    output, found = moved({"a.cu": text})
    assert output["a.cu"] == text.replace("cuda_runtime.h", "musa_runtime.h")
    numbers = [f for f in found if f["rule"] in ("PK201", "PK202", "PK203")]
    assert [f["rule"] for f in numbers] == [rule]
    assert numbers[0]["blocking"] is ("#if 0" not in line)


def test_what_a_rename_would_make_of_a_comparison_in_code(moved: Run) -> None:
    _, found = moved({"a.cu": INCLUDE + "__device__ bool f() { return __CUDA_ARCH__ >= 800; }\n"})
    (item,) = (f for f in found if f["rule"] == "PK201")
    assert (item["args"]["case"], item["args"]["target_value"]) == ("false", "310")


@pytest.mark.parametrize(
    "condition",
    [
        "#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 520",
        "#if !defined(__CUDA_ARCH__) || (__CUDA_ARCH__ >= 520)",
        "#if defined(__CUDACC__) && \\\n    CUDART_VERSION >= 11010",
        "#if __has_include(<cuda_fp16.h>) && CUDART_VERSION >= 11010",
    ],
)
def test_a_condition_is_renamed_whole_or_not_at_all(moved: Run, condition: str) -> None:
    output, found = moved({"a.cu": f"{INCLUDE}{condition}\n#endif\n"})
    assert condition in output["a.cu"]
    (item,) = (f for f in found if f["blocking"])
    assert item["rule"] in ("PK201", "PK202") and len(item["references"]) == 2


@pytest.mark.parametrize(
    ("condition", "after"),
    [
        (
            "#if defined(__CUDACC__) || defined(__NVCC__)",
            "defined(__MUSACC__) || defined(__NVCC__)",
        ),
        ("#if !defined(__NVCC__) && !defined(__CUDACC__)", "!defined(__MUSACC__)"),
        ("#if defined(__CUDACC__) && defined(__NVCC__)", "defined(__CUDACC__) &&"),
        ("#if defined(__CUDACC__) && !defined(__NVCC__)", "defined(__CUDACC__) &&"),
        ("#if !(defined(__CUDACC__) || defined(__NVCC__))", "(defined(__CUDACC__) ||"),
        ("#if defined(__CUDACC__) || __NVCC__", "defined(__CUDACC__) ||"),
        ("#if defined(__CUDACC__) || CUDART_VERSION > 9", "defined(__CUDACC__) ||"),
    ],
)
def test_each_of_several_alternatives_is_a_test_of_its_own(
    moved: Run, condition: str, after: str
) -> None:
    output, _ = moved({"a.cu": f"{INCLUDE}{condition}\n#endif\n"})
    assert after in output["a.cu"]


def test_a_condition_that_the_vendor_documents_is_fixed_whole(moved: Run) -> None:
    lines = (
        "#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800\n#endif\n"
        "#if __CUDA_ARCH__ >= 800 && __CUDA_ARCH__ < 900\n#endif\n"
        "#if __CUDA_ARCH__ >= 800 && CUDA_VERSION >= 12000\n#endif\n"
    )
    output, found = moved({"a.cu": INCLUDE + lines}, "musa@mp_31", "--fix")
    assert "#if defined(__MUSA_ARCH__) && __MUSA_ARCH__ >= 220\n" in output["a.cu"]
    assert "#if __MUSA_ARCH__ >= 220 && __MUSA_ARCH__ < 310\n" in output["a.cu"]
    assert "#if __CUDA_ARCH__ >= 800 && CUDA_VERSION >= 12000\n" in output["a.cu"]
    open_ones = [f for f in found if f["blocking"] and "suppressed" not in f]
    assert [f["rule"] for f in open_ones] == ["PK201", "PK202"]


def test_a_probe_waits_for_what_it_guards(moved: Run) -> None:
    probe = "#if __has_include(<nvml.h>)\n#include <nvml.h>\n#define WITH_SENSORS 1\n#endif\n"
    use = "#ifdef WITH_SENSORS\nunsigned f(nvmlDevice_t d);\n#endif\n"
    output, found = moved({"a.h": probe + use})
    assert output["a.h"] == probe + use
    held = [f for f in found if f["rule"] == "PK205"]
    assert [(f["line"], f["args"]["cause"]) for f in held] == [
        (1, "nvmlDevice_t"),
        (2, "nvmlDevice_t"),
    ]
    assert all(f["blocking"] for f in held)


def test_a_probe_waits_for_what_its_macro_guards_elsewhere(moved: Run) -> None:
    probe = "#if __has_include(<nvml.h>)\n#include <nvml.h>\n#define WITH_SENSORS\n#endif\n"
    use = '#include "probe.h"\n#if defined(WITH_SENSORS)\nvoid f(nvmlDevice_t d);\n#endif\n'
    files = {"probe.h": probe, "use.cpp": use}
    output, found = moved(files)
    assert output == files
    assert {(f["path"], f["args"]["cause"]) for f in found if f["rule"] == "PK205"} == {
        ("probe.h", "nvmlDevice_t")
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#if __has_include(<cuda_fp16.h>)\n#include <cuda_fp16.h>\n#endif", "musa_fp16.h"),
        ("#ifdef CUDART_VERSION\nint f() { return cudaFree(0); }\n#endif", "#ifdef MUSART_VERSION"),
        ("#ifdef __CUDACC__\nvoid f(nvmlDevice_t);\n#endif", "#ifdef __MUSACC__"),
        ("#ifndef CUDART_VERSION\nvoid f(nvmlDevice_t);\n#endif", "#ifndef MUSART_VERSION"),
    ],
)
def test_a_probe_moves_with_what_can_move(moved: Run, before: str, after: str) -> None:
    output, found = moved({"a.cu": f"{INCLUDE}{before}\n"})
    assert after in output["a.cu"] and not any(f["rule"] == "PK205" for f in found)


@pytest.mark.parametrize(
    "probe",
    [
        "#ifdef CUDART_VERSION\nvoid f(nvmlDevice_t);\n#endif",
        "#ifndef CUDART_VERSION\n#else\nvoid f(nvmlDevice_t);\n#endif",
        "#if !defined(CUDART_VERSION)\n#elif 1\nvoid f(nvmlDevice_t);\n#endif",
        "#ifdef CUDART_VERSION\n#ifdef CUDNN_VERSION\nvoid f(nvmlDevice_t);\n#endif\n#endif",
    ],
)
def test_a_test_of_a_feature_is_a_probe(moved: Run, probe: str) -> None:
    output, found = moved({"a.cu": f"{INCLUDE}{probe}\n"})
    assert probe in output["a.cu"]
    assert any(f["rule"] == "PK205" and f["args"]["name"] == "CUDART_VERSION" for f in found)


def test_steps_by_library_end_as_one_run_does(moved: Run) -> None:
    text = (
        f"{INCLUDE}#include <curand.h>\n#if defined(CURAND_VERSION) && CUDART_VERSION >= 9000\n#endif\n"
        "#if __has_include(<cuda_fp16.h>)\nvoid f(nvmlDevice_t);\n#endif\n"
    )
    output, _ = moved({"a.cu": text}, "musa@mp_31", "--skip", "runtime,nvml")
    assert "#if defined(CURAND_VERSION) && CUDART_VERSION >= 9000\n" in output["a.cu"]
    assert "__has_include(<cuda_fp16.h>)" in output["a.cu"]

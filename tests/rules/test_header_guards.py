# SPDX-License-Identifier: Apache-2.0
"""Include guards of CUDA's headers: in the vocabulary, never derived, renamed by the header alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portkit.model.words import Exists, Kind
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary

PROBE = "#include <cuda_runtime.h>\n#include <cufft.h>\n"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("__DRIVER_TYPES_H__", "driver_types.h"),
        ("_CUFFT_H_", "cufft.h"),
        ("NVJPEGAPI", "nvjpeg.h"),
        ("NV_NPPIDEFS_H", "nppdefs.h"),
        ("CUBLAS_API_H_", "cublas_api.h"),
        ("CUSPARSEAPI", "cusparse.h"),
        ("CUSOLVER_COMMON_H_", "cusolver_common.h"),
        ("CURAND_H_", "curand.h"),
        ("__cuda_cuda_h__", "cuda.h"),
        ("__nvml_nvml_h__", "nvml.h"),
    ],
)
def test_the_vocabulary_has_the_guards_of_headers(name: str, header: str) -> None:
    vocabulary = load_vocabulary()
    (entity,) = (e for e in vocabulary.get(name) if e.kind is Kind.MACRO)
    assert entity.header == header and vocabulary.is_header_guard(name)
    assert not vocabulary.is_plain(name)


@pytest.mark.parametrize("spec", ["musa", "maca", "biren@gen1", "enflame"])
def test_no_naming_rule_speaks_of_a_guard(spec: str) -> None:
    target, vocabulary = load_target(spec), load_vocabulary()
    for name in vocabulary.names:
        for entity in vocabulary.get(name) if vocabulary.is_header_guard(name) else ():
            row = target.row(name, entity.kind, entity.library, entity.qualifier)
            assert row is None or row.exists > Exists.RULE, name


@pytest.fixture
def outcome(tmp_path: Path, portkit: Any) -> Any:
    """Return what migrates a text and gives the new one, and the findings PK205 and PK206."""

    def run(text: str, to: str, *options: str) -> tuple[str, list[dict[str, Any]]]:
        tree, out, report = tmp_path / "tree", tmp_path / "out", tmp_path / "r.json"
        tree.mkdir(exist_ok=True)
        (tree / "a.cpp").write_text(text)
        portkit(
            "migrate", tree, "--root", tree, "--to", to, "--out-dir", out, "--force",
            "--format", "json", "-o", report, "-j", "1", *options,
        )  # fmt: skip
        (file,) = json.loads(report.read_text())["plans"][0]["files"]
        found = [f for f in file["findings"] if f["rule"] in ("PK205", "PK206")]
        return (out / "a.cpp").read_text(), found

    return run


def test_only_the_header_itself_names_its_guard(outcome: Any) -> None:
    text = "#include <cuda_runtime_api.h>\n#ifdef __DRIVER_TYPES_H__\nint f();\n#endif\n"
    new, found = outcome(text, "enflame")
    assert "#ifdef TOPS_INCLUDE_TOPS_DRIVER_TYPES_H\n" in new and found == []
    new, found = outcome(text, "musa")
    assert "#ifdef __DRIVER_TYPES_H__\n" in new
    assert [(f["rule"], f["blocking"]) for f in found] == [("PK206", True)]


def test_a_table_of_names_is_not_enough(outcome: Any) -> None:
    new, (item,) = outcome(PROBE + "#ifdef _CUFFT_H_\nint f();\n#endif\n", "musa")
    assert "#ifdef _CUFFT_H_\n" in new and item["args"]["replacement"] == "_MUFFT_H_"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#ifdef _CUFFT_H_", "#if __has_include(<mufft.h>)"),
        ("#  ifndef  _CUFFT_H_", "#  if  !__has_include(<mufft.h>)"),
        ("#if defined(_CUFFT_H_) && 1", "#if __has_include(<mufft.h>) && 1"),
        ("#if 0\n#elif !defined _CUFFT_H_", "#if 0\n#elif !__has_include(<mufft.h>)"),
    ],
)
def test_the_portable_form_is_a_fix(outcome: Any, before: str, after: str) -> None:
    new, (item,) = outcome(f"{PROBE}{before}\nint f();\n#endif\n", "musa", "--fix")
    assert item["fix"]["applicability"] == "safe" and f"\n{after}\n" in new


def test_the_fix_is_safe_only_where_the_file_includes_the_header(outcome: Any) -> None:
    for text in (
        "#include <cuda_runtime.h>\n#ifdef _CUFFT_H_\nint f();\n#endif\n",
        "#ifdef X\n#include <cufft.h>\n#endif\n#ifdef _CUFFT_H_\nint f();\n#endif\n",
        "#ifdef _CUFFT_H_\nint f();\n#endif\n#include <cufft.h>\n",
    ):
        new, (item,) = outcome(text, "musa", "--fix")
        assert item["fix"]["applicability"] == "unsafe" and "#ifdef _CUFFT_H_\n" in new


def test_no_fix_switches_on_what_is_left_to_a_person(outcome: Any) -> None:
    text = PROBE + "#include <nvml.h>\n#ifdef _CUFFT_H_\nvoid f(nvmlDevice_t);\n#endif\n"
    _, (item,) = outcome(text, "musa")
    assert "fix" not in item


def test_a_guard_that_the_project_defines_is_its_own(outcome: Any) -> None:
    text = "#ifndef _CUFFT_H_\n#define _CUFFT_H_\ntypedef int cufftResult;\n#endif\n"
    assert outcome(text, "musa") == (text, [])

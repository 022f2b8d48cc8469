# SPDX-License-Identifier: Apache-2.0
"""A name and its namespaces are one span: both move, by the row's full target, or neither does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HEAD = "#include <c10/cuda/CUDAStream.h>\n#include <ATen/cuda/CUDAContext.h>\n"


@pytest.fixture
def migrated(tmp_path: Path, portkit: Any) -> Any:
    """Return what migrates a text and gives its lines behind the includes."""

    def run(text: str, to: str, *more: str) -> str:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.cpp").write_text(HEAD + text + "\n")
        line = "migrate", tmp_path / "in", "--to", to, "--out-dir", tmp_path / "out", "-j", "1"
        portkit(*line, *more)
        return "".join((tmp_path / "out" / "a.cpp").read_text().splitlines(keepends=True)[2:])[:-1]

    return run


@pytest.mark.parametrize(
    ("text", "biren", "enflame"),
    [
        ("c10::cuda::CUDAStream f();",
         "c10::supa::SUPAStream f();", "torch_gcu::GCUStream f();"),
        ("::c10::cuda::CUDAStream f();",
         "::c10::supa::SUPAStream f();", "::torch_gcu::GCUStream f();"),
        ("void f(const ::c10::cuda::CUDAStream &s);",
         "void f(const ::c10::supa::SUPAStream &s);", "void f(const ::torch_gcu::GCUStream &s);"),
        ("c10 :: cuda::\n  CUDAStream f();",
         "c10 :: supa::\n  SUPAStream f();", "torch_gcu::GCUStream f();"),
        ("c10::/* in */cuda::CUDAStream f();",
         "c10::/* in */supa::SUPAStream f();", "c10::/* in */cuda::CUDAStream f();"),
        ("auto f() { return at::cuda::getCurrentCUDAStream(); }",
         "auto f() { return c10::supa::getCurrentSUPAStream(); }",
         "auto f() { return torch_gcu::getCurrentGCUStream(); }"),
        ("auto f() { return c10::cuda::getStreamFromPool(); }",
         "auto f() { return c10::supa::getStreamFromPool(); }",
         "auto f() { return torch_gcu::getStreamFromPool(); }"),
        ("using c10::cuda::CUDAStream;\nCUDAStream f();",
         "using c10::supa::SUPAStream;\nSUPAStream f();",
         "using torch_gcu::GCUStream;\ntorch_gcu::GCUStream f();"),
        ("using namespace c10::cuda;\nCUDAStream f();",
         "using namespace c10::supa;\nSUPAStream f();",
         "using namespace c10::cuda;\ntorch_gcu::GCUStream f();"),
        ("namespace s = c10::cuda;\ns::CUDAStream f();",
         "namespace s = c10::supa;\ns::SUPAStream f();",
         "namespace s = c10::cuda;\ntorch_gcu::GCUStream f();"),
        ("namespace s = at::cuda;\nauto f() { return s::getCurrentCUDAStream(); }",
         "namespace s = at::supa;\nauto f() { return c10::supa::getCurrentSUPAStream(); }",
         "namespace s = at::cuda;\nauto f() { return torch_gcu::getCurrentGCUStream(); }"),
        ("namespace c10 { namespace own { cuda::CUDAStream f(); } }",
         "namespace c10 { namespace own { supa::SUPAStream f(); } }",
         "namespace c10 { namespace own { torch_gcu::GCUStream f(); } }"),
        ("int n = at::cuda::warp_size();",
         "int n = at::supa::warp_size();", "int n = at::cuda::warp_size();"),
        ("c10::cuda::CUDAMultiStreamGuard *g;",
         "c10::supa::SUPAMultiStreamGuard *g;", "torch_gcu::GCUMultiStreamGuard *g;"),
        ("void f() { c10::cuda::SetTargetDevice(); }",
         "void f() { c10::cuda::SetTargetDevice(); }", "void f() { c10::cuda::SetTargetDevice(); }"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("target", ["biren@gen2", "enflame"])
def test_a_qualified_name_is_one_span(
    migrated: Any, text: str, biren: str, enflame: str, target: str
) -> None:
    assert migrated(text, target) == (biren if target == "biren@gen2" else enflame)


def test_a_name_that_stays_in_a_namespace_that_moves(migrated: Any) -> None:
    """What the namespace's own row says of names without one."""
    text = "#include <cuda/std/tuple>\ncuda::std::tuple<int> f();\n"
    text += "int n = ::cuda::std::numeric_limits<int>::max();"
    assert migrated(text, "musa").splitlines()[1:] == [
        "musa::std::tuple<int> f();",
        "int n = ::musa::std::numeric_limits<int>::max();",
    ]


def test_a_part_that_is_spelt_alike_is_no_edit(tmp_path: Path, portkit: Any) -> None:
    text = "#include <thrust/execution_policy.h>\nauto p = thrust::cuda::par.on(0);\n"
    (tmp_path / "a.cu").write_text(text)
    done = portkit("report", tmp_path / "a.cu", "--to", "musa", "--format", "json", "-j", "1")
    (file,) = json.loads(done.stdout)["plans"][0]["files"]
    told = {r["name"]: (r["decision"], r.get("replacement")) for r in file["references"][1:]}
    assert told == {
        "thrust": ("keep", None),
        "cuda": ("edit", "musa"),
        "par": ("keep", None),
    }


def test_what_the_project_puts_into_a_namespace_stays(migrated: Any) -> None:
    text = "namespace c10::cuda { int own(); }\nint n = c10::cuda::own();\n"
    text += "c10::cuda::CUDAStream f();"
    assert migrated(text, "musa").splitlines() == [
        "namespace c10::cuda { int own(); }",
        "int n = c10::cuda::own();",
        "c10::musa::MUSAStream f();",
    ]


def test_a_library_that_is_left_out_leaves_both(migrated: Any) -> None:
    text = "c10::cuda::CUDAStream f();"
    assert migrated(text, "musa", "--skip", "pytorch") == text


def test_a_user_row_moves_the_namespace_too(migrated: Any, tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text(json.dumps({"at::cuda::warp_size": "own::lanes"}))
    text = "int n = at::cuda::warp_size() + ::at::cuda::warp_size();"
    said = migrated(text, "musa", "--map", str(tmp_path / "map.json"))
    assert said == "int n = own::lanes() + ::own::lanes();"


def test_a_second_run_changes_nothing(migrated: Any, tmp_path: Path, portkit: Any) -> None:
    migrated("c10::cuda::CUDAStream f();\nauto g() { return at::cuda::getCurrentCUDAStream(); }",
             "enflame")  # fmt: skip
    portkit("migrate", tmp_path / "out", "--to", "enflame", "--exit-code", "--diff")


def test_a_namespace_whose_names_stay_is_known_to_stay(portkit: Any, tmp_path: Path) -> None:
    text = "auto f() { return at::cuda::getCurrentCUDAStream(); }\nc10::cuda::CUDAStream g();\n"
    (tmp_path / "a.cpp").write_text(HEAD + text)
    line = "report", tmp_path, "--root", tmp_path, "--to", "maca", "--format", "json", "-j", "1"
    plan = json.loads(portkit(*line).stdout)["plans"][0]
    reasons = {r["name"]: r["reason"] for f in plan["files"] for r in f["references"]}
    assert set(reasons.values()) == {"same-spelling"}, reasons
    assert plan["summary"]["readiness"] == 100.0

# SPDX-License-Identifier: Apache-2.0
"""Calls that the target's function does not take: an overload or a default argument that it lacks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plans_by_hand import make_plan
from portkit.model.plans import Plan
from portkit.plan.decide import Policy
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]
ARITY = (
    "name\tleast\tmost\tsources\n"
    "toyStreamWaitEvent\t3\t3\tdoc\n"
    "toyEventNew\t1\t1\tdoc\n"
    "toyEventRecord\t1\t2\tdoc\n"
    "toyMallocHost\t3\t3\tdoc\n"
)


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    folder = tmp_path / "mappings"
    shutil.copytree(ROOT / "fixtures" / "recipes" / "toy", folder / "toy")
    (folder / "cuda").symlink_to(ROOT / "mappings" / "cuda")
    (folder / "toy" / "arity.tsv").write_text(ARITY)
    rows = folder / "toy" / "runtime.csv"
    names = ("cudaStreamWaitEvent", "cudaMallocHost", "cudaFree")
    more = (f"{n},toy{n[4:]},function,mapped,doc,table,doc,,\n" for n in names)
    rows.write_text(rows.read_text() + "".join(more))
    return folder


def planned(tmp_path: Path, mappings: Path, code: str) -> Plan:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.cu").write_text(code)
    read = scan_paths([tree], ScanOptions(root=tree, jobs=1))
    target = load_target("toy", mappings)
    return make_plan(read.scan, target, load_vocabulary(), Policy(), read.read)


def said(plan: Plan, name: str) -> list[str]:
    """Return what becomes of each reference to a name, in the order of the file."""
    file = plan.files[0]
    pairs = zip(file.scan.references, file.decisions, strict=True)
    return [f"{d.action}:{d.reason}" for r, d in pairs if r.name == name]


def test_a_call_that_fits_is_edited_and_one_that_does_not_is_left(
    tmp_path: Path, mappings: Path
) -> None:
    code = (
        "#include <cuda_runtime.h>\nvoid f(cudaStream_t s, cudaEvent_t e) {\n"
        "cudaStreamWaitEvent(s, e, 0);\ncudaStreamWaitEvent(s, (e));\n"
        "cudaStreamWaitEvent(s, e /* , 0 */);\n}\n"
    )
    plan = planned(tmp_path, mappings, code)
    assert said(plan, "cudaStreamWaitEvent") == ["edit:mapped", "manual:arity", "manual:arity"]
    found = [f for f in plan.files[0].findings if f.rule == "PK110"]
    assert len(found) == 2 and all(f.blocking for f in found)
    assert {k: found[0].args[k] for k in ("case", "given", "takes")} == {
        "case": "arity",
        "given": "2",
        "takes": "3",
    }


def test_macro_bodies_and_inactive_code_are_counted_too(tmp_path: Path, mappings: Path) -> None:
    code = (
        "#include <cuda_runtime.h>\n"
        "#define WAIT(s, e) cudaStreamWaitEvent(s, e)\n"
        "#define WAIT0(s, e) cudaStreamWaitEvent(s, e, 0)\n"
        "#define WAITS(...) cudaStreamWaitEvent(__VA_ARGS__)\n"
        "#define WAITN(first, rest...) cudaStreamWaitEvent(first, rest)\n"
        "#if 0\ncudaStreamWaitEvent(s, e);\ncudaStreamWaitEvent(s, e, 0);\n#endif\n"
    )
    plan = planned(tmp_path, mappings, code)
    manual, edit = "manual:arity", "edit:mapped"
    assert said(plan, "cudaStreamWaitEvent") == [manual, edit, manual, manual, manual, edit]


def test_what_cannot_be_counted_is_left(tmp_path: Path, mappings: Path) -> None:
    code = (
        "#include <cuda_runtime.h>\n#define BOTH s, e\n#define ONE(x) (x)\n"
        "void f(cudaStream_t s, cudaEvent_t e) { cudaStreamWaitEvent(BOTH, 0); "
        "cudaStreamWaitEvent(ONE(s), e, 0); }\n"
        "template <class... T> void g(T... t) { cudaStreamWaitEvent(t...); }\n"
        "template <class F> void h(F f); void i() { h(cudaStreamWaitEvent); }\n"
    )
    plan = planned(tmp_path, mappings, code)
    found = said(plan, "cudaStreamWaitEvent")
    # as a pointer it has all of its parameters, on the target too
    assert found == ["manual:arity", "edit:mapped", "manual:arity", "edit:mapped"]
    cases = {f.args["case"] for f in plan.files[0].findings if f.rule == "PK110"}
    assert cases == {"arity-untold"}


def test_a_pointer_to_one_of_several_overloads_is_left(tmp_path: Path, mappings: Path) -> None:
    code = (
        "#include <cuda_runtime.h>\nauto *p = "
        "static_cast<cudaError_t (*)(void **, size_t, unsigned)>(cudaMallocHost);\n"
        "auto *q = cudaEventCreateWithFlags;\n"
    )
    plan = planned(tmp_path, mappings, code)
    assert said(plan, "cudaMallocHost") == ["manual:arity"]
    assert said(plan, "cudaEventCreateWithFlags") == ["manual:arity"]


def test_names_of_unknown_arity_and_wider_ones_are_as_ever(tmp_path: Path, mappings: Path) -> None:
    code = (
        "#include <cuda_runtime.h>\n#define FREE(...) cudaFree(__VA_ARGS__)\n"
        "#define RECORD(...) cudaEventRecord(__VA_ARGS__)\n"
    )
    plan = planned(tmp_path, mappings, code)
    assert said(plan, "cudaFree") == said(plan, "cudaEventRecord") == ["edit:mapped"]

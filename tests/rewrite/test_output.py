# SPDX-License-Identifier: Apache-2.0
"""The output is read again before it is written: a name that no decision accounts for stops the
run.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depth import many
from plans_by_hand import make_plan
from portkit.cli.main import run_line
from portkit.model.errors import PortkitError
from portkit.model.plans import FilePlan
from portkit.model.spans import Edit, Span
from portkit.model.words import Action
from portkit.plan.decide import Policy
from portkit.rewrite.verification import VerificationError, rewritten
from portkit.run.migrate import make_changes
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary
from specs import sample

# Pieces of files: names in every context, in any order, with any line ends and bytes between them.
_PIECES: Sequence[bytes] = (
    b"#include <cuda_runtime.h>\n",
    b'#include "cuda_fp16.h"\r\n',
    b"int a = cudaFree(0);\n",
    b"cudaStream_t s;\r\n",
    b"// cudaMalloc\n",
    b"/* cudaFree */",
    b'const char *t = "cudaMalloc";\n',
    b'auto r = R"(cudaFree)";\n',
    b"#if 0\n",
    b"#endif\n",
    b"#ifdef __CUDA_ARCH__\n",
    b"#define F(x) cudaFree(x), cuda##x\n",
    b"struct S { int cudaFree; };\n",
    b"int b = S().cudaFree;\n",
    b"namespace n { int cudaMalloc(); }\n",
    b"int c = n::cudaMalloc();\n",
    b"__global__ void k() { __syncthreads(); }\n",
    b"k<<<1, 2>>>();\n",
    b"cudaUnknownThing(1);\n",
    b"\xc4\xe3\xba\xc3\n",
    b"\xff\xfe\n",
    b"\t",
    b"\\\n",
    b"'",
    b'"',
    b"{",
    b"}",
    b"#if CUDA_VERSION >= 12000\n",
    b"cooperative_groups::thread_block g;\n",
    b"namespace cg = cooperative_groups;\n",
    b"#define cudaMine 1\n",
    b"x.cudaFree();\n",
)


loaded = functools.cache(load_target)


def plans_of(folder: Path, to: str = "musa") -> tuple[tuple[FilePlan, ...], dict[str, bytes]]:
    """Return the file plans of a folder, read without Clang, and the bytes by name."""
    from portkit.model.words import Rung

    tree = scan_paths([folder], ScanOptions(root=folder, rung=Rung.SYNTAX, jobs=1))
    plan = make_plan(tree.scan, loaded(to), load_vocabulary(), Policy(), tree.read)
    return plan.files, {f.scan.path: tree.read(f.scan.path) for f in plan.files}


def test_a_name_that_no_decision_accounts_for_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_bytes(
        b"int x = cudaFree(0);\n// cudaMalloc(1) in a comment\nint y;\n"
    )
    (file,), data = plans_of(tmp_path)
    assert b"\nint x = musaFree(0);" in rewritten(file, data["a.cu"], load_vocabulary())
    start = data["a.cu"].index(b"// ")
    uncovered = Edit(Span(start, start + 3), b"// ", b"f(")  # takes the comment's slashes away
    with pytest.raises(VerificationError, match="cudaMalloc"):
        rewritten(
            msgspec.structs.replace(file, edits=(*file.edits, uncovered)),
            data["a.cu"],
            load_vocabulary(),
        )
    wrong = Edit(Span(0, 3), b"abc", b"x")
    with pytest.raises(PortkitError, match="holds"):
        rewritten(msgspec.structs.replace(file, edits=(wrong,)), data["a.cu"], load_vocabulary())


def test_nothing_is_written_when_the_verification_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "tree").mkdir()
    for name in ("a.cu", "b.cu"):
        (tmp_path / "tree" / name).write_text("int x = cudaFree(0);\n")

    def failing(plan: FilePlan, data: bytes, vocabulary: object) -> bytes:
        if plan.scan.path == "b.cu":
            raise VerificationError(
                "after the rewrite, cudaX at byte 8 is not accounted for",
                "b.cu",
                "please report this",
            )
        return data.replace(b"cuda", b"musa")

    monkeypatch.setattr("portkit.run.migrate.rewritten", failing)
    for where in (
        ["--in-place", "--allow-dirty"],
        ["--out-dir", str(tmp_path / "out")],
        ["--diff"],
    ):
        assert run_line(["migrate", str(tmp_path / "tree"), "--to", "musa", *where]) == 2
        told = capsys.readouterr()
        assert "not accounted for" in told.err and told.out == ""
    assert {p.read_text() for p in (tmp_path / "tree").iterdir()} == {"int x = cudaFree(0);\n"}
    assert not (tmp_path / "out").exists()


@settings(
    max_examples=many(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.sampled_from(_PIECES), max_size=14).map(b"".join),
    st.sampled_from(sample("biren@gen2")),
)
def test_any_file_is_rewritten_once_and_keeps_its_other_bytes(
    tmp_path: Path, data: bytes, to: str
) -> None:
    """Outside of edits every byte stays; each edit is one decision's; what was written needs no
    second run.
    """
    folder = tmp_path / "tree"
    folder.mkdir(exist_ok=True)
    (folder / "a.cu").write_bytes(data)
    files, _ = plans_of(folder, to)
    if not files:
        return
    (file,) = files
    after = rewritten(file, data, load_vocabulary())
    rest, expected, done = [], [], 0
    for edit in sorted(file.edits):
        assert data[edit.span.start : edit.span.end] == edit.expect
        rest.append(data[done : edit.span.start])
        expected += [data[done : edit.span.start], edit.new]
        done = edit.span.end
    assert after == b"".join([*expected, data[done:]])
    decided = {
        r.span
        for r, d in zip(file.scan.references, file.decisions, strict=True)
        if d.action is Action.EDIT
    }
    assert decided <= {e.span for e in file.edits}
    (folder / "a.cu").write_bytes(after)
    (again,), _ = plans_of(folder, to)
    assert again.edits == ()


def test_a_plan_without_edits_makes_no_change(tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_bytes(b"int x;\n")
    from portkit.model.plans import Plan

    files, data = plans_of(tmp_path)
    assert make_changes(Plan("musa", "mp_31", files), data.__getitem__, load_vocabulary()) == []

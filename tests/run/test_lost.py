# SPDX-License-Identifier: Apache-2.0
"""What becomes of a file whose job is lost: read again by a worker, at a lower rung, and said;
never in the parent, never kept.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.languages.cxx.project.jobs import DeclareJob, FinishJob, Job, LexJob, UnitJob
from portkit.languages.cxx.project.workshop import Workshop
from portkit.model.errors import PortkitError
from portkit.model.reading import FileScan
from portkit.run.budget import Budget
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree

Fault = Callable[[Job], None]
CODE = '#include "{}.h"\nvoid f() {{ cudaDeviceSynchronize(); }}\n'


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "tree"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.cu").write_text(CODE.format(name))
        (root / f"{name}.h").write_text(
            "#ifdef HAS_CUDA\n#include <cuda_runtime.h>\n#else\ntypedef void* cudaStream_t;\n#endif\n"
        )
    return root


def spin() -> None:
    """Go on for ever, with the time of the job used up but for a moment."""
    signal.setitimer(signal.ITIMER_PROF, 0.02)
    while True:
        pass


def read(
    root: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault | None = None, cache: bool = True
) -> Tree:
    """Read the tree with `fault` before every job, which may hang, crash or raise; little time is
    given for it.
    """
    do, parent = Workshop.do, os.getpid()

    def faulty(self: Workshop, job: Job) -> bytes:
        assert os.getpid() != parent, "this process has no limit"
        if fault is not None:
            fault(job)
        return do(self, job)

    with monkeypatch.context() as patch:
        patch.setattr(Workshop, "do", faulty)
        if fault is not None:
            patch.setattr(
                "portkit.run.pool.Budget", lambda wanted: Budget(wanted, least=1.5, extra=0)
            )
        patch.setattr("portkit.run.pool.WAITING", 30)  # other processes may keep this machine busy
        return scan_paths([root], ScanOptions(root=root, jobs=2, cache=cache))


def files(tree: Tree) -> dict[str, FileScan]:
    return {f.path: f for f in tree.scan.files}


def facts(scan: FileScan) -> tuple[str, list[tuple[str, object]], list[str]]:
    issues: list[tuple[str, object]] = [
        (i.rule, i.args.get("rung") or i.args.get("reason")) for i in scan.issues
    ]
    return scan.parse.value, issues, [r.name for r in scan.references]


@pytest.mark.parametrize("crash", [False, True])
def test_a_file_that_cannot_be_lexed_is_an_error_and_takes_no_neighbour_along(
    tree: Path, monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    def fault(job: Job) -> None:
        if isinstance(job, LexJob) and any(f.rel == "b.cu" for f in job.files):
            os._exit(3) if crash else spin()

    found = files(read(tree, monkeypatch, fault))
    fate, issues, names = facts(found.pop("b.cu"))
    assert (fate, names) == ("failed" if crash else "limit", [])
    assert [rule for rule, _ in issues] == ["PK900"]
    assert all(f.parse.value == "clang" for f in found.values()) and len(found) == 5
    again = files(read(tree, monkeypatch))
    assert facts(again["b.cu"]) == ("clang", [], ["cudaDeviceSynchronize"])


def test_a_header_that_cannot_be_lexed_holds_up_no_unit_that_includes_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(job: Job) -> None:
        if any(f.rel == "b.h" for f in job.files):
            spin()

    found = files(read(tree, monkeypatch, fault))
    assert facts(found["b.h"])[0] == "limit"
    assert facts(found["b.cu"]) == ("clang", [], ["cudaDeviceSynchronize"])


@pytest.mark.parametrize("crash", [False, True])
def test_a_file_that_cannot_be_joined_falls_to_the_lowest_rung(
    tree: Path, monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    def fault(job: Job) -> None:
        if isinstance(job, FinishJob) and job.files[0].rel == "b.cu" and job.rung is None:
            os._exit(3) if crash else spin()

    found = files(read(tree, monkeypatch, fault))
    wanted = ("lex", [("PK901", "lex")]) if crash else ("limit", [("PK910", "lex")])
    assert facts(found["b.cu"]) == (*wanted, ["cudaDeviceSynchronize"])
    assert facts(files(read(tree, monkeypatch))["b.cu"]) == ("clang", [], ["cudaDeviceSynchronize"])


def test_a_file_that_no_rung_can_join_is_an_error(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(job: Job) -> None:
        if isinstance(job, FinishJob) and job.files[0].rel == "b.cu":
            spin()

    fate, issues, names = facts(files(read(tree, monkeypatch, fault))["b.cu"])
    assert (fate, [rule for rule, _ in issues], names) == ("limit", ["PK900"], [])


def test_a_unit_without_end_falls_to_the_next_rung(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(job: Job) -> None:
        if isinstance(job, UnitJob) and job.plan.main == "b.cu":
            spin()

    found = files(read(tree, monkeypatch, fault))
    assert facts(found["b.cu"]) == ("limit", [("PK910", "syntax")], ["cudaDeviceSynchronize"])
    assert facts(found["a.cu"]) == ("clang", [], ["cudaDeviceSynchronize"])


def test_where_declarations_are_unknown_every_file_in_their_sight_says_so(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "b.cu").write_text(CODE.format("b") + "void g(cudaStream_t s);\n")
    assert facts(files(read(tree, monkeypatch, cache=False))["b.cu"])[2] == [
        "cudaDeviceSynchronize",
        "cudaStream_t",
    ]

    def fault(job: Job) -> None:
        if isinstance(job, DeclareJob) and job.files[0].rel == "b.h":
            spin()

    found = files(read(tree, monkeypatch, fault))
    limits = {path for path, f in found.items() if ("PK910", "syntax") in facts(f)[1]}
    assert limits == {"b.cu", "b.h"}
    assert not {p for p, f in files(read(tree, monkeypatch)).items() if f.parse.value == "limit"}


@pytest.mark.parametrize("kind", [LexJob, FinishJob])
def test_a_file_that_vanishes_is_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Job]
) -> None:
    def vanish(job: Job) -> None:
        if isinstance(job, kind):
            raise FileNotFoundError(2, "No such file or directory", "b.cu")

    with pytest.raises(OSError, match=r"No such file or directory: .b\.cu."):
        read(tree, monkeypatch, vanish)

    def refuse(job: Job) -> None:
        if isinstance(job, kind):
            raise PortkitError("changed while portkit ran", "b.cu", "run portkit again")

    with pytest.raises(
        PortkitError, match=r"b.cu: changed while portkit ran \(run portkit again\)"
    ):
        read(tree, monkeypatch, refuse)


def test_a_plan_made_of_a_limited_scan_is_not_kept(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from click.testing import CliRunner

    from portkit.cli.main import cli

    def reported() -> str:
        return (
            CliRunner()
            .invoke(
                cli, ["report", str(tree), "--root", str(tree), "--to", "musa", "-q", "-j", "2"]
            )
            .output
        )

    do = Workshop.do

    def faulty(self: Workshop, job: Job) -> bytes:
        if isinstance(job, FinishJob) and job.files[0].rel == "b.cu" and job.rung is None:
            spin()
        return do(self, job)

    with monkeypatch.context() as patch:
        patch.setattr(Workshop, "do", faulty)
        patch.setattr("portkit.run.pool.Budget", lambda wanted: Budget(wanted, least=1.5, extra=0))
        patch.setattr("portkit.run.pool.WAITING", 30)  # other processes may keep this machine busy
        limited = reported()
    assert "PK910" in limited
    assert "PK910" not in reported()


def test_a_source_that_changes_before_it_is_lexed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker reads must be what the report quotes and the edits' places are of."""
    from portkit.run import contents, pipeline
    from portkit.run.sorting import sort_files

    source = tmp_path / "a.cu"
    source.write_text("void f(void* p) { cudaFree(p); }\n")
    monkeypatch.setattr(contents, "HELD_BYTES", 0)

    def change(*args: Any) -> Any:
        found = sort_files(*args)
        source.write_text("// another\nvoid f(void* p) { cudaFree(p); }\n")
        return found

    monkeypatch.setattr(pipeline, "sort_files", change)
    with pytest.raises(PortkitError, match=r"a\.cu: changed while portkit ran"):
        scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1))

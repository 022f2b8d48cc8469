# SPDX-License-Identifier: Apache-2.0
"""A cluster's worker: the same results as here, and the same limits, in a child that leaves nothing
behind.
"""

from __future__ import annotations

import hashlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from portkit.languages.cxx.clang.libclang import load_clang
from portkit.languages.cxx.project.jobs import FinishJob, Job, LexJob, UnitAnswer, UnitJob
from portkit.languages.cxx.project.keys import scan_stamp
from portkit.languages.cxx.project.workshop import Workshop
from portkit.languages.cxx.values.reading import FileVerdicts, Substitutes, UnitFlags
from portkit.languages.cxx.values.units import UnitPlan
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Lost, encode
from portkit.model.words import Parse, Rung
from portkit.run import site
from portkit.run.pool import result_of
from portkit.run.worker import DIED, DONE, FAILED, MEMORY, JobAnswer
from portkit.vocab.vocabulary import load_vocabulary

CODE = b"void g(void* p) { cudaFree(p); }\n"
BOMB = b"template<int A, int B> struct F { enum { v = F<A - 1, B * 2>::v + F<A - 1, B * 2 + 1>::v }; };\n"
BOMB += b"template<int B> struct F<0, B> { enum { v = 1 }; };\nint z = F<40, 1>::v;\n" + CODE


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for the worker's temporary files, empty again at the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(site, "_child", None)
    yield tmp_path
    site.end_child()
    assert list(tmp_path.iterdir()) == []


def facts(stamp: bytes = b"") -> site.Facts:
    clang = load_clang()
    version = clang.version if clang is not None else ""
    return (
        "run",
        "/project",
        "clang",
        stamp or scan_stamp(load_vocabulary(), version, Rung.CLANG.value),
    )


def ref(data: bytes, rel: str = "a.cu") -> FileRef:
    return FileRef(
        rel,
        f"/project/{rel}",
        hashlib.sha256(data).hexdigest(),
        "utf-8",
        len(data),
        data.count(b"\n"),
    )


def unit(data: bytes) -> UnitJob:
    return UnitJob(UnitPlan("a.cu", ("a.cu",), ("a.cu",)), [ref(data)], {}, UnitFlags(), {})


def finish(data: bytes) -> FinishJob:
    return FinishJob(
        [ref(data)], FileVerdicts(), {}, False, frozenset(), Substitutes(), Parse.CLANG, []
    )


def do(
    job: Job, data: bytes, seconds: float = 60.0, stamp: bytes = b""
) -> tuple[bytes, bytes | Lost]:
    kind, answer = site.do_job(encode(job), [ref(data).sha256], [data], facts(stamp), seconds)
    return kind, result_of(job, JobAnswer(kind, answer, 0.0))


def test_results_are_those_of_a_workshop_here() -> None:
    here = Workshop(Path("/project"), Rung.CLANG, load_vocabulary(), lambda file: CODE)
    for job in (LexJob([ref(CODE)]), finish(CODE)):
        assert do(job, CODE) == (DONE, here.do(job))
    kind, result = do(unit(CODE), CODE)
    assert kind == DONE and isinstance(result, bytes)
    answer = msgspec.msgpack.decode(result, type=UnitAnswer)
    assert answer.main == "a.cu" and answer.answers[0].offsets and not answer.failed


def test_a_unit_without_end_meets_its_limit_and_the_next_job_is_done() -> None:
    assert do(unit(BOMB), BOMB, 1.0) == (MEMORY, Lost(limit=True))
    assert do(LexJob([ref(CODE)]), CODE)[0] == DONE


def test_a_job_that_waits_instead_of_working_is_ended_by_the_clock(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "_serve", lambda task: signal.pause() or b"")  # type: ignore[func-returns-value]
    assert do(LexJob([ref(CODE)]), CODE, 0.2) == (MEMORY, Lost(limit=True))


def test_a_child_that_dies_loses_its_job_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(site, "_serve", lambda task: os._exit(3))
        assert do(LexJob([ref(CODE)]), CODE) == (DIED, Lost())
    assert do(LexJob([ref(CODE)]), CODE)[0] == DONE


def test_a_child_that_was_killed_between_two_jobs(place: Path) -> None:
    assert do(LexJob([ref(CODE)]), CODE)[0] == DONE
    assert site._child is not None
    os.kill(site._child[0].pid, signal.SIGKILL)
    assert isinstance(do(LexJob([ref(CODE)]), CODE)[1], Lost)
    assert do(LexJob([ref(CODE)]), CODE)[0] == DONE


def test_another_portkit_is_one_line() -> None:
    kind, result = do(LexJob([ref(CODE)]), CODE, stamp=b"other")
    assert kind == FAILED and isinstance(result, Lost) and result.fault is not None
    said = "a worker of the cluster has another portkit, vocabulary or libclang (install the same wheel there)"
    assert str(result.fault.exception()) == said


@pytest.mark.parametrize("path", ["/project/../../outside.cu", "/elsewhere/outside.cu"])
def test_a_file_is_written_nowhere_else(place: Path, path: str) -> None:
    job = unit(CODE)
    outside = msgspec.structs.replace(ref(CODE, "outside.cu"), path=path)
    job.files.append(outside)
    do(job, CODE)
    assert not list(place.rglob("outside.cu")) and not Path("/elsewhere").exists()

# SPDX-License-Identifier: Apache-2.0
"""What Clang accepts before, it accepts afterwards, against headers that know nothing of portkit;
or something that blocks is said. PORTKIT_PROGRAMS says how many programs are tried; with
--hypothesis-show-statistics pytest says how many were whole.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.languages.cxx.clang.libclang import load_clang
from portkit.languages.cxx.project.workshop import Workshop
from portkit.languages.jobs import Each, Job, Run
from portkit.model.plans import Plan
from portkit.model.words import Action, Rung
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary
from properties.programs import header, programs

PROGRAMS = int(os.environ.get("PORTKIT_PROGRAMS", "40"))
INCLUDES = {"musa@mp_31": "musa_runtime.h", "maca@native": "mc_runtime.h"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(load_clang() is None, reason="there is no libclang"),
]


@functools.cache
def names(spec: str) -> tuple[str, ...]:
    """Return names of a target's that programs may have already."""
    target, vocabulary = load_target(spec), load_vocabulary()
    known = [(n, e) for n in ("cudaFree", "cudaMalloc", "cudaStream_t", "cudaDeviceSynchronize")
             for e in vocabulary.get(n)[:1]]  # fmt: skip
    rows = (target.row(n, e.kind, e.library) for n, e in known)
    return tuple(row.target for row in rows if row is not None)


def accepts(text: str, headers: dict[str, str]) -> bool:
    """Return whether Clang, asked straight, has nothing against a program."""
    clang = load_clang()
    assert clang is not None
    files = [("/program/a.cpp", text), *((f"/program/{n}", t) for n, t in headers.items())]
    unit = clang.cindex.Index.create().parse(
        "/program/a.cpp", args=["-xc++", "-std=c++17", "-nostdinc", "-w"], unsaved_files=files
    )
    return not any(d.severity >= clang.cindex.Diagnostic.Error for d in unit.diagnostics)


def in_process(root: Path) -> Callable[[Run], Run]:
    """Return what has jobs done here: a process for each small program would cost more than it."""
    workshop = Workshop(root, Rung.CLANG, load_vocabulary())

    def run(jobs: Sequence[Job], each: Each | None = None) -> list[bytes]:
        done: list[bytes] = []
        for number, job in enumerate(jobs):
            done.append(workshop.do(job))  # type: ignore[arg-type]
            if each is not None:
                each(number, done[-1])
        return done

    return lambda _: run


def blocked(plan: Plan) -> bool:
    """Return whether a plan says that something is left to a person."""
    return any(
        any(d.action is Action.MANUAL for d in f.decisions) or any(x.blocking for x in f.findings)
        for f in plan.files
    ) or any(x.blocking for _, x in plan.findings)


@pytest.mark.parametrize("spec", sorted(INCLUDES))
@settings(
    max_examples=PROGRAMS,
    deadline=None,
    print_blob=True,
    suppress_health_check=[*HealthCheck],
)
@given(data=st.data())
def test_what_compiles_goes_on_compiling(
    spec: str, data: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = '#include "cuda_runtime.h"\n' + data.draw(programs(names(spec)))
    vocabulary, target = load_vocabulary(), load_target(spec)
    assume(accepts(text, {"cuda_runtime.h": header(vocabulary, None)}))
    root = tmp_path_factory.mktemp("program")
    (root / "a.cpp").write_text(text.replace('"cuda_runtime.h"', "<cuda_runtime.h>"))
    session = Session(root, Options(root=root, cache=False, rung=Rung.CLANG), [spec])
    session.listen = in_process(root)
    migration = session.migration()
    after = migration.changes[0].after.decode() if migration.changes else text
    note(f"--- before\n{text}--- after\n{after}")
    event(said := "left to a person" if blocked(migration.plan) else "whole")
    if said != "whole":
        return
    include = INCLUDES[spec]
    after = after.replace(f"<{include}>", f'"{include}"').replace(
        "<cuda_runtime.h>", f'"{include}"'
    )
    assert accepts(after, {include: header(vocabulary, target)})

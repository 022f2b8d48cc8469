# SPDX-License-Identifier: Apache-2.0
"""A look at the output of one unit: its files with their edits, and what Clang holds against them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from portkit.languages.base import Broken
from portkit.languages.cxx.clang.output import EditedFile, Held, look_at_output, written_words
from portkit.languages.cxx.clang.questions import UnitTask
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.project.jobs import LookAnswer, LookJob
from portkit.languages.cxx.settle.output_request import output_request
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary


def look_at(
    job: LookJob,
    task: UnitTask,
    sources: Mapping[str, SourceFile],
    outputs: Mapping[str, SourceFile],
    vocabulary: Vocabulary,
) -> LookAnswer:
    """Return what Clang holds against a unit's output. `task`: the unit as it is; `outputs`: the
    files with their edits.
    """
    unit, graph = job.unit, IncludeGraph(job.unit.edges)
    words = {word for rel in unit.plan.closure for word in sources[rel].lexed.words()}
    named = {rel: [i.span for i in sources[rel].directives.includes] for rel in job.outputs}
    written = {
        rel: written_words([e for e in edits if e.span not in named[rel]])
        for rel, edits in job.outputs.items()
    }
    brought = {word: called for some in written.values() for word, called in some.items()}
    made = {w: c for w, c in brought.items() if w not in words and w not in vocabulary}
    args = unit.plan, sources, outputs, graph, vocabulary, job.names, made, task.request
    after = output_request(*args)
    settled = {unit.plan.main, *unit.plan.settles}
    edited = [
        EditedFile(
            outputs[rel].path,
            edits,
            outputs[rel].lexed.text,
            written[rel].keys() & words if rel in settled else (),
            rel in settled and bool(sources[rel].words & vocabulary.arch_macros),
        )
        for rel, edits in job.outputs.items()
    ]
    found = look_at_output(task, after, edited, job.names, job.known)
    names = {posixpath.normpath(s.path): rel for rel, s in sources.items()}
    broken = [b for held in found.held if (b := _in_project(held, names)) is not None]
    view = task.request.view
    tried = sorted(view.tried) if view is not None else []
    opened = [p for p in found.opened if p not in names]
    return LookAnswer(sorted(set(broken)), opened, tried, found.failed)


def _in_project(held: Held, names: Mapping[str, str]) -> Broken | None:
    """Return it with the project's paths; None where it points at no file of the project."""
    marks = [
        (names[path], Span(m.start, max(m.start, m.end)))
        for m in held.marks
        if (path := posixpath.normpath(m.path)) in names
    ]
    return Broken(tuple(marks), held.words, held.name, held.instead) if marks else None

# SPDX-License-Identifier: Apache-2.0
"""What the letters of each file tell, looked up or read by jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from portkit.languages.cxx.project.jobs import LexJob, lex_jobs
from portkit.languages.cxx.project.states import decoded
from portkit.languages.cxx.values.reading import FileSummary
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Lost
from portkit.languages.keys import content_key
from portkit.model.words import Parse

_batches = msgspec.msgpack.Decoder(list[msgspec.Raw])
_summary = msgspec.msgpack.Decoder(FileSummary)

Done = Callable[[Sequence[LexJob]], Sequence[bytes | Lost]]


class Summaries:
    """The summaries of files. `found`: by file; `lost`: files that no rung could read; `fresh`: the
    encoded ones of those that were read now, by their keys.
    """

    def __init__(
        self,
        files: Mapping[str, FileRef],
        stamp: bytes,
        recall: Callable[[Sequence[bytes]], Mapping[bytes, bytes]],
        done: Done,
    ) -> None:
        """`recall` gives what is known by keys; `done` does jobs."""
        keys = {rel: content_key(stamp, "lex", f.sha256, f.encoding) for rel, f in files.items()}
        known = recall(list(keys.values()))
        self._keys, self._done = keys, done
        self.found: dict[str, FileSummary] = {}
        self.lost: dict[str, Parse] = {}
        self.fresh: dict[bytes, bytes] = {}
        for rel, key in keys.items():
            if (kept := decoded(known.get(key), FileSummary)) is not None:
                self.found[rel] = kept
        self._read(lex_jobs(f for rel, f in files.items() if rel not in self.found))

    def _read(self, jobs: Sequence[LexJob]) -> None:
        """Read the files of jobs; those of a job that was lost one by one."""
        alone: list[LexJob] = []
        for job, result in zip(jobs, self._done(jobs), strict=True):
            if not isinstance(result, Lost):
                for file, raw in zip(job.files, _batches.decode(result), strict=True):
                    self.found[file.rel] = _summary.decode(raw)
                    self.fresh[self._keys[file.rel]] = bytes(raw)
            elif len(job.files) > 1:
                alone += [LexJob([file]) for file in job.files]
            else:
                self.lost[job.files[0].rel] = result.fate
        if alone:
            self._read(alone)

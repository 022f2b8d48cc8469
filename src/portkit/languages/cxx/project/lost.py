# SPDX-License-Identifier: Apache-2.0
"""Jobs that were lost, and what is said of a file that nothing could read."""

from __future__ import annotations

import logging

from portkit.languages.cxx.project.jobs import UnitAnswer, UnitJob
from portkit.languages.cxx.values.reading import FileSummary
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Lost
from portkit.model.reading import FileScan, Issue
from portkit.model.spans import Span
from portkit.model.words import Parse

log = logging.getLogger(__name__)


NOTHING_KNOWN = FileSummary((), (), (), (), (), (), False, False, False, (), ())


def unread(file: FileRef, fate: Parse) -> FileScan:
    """Return the scan of a file that no rung could read: an error, and nothing else is known."""
    limit = "it takes more time or memory than a file may have"
    reason = limit if fate is Parse.LIMIT else "the reader crashed on it"
    return file.scan(fate, issues=(Issue("PK900", Span(0, 0), {"reason": reason}),))


def lost_unit(job: UnitJob, lost: Lost) -> UnitAnswer:
    """Return the answer of a unit whose job was lost: its files fall to the next rung. What a job
    raised is said.
    """
    if lost.fault is not None:
        said = "Clang's rung failed on %a, please report it: %s: %a"
        log.warning(said, job.plan.main, lost.fault.kind, lost.fault.text)
    return UnitAnswer(job.plan.main, failed=True, limit=lost.limit)

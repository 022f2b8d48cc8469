# SPDX-License-Identifier: Apache-2.0
"""What a run may cost: memory and processor time of each job, and of all of them together.

A job has time by what it reads, four times at least what it took in 1.4 million lines of four code
bases. What it needs beyond comes out of a purse that all jobs of the run share and that grows with
the workers, never with the files: a tree of files made to be slow spends it once, and each further
file has the time by its size and no more.
"""

from __future__ import annotations

from portkit.languages.jobs import Job
from portkit.run.machine import cores, memory_bytes

LEAST_SECONDS = 2.0  # for any job: twenty times the usual one's, with the start of a worker in it
HEAVY_SECONDS_A_BYTE = 20e-6  # of what Clang reads of the project: most units take 1e-6, some 6e-6
TEXT_SECONDS_A_BYTE = 2e-6  # of text: the slowest file took 0.2e-6
MOST_SECONDS = 60.0  # of the time by size: beyond, a larger file has no more
EXTRA_SECONDS = 30.0  # that one job can have of the purse
PURSE_SECONDS = 120.0  # for each worker
WAITING = 3.0  # times the processor time that a job may take by the clock
MEMORY_SHARE = 0.75  # of the machine's memory that all workers together may have
MOST_BYTES = 6 << 30  # of one worker
LEAST_BYTES = 768 << 20  # of one worker: three times what the largest unit of four code bases took


class Budget:
    """The budget of one run: `workers` processes with `worker_bytes` of memory each, and the time
    of their jobs.
    """

    def __init__(
        self,
        wanted: int = 0,
        memory: int = 0,
        least: float = LEAST_SECONDS,
        extra: float = EXTRA_SECONDS,
    ) -> None:
        """`wanted`: how many workers, 0 for one a core; fewer where the memory (in bytes, 0: the
        machine's) is not enough.

        `least`: seconds of any job; `extra`: the most that one has of the purse.
        """
        room = int((memory or memory_bytes()) * MEMORY_SHARE)
        self.workers = max(1, min(wanted or cores(), room // LEAST_BYTES))
        self.worker_bytes = min(room // self.workers, MOST_BYTES)
        self._least, self._extra = least, extra
        self._purse = PURSE_SECONDS * self.workers

    def seconds(self, job: Job) -> float:
        """Return the processor time in seconds that a job has by itself."""
        rate = HEAVY_SECONDS_A_BYTE if job.heavy else TEXT_SECONDS_A_BYTE
        return self._least + min(job.size * rate, MOST_SECONDS)

    def grant(self, job: Job) -> float:
        """Return the processor time in seconds that a job may take; what it has of the purse is out
        of it from now on.
        """
        extra = min(self._extra, self._purse)
        self._purse -= extra
        return self.seconds(job) + extra

    def settle(self, job: Job, granted: float, used: float) -> None:
        """Put back what a job did not need: it `used` that many seconds of those `granted`."""
        self._purse += granted - min(granted, max(used, self.seconds(job)))

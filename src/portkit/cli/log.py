# SPDX-License-Identifier: Apache-2.0
"""What portkit's modules log, on stderr: warnings always, more with -v and --debug."""

from __future__ import annotations

import logging

from portkit.cli.said import say


class _Lines(logging.Handler):
    """Says each record as one line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            say(f"portkit: {record.getMessage()}", err=True)
        except (OSError, ValueError):  # nobody reads stderr any more
            self.handleError(record)


def show_log(level: int) -> None:
    """Show what is logged at `level` (of logging) or above from now on; a level that is lower
    already stays.
    """
    logger = logging.getLogger("portkit")
    if not any(isinstance(handler, _Lines) for handler in logger.handlers):
        logger.addHandler(_Lines())
    logger.setLevel(min(level, logger.level or level))

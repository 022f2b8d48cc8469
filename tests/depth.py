# SPDX-License-Identifier: Apache-2.0
"""How many inputs the tests try that make their own: PORTKIT_TEST_DEPTH=10 tries ten times as many
as is usual, for a night's run after a change of what they are about.
"""

from __future__ import annotations

import os

_DEPTH = int(os.environ.get("PORTKIT_TEST_DEPTH", "1"))


def many(usual: int) -> int:
    """Return how many inputs a test tries whose usual number is given."""
    return usual * _DEPTH

# SPDX-License-Identifier: Apache-2.0
"""Work counted in calls, which is the same on every machine and under any load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


def calls_of(action: Callable[[], T]) -> tuple[T, int]:
    """Return what `action` returns, and how many calls of Python's and C's functions it took."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        result = action()
    finally:
        sys.setprofile(before)
    return result, count

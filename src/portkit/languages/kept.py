# SPDX-License-Identifier: Apache-2.0
"""Readings of build files that are kept for who asks next, by the bytes of the file: the reading
asks first, the plans of all targets later.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SMALL = 16 << 10  # bytes; of larger files only the last one is kept


def kept_by_bytes(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Return `read`, whose answers must not be changed, with a memory."""
    small = functools.lru_cache(maxsize=128)(read)
    large = functools.lru_cache(maxsize=1)(read)

    @functools.wraps(read)
    def kept(data: bytes) -> T:
        return small(data) if len(data) <= _SMALL else large(data)

    return kept

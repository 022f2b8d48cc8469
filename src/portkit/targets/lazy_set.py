# SPDX-License-Identifier: Apache-2.0
"""Sets that are made when they are first looked into."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator


class LazySet:
    """A set that is made when it is first looked into: the sources of rows that nobody asks for are
    never read.
    """

    def __init__(self, make: Callable[[], frozenset[str]]) -> None:
        self._make = make

    @functools.cached_property
    def _items(self) -> frozenset[str]:
        return self._make()

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

# SPDX-License-Identifier: Apache-2.0
"""The words of CUDA that speak of warps and lanes: mappings/cuda/warp.toml."""

from __future__ import annotations

import functools
import re
import tomllib

import msgspec

from portkit.vocab.data import mappings_folder


class WarpWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The patterns of warp.toml, as written."""

    masked: str
    lane_sets: str
    shuffles: str
    steps: str
    thread_index: str
    block_size: str
    warp_size: str
    tiles: str
    tile_steps: str
    warp_templates: str
    bounds: str
    alike: tuple[str, ...]
    bit_counts: dict[str, str]


@functools.cache
def warp_words() -> WarpWords:
    """Return the words that speak of warps."""
    return msgspec.convert(
        tomllib.loads((mappings_folder() / "cuda" / "warp.toml").read_text(encoding="utf-8")),
        WarpWords,
    )


@functools.cache
def warp_pattern(which: str) -> re.Pattern[str]:
    """Return one of the patterns of `WarpWords`, such as "masked", compiled."""
    return re.compile(getattr(warp_words(), which), re.A)

# SPDX-License-Identifier: Apache-2.0
"""What the rules on warps share: whom they concern, what their messages say, literals of masks."""

from __future__ import annotations

import re

from portkit.rules.cxx.lanes import LANES, width
from portkit.rules.view import RuleTarget

FULL_MASK = re.compile(
    r"0[xX][fF]{8}[uU]?[lL]{0,2}|~\s*0[uU]?|-\s*1|4294967295[uU]?|UINT_MAX|UINT32_MAX", re.A
)
LITERAL = re.compile(r"0[xX][0-9a-fA-F]+[uU]?[lL]{0,2}|\d+[uU]?[lL]{0,2}", re.A)
ALL_LANES = (1 << LANES) - 1  # a mask of all lanes
WIDTH_NAME = re.compile(
    r"(?i)(?:.*_)?(?:k|n|num_?|c_)?(?:warp|wave|lane)s?(?:_?size|_?sz|_?width|_?lanes|_?threads|_?len|s?_?per_?warp)(?:_.*)?|(?:.*_)?(?:k|num_?)?(?:threads?|lanes?)_?per_?(?:warp|wave)(?:_.*)?|k(?:warp|wave|lanes)|(?:num|n)_?lanes|warp_?lanes",
    re.A,
)


def applies(target: RuleTarget) -> bool:
    """Return whether a warp of the target has another width than the one code is written for."""
    return width(target) != LANES


def mask_bits(target: RuleTarget) -> int:
    """Return how many bits a set of lanes has on the target."""
    return target.facts.mask_bits or width(target)


def warp_args(target: RuleTarget, **more: str) -> dict[str, str]:
    """Return the arguments that each message on warps needs, and some more."""
    return {
        "target": target.id,
        "width": str(width(target)),
        "mask_bits": str(mask_bits(target)),
        **more,
    }

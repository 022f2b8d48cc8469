# SPDX-License-Identifier: Apache-2.0
"""The word for a plan: the worst of what is said of its names and of its kernels."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portkit.assess.parts import Parts
from portkit.assess.unread import Unread

NONE, UNREAD = "none", "unread"
_WORDS = ((100.0, "ready"), (90.0, "nearly"), (60.0, "partly"), (0.0, "far"))
_ORDER = [NONE, UNREAD, *(word for _, word in _WORDS)]  # the worst last


class Verdict(msgspec.Struct, frozen=True):
    """Of `names`, of `kernels`, and of the `whole`, which is the worst of them: none (there is
    nothing of the kind), unread (nothing but what was not read), ready, nearly, partly or far.
    """

    whole: str
    names: str
    kernels: str

    @property
    def sentence(self) -> str:
        """What is said of the whole: its word, or `kernels` where they alone hold it back."""
        return self.whole if self.names == self.whole else "kernels"


def verdict_of(parts: Parts, kernels: Mapping[str, int], blocking: int, unread: Unread) -> Verdict:
    """Return the verdict on a plan with these parts, kernels by state and blocking findings. What
    needs a person, is not known, or holds CUDA and was not read, is never `ready`.
    """
    names, launched = UNREAD if unread.hides_cuda else NONE, NONE
    if parts.share is not None:
        left = parts.person or parts.unknown or blocking or unread.kinds
        names = _word(parts.share.by_itself, bool(left))
    if kernels["all"]:
        hindered, functions = kernels["functions_blocked"], kernels["functions"]
        left = kernels["blocked"] + kernels["affected"]
        launched = _word(100 * (functions - hindered) / functions, left > 0)
    return Verdict(max(names, launched, key=_ORDER.index), names, launched)


def _word(percent: float, open_: bool) -> str:
    word = next(w for floor, w in _WORDS if percent >= floor)
    return "nearly" if word == "ready" and open_ else word

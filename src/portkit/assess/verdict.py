# SPDX-License-Identifier: Apache-2.0
"""The word for a plan: the worst of what is said of its names, its kernels and its build."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portkit.assess.build import Building
from portkit.assess.parts import Parts
from portkit.assess.unread import Unread

NONE, UNREAD = "none", "unread"
_WORDS = ((100.0, "ready"), (90.0, "nearly"), (60.0, "partly"), (0.0, "far"))
_ORDER = [NONE, UNREAD, *(word for _, word in _WORDS)]  # the worst last


class Verdict(msgspec.Struct, frozen=True):
    """Of `names`, of `kernels`, of the `build`, and of the `whole`, which is the worst of them: none
    (there is nothing of the kind), unread (nothing but what was not read), ready, nearly, partly or
    far.
    """

    whole: str
    names: str
    kernels: str
    build: str = NONE

    @property
    def sentence(self) -> str:
        """What is said of the whole: its word, or `kernels` or `build` where they alone hold it
        back.
        """
        if self.names == self.whole:
            return self.whole
        return "kernels" if self.kernels == self.whole else "build"


def verdict_of(
    parts: Parts,
    kernels: Mapping[str, int],
    blocking: int,
    unread: Unread,
    build: Building = Building(),  # noqa: B008
) -> Verdict:
    """Return the verdict on a plan with these parts, kernels by state, blocking findings on names
    and constructs of its build. What needs a person, is not known, or holds CUDA and was not read,
    is never `ready`.
    """
    names, launched = UNREAD if unread.hides_cuda else NONE, NONE
    if parts.share is not None:
        left = parts.person or parts.unknown or blocking or unread.kinds
        names = _word(parts.share.by_itself, bool(left))
    if kernels["all"]:
        hindered, functions = kernels["functions_blocked"], kernels["functions"]
        left = kernels["blocked"] + kernels["affected"]
        launched = _word(100 * (functions - hindered) / functions, left > 0)
    built = NONE
    if build.constructs:
        by_itself = build.constructs - build.manual
        built = _word(100 * by_itself / build.constructs, bool(build.manual or build.blocking))
    return Verdict(max(names, launched, built, key=_ORDER.index), names, launched, built)


def _word(percent: float, open_: bool) -> str:
    word = next(w for floor, w in _WORDS if percent >= floor)
    return "nearly" if word == "ready" and open_ else word

# SPDX-License-Identifier: Apache-2.0
"""Launches in either form: `kernel<<<grid, block, bytes>>>`, and calls of functions that launch."""

from __future__ import annotations

import re
from typing import NamedTuple

from portkit.model.spans import Span
from portkit.rules.cxx.kernels import arguments, code
from portkit.rules.cxx.values import size_words
from portkit.rules.view import FileSource

_WORDS = re.compile(r"[A-Za-z_]\w*", re.A)


class LaunchSite(NamedTuple):
    """A launch: where, the words that may name its kernel, and the ranges of its grid, its block and,
    if it is given, the bytes of its shared memory.
    """

    span: Span
    kernels: tuple[str, ...]
    given: tuple[Span, ...]


def launch_sites(source: FileSource) -> list[LaunchSite]:
    """Return the launches of a file in its order. Use it through `source.once(launch_sites)`."""
    facts, forms = source.scan.facts, size_words()["launches"]
    calls = [name for name in forms if name.encode() in source.data]
    if not facts.launches and not calls:
        return []
    plain, found = source.once(code).plain, list[LaunchSite]()
    for launch in facts.launches:
        kernel = re.sub(r"<.*", "", launch.kernel, flags=re.S).strip().rpartition("::")[2]
        given = tuple(launch_arguments(plain, launch.span))
        found.append(LaunchSite(launch.span, (kernel,), given))
    for ref in source.references if calls else ():
        if ref.name in forms and not ref.user:
            places = [int(number) for number in str(forms[ref.name]).split()]
            handed = arguments(plain, ref.span.end)
            if len(handed) > places[-1]:
                parts = [handed[place] for place in places]
                words = tuple(_WORDS.findall(plain[parts[0].start : parts[0].end]))
                found.append(LaunchSite(ref.span, words, tuple(parts[1:])))
    return sorted(found)


def launch_arguments(plain: str, span: Span) -> list[Span]:
    """Return the ranges of what stands between `<<<` and `>>>`; `span` covers both."""
    inside = plain[span.start + 3 : span.end - 3]
    found = arguments(f"({inside})", 0)
    offset = span.start + 2
    return [Span(a.start + offset, a.end + offset) for a in found]

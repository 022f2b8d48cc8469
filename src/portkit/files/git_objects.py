# SPDX-License-Identifier: Apache-2.0
"""What git's objects hold: blobs by their names, sizes and bytes, many at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from portkit.files.git_view import GitView

_BLOB = re.compile(rb"([0-9a-f]{40,64}) blob (\d{1,18})\n")  # as `cat-file` prints one


def blob_sizes(view: GitView, objects: Iterable[str]) -> dict[str, int]:
    """Return the sizes in bytes of those of some objects that are blobs and are here: a clone may
    be partial. A name of zeros is none.
    """
    asked = sorted({object for object in objects if object.strip("0")})
    if not asked:
        return {}
    listed = view.ask(["cat-file", "--batch-check"], feed=_lines(asked)).output
    found = (_BLOB.fullmatch(line) for line in listed.splitlines(keepends=True))
    return {match[1].decode(): int(match[2]) for match in found if match}


def blobs(view: GitView, objects: Iterable[str]) -> dict[str, bytes]:
    """Return what blobs hold that are here, as `blob_sizes` says, up to one of another form."""
    asked = sorted(set(objects))
    found: dict[str, bytes] = {}
    output = view.ask(["cat-file", "--batch"], feed=_lines(asked)).output if asked else b""
    start = 0
    while match := _BLOB.match(output, start):
        start = match.end() + int(match[2]) + 1
        found[match[1].decode()] = output[match.end() : start - 1]
    return found


def _lines(objects: Iterable[str]) -> bytes:
    return "".join(f"{object}\n" for object in objects).encode()

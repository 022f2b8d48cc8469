# SPDX-License-Identifier: Apache-2.0
"""Labels of a `switch` that become one on a target: the second goes where it does what the first
does.
"""

from __future__ import annotations

import re

from portkit.model.spans import Edit, Span
from portkit.rules.cxx.kernels import code
from portkit.rules.view import FileView

_CASE = re.compile(r"\bcase\b(?:(?!\bcase\b)[\w\s:()])*\Z", re.A)
_LEAVES = re.compile(r"\b(?:return|break|continue|throw)\b[^;]*;\s*\}?\Z")
_LABEL = re.compile(r"\b(?:case|default)\b", re.A)


def without_twin(view: FileView, name: Span, twin: Span) -> tuple[Edit, ...]:
    """Return the edit that drops the label of `name` with its statements, where those of the label
    of `twin`, in the same file, are the same; none where that is not clear.
    """
    whole = view.once(code)
    text = whole.plain
    mine, other = _label(text, name), _label(text, twin)
    if mine is None or other is None:
        return ()
    (start, own), (_, others) = mine, other
    if twin.end <= start and not text[others.start : others.end].strip() and others.end == start:
        gone = Span(start, own.start)  # one label behind the other
    elif _leaves(whole.text, own) and _told(whole.text, own) == _told(whole.text, others):
        gone = Span(start, own.end)
    else:
        return ()
    data = view.data[gone.start : gone.end]
    kept = data[len(data.rstrip()) :] if gone.end == own.end else b""
    span = Span(gone.start, gone.end - len(kept))
    return (Edit(span, view.data[span.start : span.end], b""),)


def _label(text: str, name: Span) -> tuple[int, Span] | None:
    """Return where the label that a name is in starts, and the range of its statements."""
    before = _CASE.search(text, max(0, name.start - 200), name.start)
    colon = text.find(":", name.end)
    while text[colon : colon + 2] == "::":
        colon = text.find(":", colon + 2)
    if (
        before is None
        or colon < 0
        or text[name.end : colon].strip(" \t\n)")
        or "#" in before.group()
    ):
        return None
    depth, at = 0, colon + 1
    while at < len(text):
        sign = text[at]
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth < 0:
                break
        elif not depth and sign in "cd" and _LABEL.match(text, at):
            break
        at += 1
    body = Span(colon + 1, at)
    return None if "#" in text[before.start() : at] else (before.start(), body)


def _told(text: str, body: Span) -> str:
    return " ".join(text[body.start : body.end].split())


def _leaves(text: str, body: Span) -> bool:
    """Do statements leave the `switch` at their end?"""
    return _LEAVES.search(_told(text, body)) is not None

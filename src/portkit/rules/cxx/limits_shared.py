# SPDX-License-Identifier: Apache-2.0
"""PK624: shared and constant memory over the target's limit, where a target's facts give one in
bytes.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.guard_values import integer
from portkit.rules.cxx.kernels import arguments, code, device_functions
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget
from portkit.vocab.data import mappings_folder


@functools.cache
def _words() -> dict[str, dict[str, int | str]]:
    found: dict[str, dict[str, int | str]] = tomllib.loads(
        (mappings_folder() / "cuda" / "sizes.toml").read_text(encoding="utf-8")
    )
    return found


_ARRAY = re.compile(
    r"\s+(?:\w+\s+)*?([A-Za-z_]\w*)\s+([A-Za-z_]\w*)\s*((?:\[\s*[\w\s*+]+\s*\]\s*)+)\s*[;,]", re.A
)
_PRODUCT = re.compile(r"\s*\d+[uU]?\s*(?:\*\s*(?:\d+[uU]?|sizeof\s*\(\s*\w+\s*\))\s*)*", re.A)


def value_of(text: str, source: FileSource) -> int | None:
    """Return the value of a product of integer literals, names that the file defines as such, and
    sizes; None for others.
    """
    for macro in source.scan.facts.macros:
        if macro.parameters is None and macro.name in text:
            body = (
                source.data[macro.body.start : macro.body.end]
                .decode("latin-1")
                .split("//")[0]
                .strip("() \t\r\n")
            )
            text = re.sub(rf"\b{re.escape(macro.name)}\b", body, text)
    if _PRODUCT.fullmatch(text) is None:
        return None
    sizes = _words()["types"]
    factors = [
        integer(f) if f[0].isdigit() else sizes.get(f[6:].strip("() \t"))
        for f in (x.strip() for x in text.split("*"))
    ]
    return (
        math.prod(f for f in factors if isinstance(f, int))
        if all(isinstance(f, int) for f in factors)
        else None
    )


@rule("PK624", "memory-over-limit", severity=Severity.ERROR, effort=Effort.HOURS, blocking=True)
def over_limit(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Arrays of a kernel's shared memory, a dynamic size that is asked for, or constant memory,
    over the limit in bytes.
    """
    shared, constant = target.facts.shared_bytes, target.facts.constant_bytes
    if shared is not None:
        for function, span, size in view.once(_static):
            if size > shared:
                yield from _made(view, target, span, size, shared, function, "static")
        for index, size in view.once(_dynamic):
            if size > shared:
                ref = view.references[index]
                yield from _made(view, target, ref.span, size, shared, ref.name, "dynamic")
    if constant is not None:
        for span, size in view.once(_constant):
            if size > constant:
                yield from _made(view, target, span, size, constant, view.scan.path, "constant")


def _static(source: FileSource) -> list[tuple[str, Span, int]]:
    """Return the device functions with arrays in shared memory: name, place of the first array,
    bytes of all.
    """
    word, found = str(_words()["words"]["shared"]), []
    if word.encode() in source.data:
        for function in source.once(device_functions):
            arrays = list(_arrays(source, word, function.body))
            if arrays:
                found.append((function.name, arrays[0][0], sum(size for _, size in arrays)))
    return found


def _constant(source: FileSource) -> list[tuple[Span, int]]:
    """Return the place of the first array in constant memory and the bytes of all, if there is any."""
    word = str(_words()["words"]["constant"])
    arrays = (
        list(_arrays(source, word, Span(0, len(source.data))))
        if word.encode() in source.data
        else []
    )
    return [(arrays[0][0], sum(size for _, size in arrays))] if arrays else []


def _arrays(source: FileSource, word: str, within: Span) -> Iterator[tuple[Span, int]]:
    plain, sizes = source.once(code).plain, _words()["types"]
    for start in (m.end() for m in _whole(word).finditer(plain, within.start, within.end)):
        array = _ARRAY.match(plain, start)
        size = sizes.get(array.group(1)) if array is not None else None
        if array is None or not isinstance(size, int):
            continue
        counts = [
            value_of(dimension, source) for dimension in re.findall(r"\[([^\]]*)\]", array.group(3))
        ]
        if all(c is not None for c in counts):
            yield (
                Span(array.start(2), array.end(2)),
                size * math.prod(c for c in counts if c is not None),
            )


@functools.cache
def _whole(word: str) -> re.Pattern[str]:
    """Return a pattern for a whole word that begins with its letters: the engine skips to the next
    place where they stand.
    """
    return re.compile(rf"{word}(?<!\w{word})\b", re.A)


def _dynamic(source: FileSource) -> list[tuple[int, int]]:
    """Return the references that ask for a size of dynamic shared memory, with that size in bytes
    where it is known.
    """
    attribute, found = re.compile(str(_words()["words"]["dynamic_shared"])), []
    for index, ref in enumerate(source.references):
        if not ref.user and attribute.fullmatch(ref.name):
            plain = source.once(code).plain
            opening = plain.rfind("(", 0, ref.span.start)
            given = arguments(plain, opening) if opening >= 0 else []
            size = value_of(plain[given[-1].start : given[-1].end], source) if given else None
            if size is not None:
                found.append((index, size))
    return found


def _made(
    view: FileView, target: RuleTarget, span: Span, size: int, limit: int, name: str, case: str
) -> Iterator[Finding]:
    if not view.ported(span, target):
        yield finding(
            "PK624",
            span,
            {
                "name": name,
                "target": target.id,
                "size": str(size),
                "limit": str(limit),
                "case": case,
            },
        )

# SPDX-License-Identifier: Apache-2.0
"""PK624: shared and constant memory over the target's limit, where a target's facts give one in
bytes.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Mapping

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import arguments, code, device_functions
from portkit.rules.cxx.launch_sites import launch_sites
from portkit.rules.cxx.values import size_words, type_sizes, value_of
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

_ARRAY = re.compile(
    r"\s+(?:(?:static|const|volatile|struct|alignas\([^()]*\)|__\w+__(?:\([^()]*\))?)\s+)*((?:unsigned\s+)?[A-Za-z_]\w*(?:::\w+)*)"
    r"\s+([A-Za-z_]\w*)\s*((?:\[[^\[\]{};]{1,80}\]\s*)*)\s*[;,]",
    re.A,
)
_ANOTHER = re.compile(
    r"\s*([A-Za-z_]\w*)\s*((?:\[[^\[\]{};]{1,80}\]\s*)*)\s*([;,])", re.A
)  # a further one of the same declaration
_DIMENSION = re.compile(r"\[([^\]]*)\]")
_MEMBER = re.compile(
    r"((?:unsigned\s+)?[A-Za-z_]\w*)\s+([A-Za-z_]\w*)\s*((?:\[[^\[\]]{1,60}\]\s*)*)\s*;", re.A
)
_STRUCTURE = re.compile(
    r"\b(?:struct|(?P<union>union))\s+(?:\w+\(\w+\)\s+)?(?P<name>[A-Za-z_]\w*)\s*\{(?P<body>[^{}]{1,1000})\}",
    re.A,
)
_TEMPLATED = re.compile(r"([A-Za-z_]\w*)\s*<([^<>;{}()]{1,150})>\s*\Z", re.A)
_PARAMETERS = re.compile(r"\b(typename|class|int|unsigned|size_t|auto|bool)\s+([A-Za-z_]\w*)", re.A)
_NAMES = re.compile(r"[A-Za-z_]\w*", re.A)
_NONE: Mapping[str, str] = {}
_SET = r"\b{name}\s*(?:[-+*/|&^]|<<|>>)?=(?!=)|\b{name}\s*(?:\+\+|--)|&\s*{name}\b"
_LOCAL = r"\b(?:int|unsigned|size_t|auto|long|u?int(?:32|64)_t)\s+{name}\s*=\s*([^;,(){{}}]+);"


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
        for span, name, size in view.once(_launched):
            if size > shared:
                case = "launch" if name else "dynamic"
                yield from _made(view, target, span, size, shared, name, case)
        for span, name, size in view.once(_instances):
            if size > shared:
                yield from _made(view, target, span, size, shared, name, "static")
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
    word, found = str(size_words()["words"]["shared"]), []
    if word.encode() in source.data:
        for function in source.once(device_functions):
            arrays = list(_arrays(source, word, function.body))
            if arrays:
                found.append((function.name, arrays[0][0], sum(size for _, size in arrays)))
    return found


def _constant(source: FileSource) -> list[tuple[Span, int]]:
    """Return the place of the first array in constant memory and the bytes of all, if there is any."""
    word = str(size_words()["words"]["constant"])
    arrays = (
        list(_arrays(source, word, Span(0, len(source.data))))
        if word.encode() in source.data
        else []
    )
    return [(arrays[0][0], sum(size for _, size in arrays))] if arrays else []


def _arrays(
    source: FileSource, word: str, within: Span, given: Mapping[str, str] = _NONE
) -> Iterator[tuple[Span, int]]:
    """Yield the variables that a word marks in a range, each with its bytes where they are known.
    `given`: what a template's parameters stand for.
    """
    plain = source.once(code).plain
    for start in (m.end() for m in _whole(word).finditer(plain, within.start, within.end)):
        array = _ARRAY.match(plain, start)
        if array is None:
            continue
        size = _size_of(array.group(1), source)
        counts = [value_of(d, source, given) for d in _DIMENSION.findall(array.group(3))]
        if size is not None and all(c is not None and c > 0 for c in counts):
            whole = size * math.prod(c for c in counts if c is not None)
            yield Span(array.start(2), array.end(2)), whole
        more = array if plain[array.end() - 1] == "," else None
        while size is not None and more is not None:
            more = _ANOTHER.match(plain, more.end())
            counts = (
                [value_of(d, source, given) for d in _DIMENSION.findall(more[2])] if more else []
            )
            if more is not None and all(c is not None and c > 0 for c in counts):
                yield Span(more.start(1), more.end(1)), size * math.prod(c for c in counts if c)
            if more is not None and more[3] == ";":
                break


def _size_of(name: str, source: FileSource) -> int | None:
    """Return the bytes of a type: one of C++ or CUDA, or a plain structure of such that the file
    defines.
    """
    size = type_sizes().get(re.sub(r"\s+", " ", name))
    return size if size is not None else source.once(_structures).get(name)


def _structures(source: FileSource) -> dict[str, int]:
    """Return the bytes of the file's structures whose members are all plain, with the gaps between
    them.
    """
    plain, found = source.once(code).plain, dict[str, int]()
    for match in _STRUCTURE.finditer(plain):
        members = list(_MEMBER.finditer(match["body"]))
        if "".join(match["body"].split()) != "".join("".join(m.group().split()) for m in members):
            continue  # functions, bit fields, bases
        at, widest = 0, 1
        for member in members:
            size = type_sizes().get(re.sub(r"\s+", " ", member[1])) or found.get(member[1])
            counts = [value_of(d, source) for d in _DIMENSION.findall(member[3])]
            if size is None or any(c is None for c in counts):
                break
            unit = min(size & -size, 16)
            start = 0 if match["union"] else -(-at // unit) * unit
            at = max(at, start + size * math.prod(c for c in counts if c is not None))
            widest = max(widest, unit)
        else:
            found[match["name"]] = -(-at // widest) * widest
    return found


def _opening(plain: str, at: int) -> int:
    """Return the parenthesis that is open at a place, -1 where there is none in its statement."""
    depth = 0
    for position in range(at - 1, max(-1, at - 2000), -1):
        sign = plain[position]
        if sign in ";{}":
            break
        if sign == "(" and not depth:
            return position
        depth += (sign == ")") - (sign == "(")
    return -1


def _launched(source: FileSource) -> list[tuple[Span, str, int]]:
    """Return the launches whose third argument is known, with the kernel and that size in bytes."""
    found = list[tuple[Span, str, int]]()
    for site in source.once(launch_sites):
        if len(site.given) > 2:
            plain = source.once(code).plain
            written = site.given[2]
            size = _known_there(plain[written.start : written.end], source, site.span.start)
            if size is not None:
                found.append((written, site.kernels[-1] if site.kernels else "", size))
    field = str(size_words()["words"]["dynamic_field"])
    if field.encode() in source.data:
        plain = source.once(code).plain
        given = re.compile(rf"\.\s*{field}\s*=(?!=)\s*([^;{{}},]{{1,80}})(?=[;,}}])", re.A)
        for match in given.finditer(plain):
            size = _known_there(match[1], source, match.start())
            if size is not None:
                found.append((Span(match.start(1), match.end(1)), "", size))
    return found


def _known_there(text: str, source: FileSource, at: int) -> int | None:
    """Return what an expression of host code is worth at a place; a variable counts that is given
    a value once, in the same block or around it.
    """
    plain, given = source.once(code).plain, dict[str, str]()
    for name in _NAMES.findall(text):
        start = plain.rfind("\n}", 0, at) + 1
        made = list(re.finditer(_LOCAL.format(name=re.escape(name)), plain[start:at], re.A))
        again = re.compile(_SET.format(name=re.escape(name)), re.A)
        if len(made) == 1 and len(again.findall(plain, start, at)) == 1:
            given[name] = made[0][1]
    return value_of(text, source, given)


def _instances(source: FileSource) -> list[tuple[Span, str, int]]:
    """Return the launches of the file's own templates that give a number to the size of an array in
    shared memory: the launch, the kernel and the bytes of its arrays.
    """
    word, found = str(size_words()["words"]["shared"]), list[tuple[Span, str, int]]()
    if not source.scan.facts.launches or word.encode() not in source.data:
        return found
    plain, known = source.once(code).plain, {name for name, _, _ in source.once(_static)}
    functions = {f.name: f for f in source.once(device_functions) if f.space == "global"}
    for launch in source.scan.facts.launches:
        named = _TEMPLATED.search(plain, max(0, launch.span.start - 200), launch.span.start)
        function = functions.get(named[1]) if named is not None else None
        if named is None or function is None or function.name in known:
            continue
        head = plain[function.head.start : function.head.end]
        parameters = _PARAMETERS.findall(head[: head.find(">")]) if "template" in head else []
        values = [a.strip() for a in named[2].split(",")]
        given = dict(zip([p for _, p in parameters], values, strict=False))
        sizes = [size for _, size in _arrays(source, word, function.body, given)]
        if sizes:
            found.append((launch.span, function.name, sum(sizes)))
    return found


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
    attribute, found = re.compile(str(size_words()["words"]["dynamic_shared"])), []
    for index, ref in enumerate(source.references):
        if not ref.user and attribute.fullmatch(ref.name):
            plain = source.once(code).plain
            opening = _opening(plain, ref.span.start)
            given = arguments(plain, opening) if opening >= 0 else []
            written = plain[given[-1].start : given[-1].end] if given else ""
            size = _known_there(written, source, ref.span.start) if given else None
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

# SPDX-License-Identifier: Apache-2.0
"""Constructs that are not names: launches, kernels, and marks in comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.callees import Scopes, callees
from portkit.languages.cxx.letters.directives import Directives
from portkit.languages.cxx.letters.lexer import code_after
from portkit.languages.cxx.letters.source import SourceFile
from portkit.model.reading import Kernel, Launch
from portkit.model.spans import Span

# A name with its qualifiers and template arguments, on text that is turned round: what ends right
# before a launch.
_ENDING_NAME = re.compile(
    r"\s*(?:>(?:[^<>]*>[^<>]*<)*[^<>;{}]*<)?\s*(\w*[A-Za-z_](?:~?\s*::\s*\w*[A-Za-z_])*)",
    re.A,
)
_NAME_WINDOW = 300
_WIDE_WINDOW = 4000
_MARK = re.compile(r"portkit:\s*[a-z-]+|MUSIFY_EXCL_(?:START|STOP|LINE)")
_NOT_CALLS = frozenset(
    {
        "if",
        "for",
        "while",
        "switch",
        "return",
        "sizeof",
        "alignof",
        "decltype",
        "static_assert",
        "asm",
        "defined",
    }
)
_NO_SPECIFIERS = re.compile(r"[{};=\"]")
# an operator's signs are a part of its name
_HEAD_STEP = re.compile(r"[({;=]|operator(?=\W)\s*[^\w\s({;]{0,3}|[A-Za-z_~]\w*", re.A)
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_WORDS_ONLY = re.compile(r"\s*[A-Za-z_]\w*(?:\s+[A-Za-z_]\w*){0,7}\s*", re.A)
_WHITE = re.compile(r"\s+", re.A)


def launches(source: SourceFile) -> tuple[Launch, ...]:
    """Return the launches `kernel<<<...>>>`, in macro bodies and inactive branches too; they are
    looked for once.
    """
    if source.launches is None:
        source.launches = tuple(_whole_launches(source))
        if source.cuts:
            source.launches = tuple(sorted(_with_cut(source), key=lambda launch: launch.span))
    return source.launches


def _with_cut(source: SourceFile) -> Iterator[Launch]:
    """Yield all launches of a file with brackets that are cut (see spaced_launches)."""
    code = source.lexed.code
    starts = {opened[0] for opened, _ in source.cuts}
    yield from (one for one in source.launches or () if one.span.start not in starts)
    for opened, closed in source.cuts:
        kernel = _launched(code, source.directives, opened[0])
        yield Launch(Span(opened[0], closed[1]), kernel)


def _whole_launches(source: SourceFile) -> list[Launch]:
    code, found = source.lexed.code, list[Launch]()
    starts, start = list[int](), code.find("<<<")
    while start >= 0:
        end = start + 3
        while code.startswith("<", end):
            end += 1  # no launch: a conflict that git has marked
        if end == start + 3 and source.lexed.is_code(start):
            starts.append(start)
        start = code.find("<<<", end)
    end = 0
    for start, following in pairwise([*starts, len(code)]):
        while 0 <= end < start + 3 or (end >= 0 and not source.lexed.is_code(end)):
            end = code.find(">>>", max(start, end) + 3)
        if end < 0 or end > following:
            # a macro has the rest
            found.append(Launch(Span(start, start + 3), _launched(code, source.directives, start)))
            continue
        stop = end + 3
        while code.startswith(">", stop):
            stop += 1
        found.append(Launch(Span(start, stop), _launched(code, source.directives, start)))
    return found


def _launched(code: str, directives: Directives, start: int) -> str:
    """Return the kernel that is named right before a launch."""
    end = directives.before(code, start)
    window = code[max(0, end - _NAME_WINDOW) : end]
    name = _ENDING_NAME.match(window[::-1])
    if len(window) == _NAME_WINDOW and (name is None or name.end() == _NAME_WINDOW):
        # comments may have stood there
        window = _WHITE.sub(" ", code[max(0, end - _WIDE_WINDOW) : end])[-_NAME_WINDOW:]
        name = _ENDING_NAME.match(window[::-1])
    return _WHITE.sub("", name.group(1))[::-1] if name else ""


def kernels(
    source: SourceFile,
    spaces: Mapping[str, str],
    brackets: Brackets,
    places: Sequence[tuple[int, str]],
) -> tuple[Kernel, ...]:
    """Return the definitions of functions marked with an execution space (`spaces`: word ->
    "global" | "device") at `places`, see marked_places.

    A body that no brace closes, since branches of conditions open it more than once, ends with the
    next brace at the start of a line, or where the next function is marked.
    """
    if not places:
        return ()
    heads: list[tuple[str, int] | None] = []
    following: tuple[int, tuple[str, int] | None] = (len(brackets.bare), None)
    for start, word in reversed(places):
        head = _function_head(brackets, source.lexed.end(start, word), following)
        heads.append(head)
        following = (start, head)
    found, seen, scopes = [], set(), Scopes(brackets)
    for number, ((start, word), head) in enumerate(zip(places, reversed(heads), strict=True)):
        if head is None or head[1] in seen:
            continue
        name, body = head
        end = brackets.closing(body)
        if end < 0:
            marked = places[number + 1][0] if number + 1 < len(places) else len(brackets.bare)
            end = max(body, brackets.plain.find("\n}", body, marked) + 1 or marked - 1)
        seen.add(body)
        scope, bare = scopes.of(name, start, body), brackets.bare
        called = callees(bare, start, body, end, scope, _NOT_CALLS)
        names = tuple(sorted({form.rpartition(":")[2].removeprefix(".") for form in called}))
        space, span = scopes.namespace_of(body), Span(body, end + 1)
        found.append(Kernel(span, name, spaces[word], names, scope, called, space))
    return tuple(found)


def marked_places(source: SourceFile, spaces: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return where the words that mark an execution space stand in code, outside of directives."""
    code = source.lexed.code
    words = [w for w in spaces if w in source.words or w in code]
    return [
        (o, w)
        for o, w in source.lexed.places(words)
        if source.lexed.is_code(o) and source.directives.at(o) is None
    ]


def device_heads(
    source: SourceFile, brackets: Brackets, places: Sequence[tuple[int, str]]
) -> tuple[Span, ...]:
    """Return the heads of the functions that are marked with an execution space at `places`: from
    the end of what stands before to the body, or to the semicolon of a mere declaration.
    """
    found: dict[Span, None] = {}
    for start, word in places:
        plain = brackets.plain
        behind = max(plain.rfind(sign, 0, start) for sign in ";{}") + 1
        begin = code_after(plain, behind)
        end = _head_end(brackets, source.lexed.end(start, word))
        if end >= 0:
            found[Span(begin, end)] = None
    return tuple(found)


def _head_end(brackets: Brackets, position: int) -> int:
    """Return the offset of the brace or semicolon behind the parameters; -1 where none are."""
    plain, name = brackets.plain, ""
    while (match := _HEAD_STEP.search(plain, position)) is not None:
        token = match.group()
        if token in "{;=":
            return -1
        if token != "(":
            name, position = token, match.end()
            continue
        close = brackets.closing(match.start())
        if close < 0:
            return -1
        if _is_parameters(brackets, name, close):
            return brackets.stop(close)
        position = close + 1
    return -1


def _is_parameters(brackets: Brackets, name: str, close: int) -> bool:
    """Return whether the parenthesis that ends at `close`, behind `name`, holds the parameters of a
    function: what begins with two underscores is an attribute unless the body comes at once.
    """
    if not name.startswith("__"):
        return bool(name)
    stop = brackets.stop(close)
    return stop >= 0 and not brackets.plain[close + 1 : stop].strip()


def space_macros(source: SourceFile, spaces: Mapping[str, str]) -> dict[str, str]:
    """Return the macros of a file that stand for specifiers of functions, and the execution space
    that these mark: `#define DEV __device__ __forceinline__`.
    """
    found: dict[str, str] = {}
    code = source.lexed.code
    more = any(word in code for word in spaces)
    while more:
        more = False
        for macro in source.directives.macros:
            body = code[macro.body.start : macro.body.end]
            if macro.parameters is not None or macro.name in found or _NO_SPECIFIERS.search(body):
                continue
            marked = {spaces.get(w) or found.get(w) for w in _WORD.findall(body)} - {None}
            if marked:
                found[macro.name] = "global" if "global" in marked else "device"
                more = True
    return found


def worded_macros(source: SourceFile) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the macros without parameters whose body is one to eight words, and these: what they
    mark may be told by a macro of another file.
    """
    code = source.lexed.code
    for macro in source.directives.macros:
        body = code[macro.body.start : macro.body.end]
        if macro.parameters is None and _WORDS_ONLY.fullmatch(body):
            yield macro.name, tuple(body.split())


def _function_head(
    brackets: Brackets, position: int, following: tuple[int, tuple[str, int] | None]
) -> tuple[str, int] | None:
    """Return (name, offset of the body's brace) of the function whose specifiers end at `position`.

    `following`: where the next function is marked, and what is known of it. Where only words stand
    up to there, it is this function too.
    """
    bare, name = brackets.plain, ""
    while (match := _HEAD_STEP.search(bare, position)) is not None:
        token = match.group()
        if match.start() == following[0]:
            return following[1]
        if token == "(":
            close = brackets.closing(match.start())
            if close < 0:
                return None
            if _is_parameters(brackets, name, close):
                body = brackets.body(close)
                return (name, body) if body >= 0 and bare[body] == "{" else None
            position = close + 1
        elif token in "{;=":
            return None
        else:
            name, position = token, match.end()
    return None


def marks(source: SourceFile) -> tuple[tuple[str, Span], ...]:
    """Return suppression and exclusion marks in comments, with the comment's range."""
    text = source.lexed.text
    if "portkit:" not in text and "MUSIFY_EXCL" not in text:
        return ()
    found = []
    for start, end in zip(source.lexed.comments.starts, source.lexed.comments.ends, strict=True):
        if _MARK.search(text, start, end):
            found.append((text[start:end], Span(start, end)))
    return tuple(found)

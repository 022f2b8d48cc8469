# SPDX-License-Identifier: Apache-2.0
"""Generator expressions in the arguments of a command: where each is closed, and those that ask for
CUDA's language. Each text is gone through once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cmake.commands import Argument
from portkit.model.spans import Span

# Of expressions in one another so many are looked into. Each level is read by itself, and a file of
# nothing but levels would be read as often as it has some. Nobody writes a tenth of it.
MOST_LEVELS = 16
_BRACKET = re.compile(r"\$<|>")
# what follows `CUDA` is looked at once, however often the word stands there
_ASKS = re.compile(r"\$<(?:COMPILE_LANGUAGE|COMPILE_LANG_AND_ID):(?=[^<>]*\bCUDA\b)[^<>]*>")


class Behind(msgspec.Struct, frozen=True):
    """A generator expression `$<condition:content>` whose condition asks for CUDA's language.

    `whole`, `content`: their bytes; `plain`: it asks for nothing else; `denied`: the content is for
    all but CUDA.
    """

    whole: Span
    content: Span
    plain: bool
    denied: bool


def behind_language(argument: Argument) -> Iterator[Behind]:
    """Yield the generator expressions of an argument with content for CUDA's language, or for all
    others. Those in a condition give no content: they are read with what they decide.
    """
    text, base = argument.text, argument.span.start
    closed = _closed(text)
    around = list[int]()  # where the expressions around this one are closed
    until = -1  # where the condition ends in which this one may lie
    for start, end in sorted(closed.items()):
        while around and around[-1] < start:
            around.pop()
        around.append(end)
        close = closed.get(start + 2)  # of an expression that is the condition
        asked = start <= until
        until = max(until, close if close is not None else -1)
        if (
            asked
            or close is None
            or len(around) > MOST_LEVELS
            or not text.startswith(":", close + 1)
        ):
            continue
        condition = text[start + 2 : close + 1]
        if not _ASKS.search(condition):
            continue
        yield Behind(
            Span(base + start, base + end + 1),
            Span(base + close + 2, base + end),
            _ASKS.fullmatch(condition) is not None and "," not in condition,
            "$<NOT:$<COMPILE_LANGUAGE:CUDA" in condition,
        )


def _closed(text: str) -> dict[int, int]:
    """Return where each expression is closed, by where it opens; without those that are not."""
    opened, found = list[int](), dict[int, int]()
    for match in _BRACKET.finditer(text):
        if match.group() != ">":
            opened.append(match.start())
        elif opened:
            found[opened.pop()] = match.start()
    return found


def whole_expressions(arguments: Sequence[Argument]) -> Iterator[Argument]:
    """Yield arguments, those that a generator expression with blanks in it parts joined to one, as
    CMake joins them. Offsets stay: whatever stands between them is blanks.
    """
    held, depth = list[Argument](), 0
    for argument in arguments:
        if not held and "$<" not in argument.text:
            yield argument
            continue
        held.append(argument)
        depth += argument.text.count("$<") - argument.text.count(">")
        if argument.quoted or depth <= 0:
            yield _joined(held)
            held, depth = [], 0
    if held:
        yield _joined(held)


def _joined(parts: Sequence[Argument]) -> Argument:
    first, last = parts[0], parts[-1]
    if first is last:
        return first
    texts, at = list[str](), first.span.start
    for part in parts:
        texts += (" " * (part.span.start - at), part.text)
        at = part.span.end
    return Argument(Span(first.span.start, last.span.end), "".join(texts))

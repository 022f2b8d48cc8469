# SPDX-License-Identifier: Apache-2.0
"""CUDA's names in a script, an image's recipe, a pipeline or a list of packages: line by line,
nothing is run.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from portkit.languages.base import Parsed
from portkit.languages.build_places import Place
from portkit.languages.make.names import names
from portkit.languages.make.places import places_in
from portkit.model.reading import Reference
from portkit.model.spans import Covered, Span
from portkit.model.words import Kind, Parse

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\n\r]*", re.M)
_SETS = re.compile(r"^[ \t]*(?:(?:export|ENV|ARG)[ \t]+)?(\w+)(?:=|:[ \t])|\$\{?(\w+)", re.M)


def read_script(data: bytes) -> Parsed:
    """Return what a script asks of CUDA."""
    return Parsed(Parse.SYNTAX, references_of(data), comments=tuple(comments_of(data)))


def comments_of(data: bytes) -> list[Span]:
    """Return the comments of a script: `#` at the start of a word, outside of quotes on its line."""
    text, found = data.decode("latin-1"), list[Span]()
    for match in _COMMENT.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if not before.count("'") % 2 and not before.count('"') % 2:
            found.append(Span(*match.span()))
    return found


def references_of(data: bytes) -> list[Reference]:
    """Return the names of CUDA's in a script, in order, each byte in one of them at most."""
    text = data.decode("latin-1")
    found = list[Place]()
    variables = {m[1] or m[2] for m in _SETS.finditer(text)}
    start = 0
    for comment in [*comments_of(data), Span(len(text), len(text))]:
        taken = [*_things(text, start, comment.start)]
        found += taken
        spans = Covered(p.span for p in taken)
        found += places_in(text, start, comment.start, variables, spans)
        start = comment.end
    return [p.reference() for p in sorted(found)]


@functools.cache
def _pattern() -> re.Pattern[str]:
    known = names()
    groups = {
        "index": known.indexes, "image": known.images, "container": known.container,
        "package": known.packages,
    }  # fmt: skip
    listed = (f"(?P<{name}>{'|'.join(patterns)})" for name, patterns in groups.items())
    return re.compile(rf"(?<![\w.$/{{-])(?:{'|'.join(listed)})(?![\w/])")


def _things(text: str, start: int, end: int) -> Iterator[Place]:
    """Yield images, packages, and what hands a card to a container."""
    for match in _pattern().finditer(text, start, end):
        kind = Kind.PACKAGE if match.lastgroup == "package" else Kind.IMAGE
        yield Place(Span(*match.span()), match.group(), kind)

# SPDX-License-Identifier: Apache-2.0
"""The rung below: a file that Python's parser refuses (Python 2, a template, a newer Python) is
read by its letters. What is found there is edited by nobody who did not ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portkit.languages.python.tables import LIBRARY, PythonWords
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof, Rung

_TOKEN = re.compile(
    rb"""\#[^\n]*|'''[\s\S]*?(?:'''|\Z)|\"\"\"[\s\S]*?(?:\"\"\"|\Z)|'(?:[^'\\\n]|\\[\s\S])*'?|\"(?:[^\"\\\n]|\\[\s\S])*\"?"""
)


def blanked(data: bytes) -> bytes:
    """Return the bytes with comments and strings blanked, every byte in its place."""
    return _TOKEN.sub(lambda m: re.sub(rb"[^\n]", b" ", m.group()), data)


def comments(data: bytes) -> Iterator[Span]:
    """Yield the comments of a file, as far as its letters tell."""
    for match in _TOKEN.finditer(data):
        if match.group().startswith(b"#"):
            yield Span(*match.span())


def by_letters(data: bytes, words: PythonWords) -> list[Reference]:
    """Return names that look like CUDA's: a module of its, with what follows by a dot."""
    modules = sorted((m for m in words.modules), key=len, reverse=True)
    names = "|".join(re.escape(m) for m in modules)
    pattern = re.compile(rf"(?<![\w.])(?:{names})(?:\.[A-Za-z_]\w*)?".encode())
    return [
        Reference(
            Span(*match.span()),
            match.group().decode("ascii"),
            Kind.ATTRIBUTE,
            Context.NAME,
            Rung.LEX,
            Proof.SPELLING,
            library=LIBRARY,
        )
        for match in pattern.finditer(blanked(data))
    ]

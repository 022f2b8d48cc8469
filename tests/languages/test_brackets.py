# SPDX-License-Identifier: Apache-2.0
"""Where statements end, by the brackets of a file."""

from __future__ import annotations

import pytest

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.directives import read_directives
from portkit.languages.cxx.letters.lexer import lex, mask


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("for (;;) { a(); { b(); } } c();", " { a(); { b(); } }"),
        ("for (;;) a[0] += 1; c();", " a[0] += 1;"),
        ("for (;;) /* } */ { a('}'); } c();", " /* } */ { a('}'); }"),
        ("for (;;) {\n#if X\n}\n#define Y }\na(); }", " {\n#if X\n}"),
        ("for (;;) {\n#define Y }\na(); } c();", " {\n#define Y }\na(); }"),
        ("for (;;) { a();", " { a();"),
        ("for (;;) a", " a"),
    ],
)
def test_a_statement_ends_with_its_block_or_its_semicolon(text: str, statement: str) -> None:
    lexed = lex(mask(text.encode(), "utf-8"))
    start = text.index(")") + 1
    end = Brackets(lexed, read_directives(lexed)).statement_end(start)
    assert text[start:end] == statement

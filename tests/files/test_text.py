# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portkit.files.text import SourceText, detect_encoding, looks_binary


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (b"int x;\n", "utf-8"),
        ("// 中文注释\n".encode(), "utf-8"),
        ("// 中文注释\n".encode("gb18030"), "gb18030"),
        ("// caf\u00e9 na\u00efve\n".encode("latin-1"), "latin-1"),
        (codecs.BOM_UTF8 + b"int x;\n", "utf-8-sig"),
        (codecs.BOM_UTF16_LE + "int x;\n".encode("utf-16-le"), "utf-16"),
        ("// 中文注释\n".encode() + b"// \xff\n", "utf-8"),
    ],
)
def test_encoding(data: bytes, encoding: str) -> None:
    assert detect_encoding(data) == encoding


def test_columns_count_code_points() -> None:
    assert SourceText("/* 中文 */ f();".encode()).position("/* 中文 */ ".encode().__len__()) == (
        1,
        10,
    )
    chinese = "// 注释注释\n/* 中文 */ f();".encode("gb18030")
    assert SourceText(chinese).position(chinese.index(b"f()")) == (2, 10)
    assert SourceText(codecs.BOM_UTF8 + b"f();").position(3) == (1, 1)
    assert SourceText(b"\tf();").position(1) == (1, 2)
    assert SourceText("中文字".encode() + b"\xff\xfff()").position(11) == (1, 6)
    wide = codecs.BOM_UTF16_LE + "中\r\nf".encode("utf-16-le")
    assert SourceText(wide).position(len(wide) - 2) == (2, 1)


def test_line_ends() -> None:
    text = SourceText(b"a\r\nb\rc\nd")
    assert [text.position(offset)[0] for offset in (0, 3, 5, 7)] == [1, 2, 3, 4]
    assert [text.line_text(line) for line in (1, 2, 3, 4)] == ["a", "b", "c", "d"]
    assert text.line_count == 4
    assert SourceText(b"").line_count == 0
    with pytest.raises(ValueError, match="no line"):
        text.line_text(5)


def test_binary() -> None:
    assert looks_binary(b"\x7fELF\0\0")
    assert not looks_binary(codecs.BOM_UTF16_LE + b"a\0")


@given(st.text(st.sampled_from("a 中é\t\n\r\U0001f600"), max_size=60))
def test_position_agrees_with_decoded_text(text: str) -> None:
    data = text.encode()
    source = SourceText(data)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    for at, char in enumerate(text):
        if char in "\r\n":
            continue
        before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
        expected = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        assert source.position(len(text[:at].encode())) == expected
    for number, line in enumerate(lines.split("\n")[: source.line_count], 1):
        assert source.line_text(number) == line


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    source = SourceText(data)
    for offset in range(len(data) + 1):
        line, column = source.position(offset)
        assert line >= 1
        assert column >= 1
    for line in range(1, source.line_count + 1):
        source.line_text(line).encode()

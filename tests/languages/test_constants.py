# SPDX-License-Identifier: Apache-2.0
"""What expressions of integers are worth, and which names a file gives to integers."""

from __future__ import annotations

import pytest

from portkit.languages.cxx.letters.constants import constants_in, evaluate
from portkit.languages.ptx.bit_tables import written_out

NAMES: dict[str, str | int] = {
    "ROWS": "32",
    "LAST": "ROWS - 1",
    "Shape::SIDE": 16,
    "loop": "loop + 1",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("96 * 1024 / 4", 24576),
        ("(3 << 4) | 1", 49),
        ("~0u", 0xFFFFFFFF),
        ("~0", -1),
        ("uint32_t(-1)", 0xFFFFFFFF),
        ("static_cast<unsigned>(-2)", 0xFFFFFFFE),
        ("(int)0x1F", 31),
        ("LAST & 0b1111", 15),
        ("2 * Shape::SIDE", 32),
        ("other::ROWS", 32),
        ("sizeof(double) * 3", 24),
        ("1'000 % 7", 6),
        ("0xffffffffffffffffull", (1 << 64) - 1),
        ("loop", None),
        ("missing + 1", None),
        ("f(2)", None),
        ("1.5", None),
        ("4 / 0", None),
        ("1 +", None),
    ],
)
def test_expressions(text: str, value: int | None) -> None:
    assert evaluate(text, lambda name: NAMES.get(name), {"double": 8}) == value


def test_names_of_integers() -> None:
    code = """
const int A = 1, B = A + 1;
static constexpr unsigned C{0x20};
int const D = 4;
struct S { static const size_t E = sizeof(int); enum Kind : int { F = 6, G, H = F * 2 }; };
const float no = 1.5f; const char *text = name; const T &other = call();
"""
    found = {c.name: c.text for c in constants_in(code, ())}
    assert found == {
        "A": "1", "B": "A + 1", "C": "0x20", "D": "4", "E": "sizeof(int)", "F": "6", "H": "F * 2",
    }  # fmt: skip


def test_each_table_of_three_bits_is_written_out() -> None:
    inputs = {"a": 0xF0, "b": 0xCC, "c": 0xAA}
    for table in range(256):
        assert eval(written_out(hex(table)), dict(inputs)) & 255 == table
    assert written_out("0x96").count("^") == 2
    assert written_out("%4") == "" and written_out("") == ""

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portkit.files.edits import EditMismatch, Shift, apply_edits
from portkit.model.spans import Edit, Span
from portkit.plan.conflicts import separate_conflicts

DATA = bytes(range(256))


def edit(start: int, end: int, new: bytes, group: str = "") -> Edit:
    return Edit(Span(start, end), DATA[start:end], new, group)


@st.composite
def edit_lists(draw: st.DrawFn) -> list[Edit]:
    """Any edits of DATA, overlapping ones among them."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, 40))
        end = draw(st.integers(start, min(start + 6, 40)))
        new, group = (
            draw(st.sampled_from([b"", b"x", b"longer"])),
            draw(st.sampled_from(["", "", "a", "b"])),
        )
        found.append(edit(start, end, new, group))
    return found


@given(edit_lists())
def test_kept_edits_apply_and_all_else_stays(edits: list[Edit]) -> None:
    kept, dropped = separate_conflicts(edits)
    after = apply_edits(DATA, kept)
    # An independent way: from the last to the first.
    expected = DATA
    for one in sorted(kept, reverse=True):
        expected = expected[: one.span.start] + one.new + expected[one.span.end :]
    assert after == expected
    bodies = {(one.span, one.new) for one in kept}
    assert bodies.isdisjoint((one.span, one.new) for one in dropped)
    assert bodies | {(one.span, one.new) for one in dropped} == {
        (one.span, one.new) for one in edits
    }


@given(edit_lists())
def test_groups_are_atomic_and_order_does_not_count(edits: list[Edit]) -> None:
    kept, dropped = separate_conflicts(edits)
    assert separate_conflicts(edits[::-1]) == (kept, dropped)
    assert separate_conflicts(kept) == (kept, [])
    lost = {one.group for one in dropped if one.group}
    bodies = {(one.span, one.new) for one in kept}
    assert not any(one.group in lost and (one.span, one.new) in bodies for one in edits)


@given(edit_lists())
def test_shift_finds_the_untouched_bytes(edits: list[Edit]) -> None:
    kept, _ = separate_conflicts(edits)
    after, shift = apply_edits(DATA, kept), Shift(kept)
    touched = {at for one in kept for at in range(one.span.start, one.span.end)} | {
        one.span.start for one in kept
    }
    for at in set(range(len(DATA))) - touched:
        assert after[shift(at)] == DATA[at]
    starts = [one.span.start for one in kept]
    for one in kept:
        # else the offset means what is inserted before the replacement
        if starts.count(one.span.start) == 1:
            assert after[shift(one.span.start) :].startswith(one.new)


def test_equal_edits_tie_their_groups() -> None:
    both = [edit(1, 3, b"x", "a"), edit(1, 3, b"x", "b")]
    assert [one.new for one in separate_conflicts(both)[0]] == [b"x"]
    clash = [*both, edit(5, 7, b"y", "b"), edit(6, 8, b"z")]
    assert separate_conflicts(clash)[0] == []


def test_mismatches() -> None:
    for wrong in (
        [Edit(Span(0, 1), b"q", b"")],
        [edit(0, 3, b""), edit(2, 4, b"")],
        [Edit(Span(255, 300), b"", b"")],
    ):
        with pytest.raises(EditMismatch):
            apply_edits(DATA, wrong)

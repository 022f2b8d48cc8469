# SPDX-License-Identifier: Apache-2.0
"""What moves, what needs a person and what is not known add up to 100 and stay apart; the verdict
follows the worst of names and kernels.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans_by_hand import edit, file_plan, found, keep, manual, ref
from portkit.assess.parts import Share, share_of
from portkit.assess.readiness import Summary, assess
from portkit.assess.unread import Unread
from portkit.assess.verdict import verdict_of
from portkit.model.plans import Decision, Finding, Plan
from portkit.model.reading import Reference
from portkit.model.words import Kind, Reason


def summary_of(
    *pairs: tuple[Reference, Decision], findings: list[Finding] | None = None
) -> Summary:
    plan = Plan("toy", "one", (file_plan("a.cu", [*pairs], findings),))
    return assess(plan).summary


@pytest.mark.parametrize(
    ("counts", "blocking", "share"),
    [
        ((99_999, 1, 0), 0, Share(99.9, 0.1, 0.0)),  # never rounded up to done
        ((99_999, 0, 1), 0, Share(99.9, 0.0, 0.1)),
        ((5, 0, 0), 0, Share(100.0, 0.0, 0.0)),
        ((5, 0, 0), 1, Share(99.9, 0.1, 0.0)),  # nor said beside what blocks
        ((1, 1, 1), 0, Share(33.3, 33.3, 33.4)),
        ((0, 1000, 1), 0, Share(0.0, 99.9, 0.1)),  # what is there is seen
        ((0, 1, 1000), 0, Share(0.0, 0.1, 99.9)),
        ((0, 0, 0), 3, None),
    ],
)
def test_share(counts: tuple[int, int, int], blocking: int, share: Share | None) -> None:
    got = share_of(*counts, blocking)
    if share is None or got is None:
        assert got is share
        return
    assert got.by_itself == share.by_itself
    assert round(got.person + got.unknown + got.by_itself, 1) == 100.0
    assert abs(got.person - share.person) < 0.15


@given(*[st.integers(0, 10**6)] * 3, st.integers(0, 2))
def test_shares_add_up(by_itself: int, person: int, unknown: int, blocking: int) -> None:
    share = share_of(by_itself, person, unknown, blocking)
    if share is not None:
        assert round(share.by_itself + share.person + share.unknown, 1) == 100.0
        assert min(share.by_itself, share.person, share.unknown) >= 0
        assert share.by_itself < 100 or not (person or unknown or blocking)


def test_not_known_is_not_for_a_person() -> None:
    a, b, c = ref("cudaA"), ref("cudaB"), ref("cudaC")
    s = summary_of(
        (a, manual(a, Reason.UNKNOWN)),
        (b, manual(b, Reason.UNPROVEN)),
        (c, manual(c, Reason.NO_EQUIVALENT)),
        (a, manual(a, Reason.GUARD_VALUE)),
    )
    assert (s.parts.person, s.parts.unknown, s.readiness) == (2, 2, 0.0)


@pytest.mark.parametrize(
    ("kind", "library", "reason", "stays"),
    [
        (Kind.BUILTIN, "device", Reason.SAME_SPELLING, True),
        (Kind.TYPE, "device", Reason.SAME_SPELLING, True),  # float4
        (Kind.DEVICE_FUNCTION, "device", Reason.ASSUMED_SAME, True),
        (Kind.FIELD, "runtime", Reason.SAME_SPELLING, True),
        (Kind.FUNCTION, "nvtx", Reason.SAME_SPELLING, False),  # an API: nothing to do is ready
        (Kind.HEADER, "device", Reason.SAME_SPELLING, False),
        (Kind.FUNCTION, "runtime", Reason.AS_IS, False),
        (Kind.BUILTIN, "device", Reason.AS_IS, False),
    ],
)
def test_words_of_the_language_are_in_no_part(
    kind: Kind, library: str, reason: Reason, stays: bool
) -> None:
    word = ref("cudaA", kind=kind, library=library)
    s = summary_of((word, keep(reason)))
    assert (s.parts.stays, s.parts.to_move) == ((1, 0) if stays else (0, 1))
    assert s.readiness == (None if stays else 100.0)
    assert s.readiness_all == 100.0


def test_a_language_word_that_is_missing_counts() -> None:
    word = ref("cudaA", kind=Kind.BUILTIN, library="device")
    assert summary_of((word, manual(word, Reason.NO_EQUIVALENT))).parts.person == 1


def test_what_moved_counts_as_done() -> None:
    a, b = ref("cudaA"), ref("cudaB")
    file = file_plan("a.cu", [(b, manual(b, Reason.NO_EQUIVALENT))])
    before = file_plan("a.cu", [(a, edit(a)), (b, manual(b, Reason.NO_EQUIVALENT))])
    done = assess(Plan("toy", "one", (file,)), moved={"a.cu": 1})
    was = assess(Plan("toy", "one", (before,))).summary
    assert done.summary.readiness == was.readiness == 50.0
    assert (done.summary.parts.moved, was.parts.moved) == (1, 0)
    assert done.files[0].readiness == 50.0


def test_a_blocking_finding_of_no_name_keeps_100_away() -> None:
    a = ref("cudaA")
    nameless = msgspec.structs.replace(found("PK401", a, 0), references=())
    s = summary_of((a, edit(a)), findings=[nameless])
    assert (s.readiness, s.readiness_all, s.verdict.names) == (99.9, 99.9, "nearly")


def kernels(**states: int) -> dict[str, int]:
    whole = dict.fromkeys(("blocked", "affected", "work", "clear"), 0) | states
    functions = sum(whole.values())
    return {
        "all": functions,
        **whole,
        "functions": functions,
        "functions_blocked": whole["blocked"],
    }


@pytest.mark.parametrize(
    ("person", "states", "verdict"),
    [
        (0, kernels(clear=3), ("ready", "ready", "ready")),
        (0, kernels(work=3), ("ready", "ready", "ready")),
        (0, kernels(clear=1, blocked=9), ("far", "ready", "far")),
        (0, kernels(clear=7, blocked=3), ("partly", "ready", "partly")),
        # many kernels call the one function that is blocked
        (0, kernels(clear=5, affected=20, blocked=1), ("nearly", "ready", "nearly")),
        (5, kernels(), ("nearly", "nearly", "none")),
        (50, kernels(clear=1), ("partly", "partly", "ready")),
    ],
)
def test_the_verdict_follows_the_worst(
    person: int, states: dict[str, int], verdict: tuple[str, str, str]
) -> None:
    a = ref("cudaA")
    done = [(a, edit(a))] * 95
    left = [(a, manual(a, Reason.NO_EQUIVALENT))] * person
    parts = summary_of(*done, *left).parts
    got = verdict_of(parts, states, 0, Unread())
    assert (got.whole, got.names, got.kernels) == verdict


def test_nothing_at_all() -> None:
    nothing = assess(Plan("toy", "one", ())).summary
    assert nothing.parts.share is None
    assert (nothing.verdict.whole, nothing.readiness) == ("none", None)

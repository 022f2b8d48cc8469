# SPDX-License-Identifier: Apache-2.0
"""What a tree hides from a compiler: the conditions that are not met, and behind which most names
of CUDA's stand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from portkit.model.plans import FilePlan, Plan
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Reason
from portkit.vocab.vocabulary import load_vocabulary

_NAMED = 5
_LEFT = frozenset({Reason.OTHER_VENDOR, Reason.VENDOR_CODE, Reason.IN_COMMENT})


class Hidden(msgspec.Struct, frozen=True):
    """References in code that is not compiled: `all` of them, and by condition the most frequent
    ones.
    """

    all: int
    conditions: list[HiddenBy]


class HiddenBy(msgspec.Struct, frozen=True):
    """A condition as the code has it (`A&B|C`), the option that meets it (`-DA -DB`), and how many
    references stand behind it, in how many files.
    """

    condition: str
    option: str
    references: int
    files: int


def hidden_in(plan: Plan) -> Hidden:
    """Return what of a plan's references no compiler sees as the tree is read."""
    counts: Counter[str] = Counter()
    files: Counter[str] = Counter()
    whole = 0
    for file in plan.files:
        found, by_guard = _of_file(file)
        whole += found
        counts.update(by_guard)
        files.update(by_guard.keys())
    guards = [guard for guard in counts if not _of_header(guard)]
    ordered = sorted(guards, key=lambda guard: (-counts[guard], guard))[:_NAMED]
    return Hidden(whole, [HiddenBy(g, option_for(g), counts[g], files[g]) for g in ordered])


def _of_file(file: FilePlan) -> tuple[int, Counter[str]]:
    inactive, active = list[int](), list[int]()  # where they start, in file order
    for ref, decision in zip(file.scan.references, file.decisions, strict=True):
        if ref.context is Context.INACTIVE:
            if decision.action is not Action.KEEP or (
                decision.reason not in _LEFT and not ref.user
            ):
                inactive.append(ref.span.start)
        elif ref.context in (Context.CALL, Context.TYPE, Context.NAME, Context.MEMBER):
            active.append(ref.span.start)
    found: Counter[str] = Counter()
    closed = list(_closed(file.scan.facts.guards, active)) if inactive else []
    end = 0
    for number, (guard, branch) in enumerate(closed):
        count = _within(inactive, branch)
        if branch.start >= end and count:
            end = branch.end
            # a branch in it that holds all of it is to be opened as well
            for inner, narrower in closed[number + 1 :]:
                if narrower.start >= branch.end:
                    break
                if _within(inactive, narrower) == count:
                    guard = _both(guard, inner)
            found.update({guard: count})
    return len(inactive), found


def _within(places: Sequence[int], branch: Span) -> int:
    return bisect_left(places, branch.end) - bisect_left(places, branch.start)


def _both(outer: str, inner: str) -> str:
    """Return a condition that meets two, of their first alternatives; the outer one where it meets
    the inner one already.
    """
    if outer == inner:
        return outer
    names = [name for guard in (outer, inner) for name in guard.split("|")[0].split("&")]
    return "&".join(dict.fromkeys(names))


def _closed(
    guards: Sequence[tuple[str, Span]], active: Sequence[int]
) -> Iterator[tuple[str, Span]]:
    """Yield the branches that hold no active code, the outer before the inner ones."""
    for guard, branch in sorted(guards, key=lambda pair: (pair[1].start, -pair[1].end)):
        if not _within(active, branch):
            yield guard, branch


def _of_header(guard: str) -> bool:
    """Is it the include guard of a header of CUDA's? An include meets that, and no option."""
    return load_vocabulary().is_header_guard(guard)


def option_for(guard: str) -> str:
    """Return the options that meet a condition: those of its first alternative."""
    return " ".join(f"-D{macro}" for macro in guard.split("|")[0].split("&"))

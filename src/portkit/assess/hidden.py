# SPDX-License-Identifier: Apache-2.0
"""What a tree hides from a compiler: the conditions that are not met, and behind which most names
of CUDA's stand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from portkit.model.plans import FilePlan, Plan
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Reason
from portkit.vocab.vocabulary import load_vocabulary

_NAMED = 5
_Guarded = tuple[str, Span]
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
    options: dict[str, Counter[str]] = {}
    whole = 0
    for file in plan.files:
        found, by_guard = _of_file(file)
        whole += found
        for guard, by_option in by_guard.items():
            counts[guard] += sum(by_option.values())
            files[guard] += 1
            options.setdefault(guard, Counter()).update(by_option)
    guards = [guard for guard in counts if not _of_header(guard)]
    ordered = sorted(guards, key=lambda guard: (-counts[guard], guard))[:_NAMED]
    best = {g: min(options[g], key=lambda o: (-options[g][o], o)) for g in ordered}
    return Hidden(whole, [HiddenBy(g, best[g], counts[g], files[g]) for g in ordered])


def _of_file(file: FilePlan) -> tuple[int, dict[str, Counter[str]]]:
    """Return how many references of a file are hidden, and by the outermost condition how many by
    the options that open all of the conditions around them.
    """
    inactive, active = list[int](), list[int]()  # where they start, in file order
    for ref, decision in zip(file.scan.references, file.decisions, strict=True):
        if ref.context is Context.INACTIVE:
            if decision.action is not Action.KEEP or (
                decision.reason not in _LEFT and not ref.user
            ):
                inactive.append(ref.span.start)
        elif ref.context in (Context.CALL, Context.TYPE, Context.NAME, Context.MEMBER):
            active.append(ref.span.start)
    found: dict[str, Counter[str]] = {}
    values = {(at, macro): value for at, macro, value in file.scan.facts.values}
    for chain, count in _chains(file.scan.facts.guards, active, inactive) if inactive else ():
        told = dict[str, None]()
        for guard, branch in chain:
            told |= dict.fromkeys(_options(guard, branch.start, values))
        found.setdefault(chain[0][0], Counter())[" ".join(told)] += count
    return len(inactive), found


def _chains(
    guards: Sequence[_Guarded], active: Sequence[int], inactive: Sequence[int]
) -> Iterator[tuple[tuple[_Guarded, ...], int]]:
    """Yield the branches that hold no active code, each behind those that it lies in, with how many
    hidden references stand there and in no branch within.
    """
    open_ = list[tuple[tuple[_Guarded, ...], int]]()

    def closed(until: int) -> Iterator[tuple[tuple[_Guarded, ...], int]]:
        while open_ and open_[-1][0][-1][1].end <= until:
            chain, count = open_.pop()
            if open_:
                outer, own = open_[-1]
                open_[-1] = outer, own - _between(inactive, chain[-1][1])
            if count > 0:
                yield chain, count

    for guard, branch in sorted(guards, key=lambda pair: (pair[1].start, -pair[1].end)):
        if not _between(active, branch):
            yield from closed(branch.start)
            chain = open_[-1][0] if open_ else ()
            open_.append(((*chain, (guard, branch)), _between(inactive, branch)))
    yield from closed(max((b.end for _, b in guards), default=0))


def _between(places: Sequence[int], branch: Span) -> int:
    return bisect_left(places, branch.end) - bisect_left(places, branch.start)


def _of_header(guard: str) -> bool:
    """Is it the include guard of a header of CUDA's? An include meets that, and no option."""
    return load_vocabulary().is_header_guard(guard)


def _options(guard: str, at: int, values: Mapping[tuple[int, str], str]) -> Iterator[str]:
    """Yield the options that meet the condition of the branch at `at`: those of its first
    alternative.
    """
    for macro in guard.split("|")[0].split("&"):
        value = values.get((at, macro), "")
        yield f"-D{macro}={value}" if value else f"-D{macro}"

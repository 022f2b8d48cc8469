# SPDX-License-Identifier: Apache-2.0
"""`--strategy header`: the sources stay CUDA, and a generated header gives their names the target's
meaning.

A macro renames a word wherever it stands. So a name goes into the header only when every place of
the tree that spells it wants the same: one that is the project's own somewhere, or a person's work
somewhere, stays with a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import msgspec

from portkit.model.plans import Decision, FilePlan, Finding, Plan
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Kind, Proof, Reason, Rung
from portkit.plan.decide import Policy, decide
from portkit.rules.cxx.implied import IMPLIED
from portkit.rules.fingerprint import Fingerprints
from portkit.rules.registry import finding
from portkit.rules.view import full_name
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# Places that a macro does not reach, or that is somebody else's business in a branch of its own.
_UNTOUCHED = frozenset(
    {
        Reason.VENDOR_CODE,
        Reason.OTHER_VENDOR,
        Reason.IN_STRING,
        Reason.IN_COMMENT,
        Reason.PASTE_OPERAND,
    }
)


class HeaderNames(msgspec.Struct, frozen=True):
    """What the generated headers say: CUDA spelling -> target spelling, sorted.

    `tested` are the macros among `names` whose being defined the sources test. `headers` are the
    CUDA headers that need a stand-in.
    """

    names: dict[str, str]
    tested: frozenset[str]
    namespaces: dict[str, str]
    headers: dict[str, str]


def use_header(
    plan: Plan, target: Target, vocabulary: Vocabulary, policy: Policy, read: Callable[[str], bytes]
) -> tuple[Plan, HeaderNames]:
    """Return the plan with its edits turned into entries of a header, and these entries.

    What would have been edited is kept (`compat-header`) or, where a macro would do harm, manual
    (`conflict`).
    """
    wanted: dict[tuple[bool, str], set[str]] = defaultdict(set)
    headers: dict[str, str] = {}
    tested: set[str] = set()
    refused: set[tuple[bool, str]] = set()
    for ref, decision in _all(plan):
        key = (ref.kind is Kind.NAMESPACE, ref.name)
        if ref.kind is Kind.HEADER:
            if decision.action is Action.EDIT:
                headers[ref.name] = decision.replacement
        elif decision.action is not Action.EDIT:
            if decision.reason not in _UNTOUCHED:
                refused.add(key)
        else:
            wanted[key].add(decision.replacement)
            if not _fits(ref, decision, vocabulary):
                refused.add(key)
            if ref.context is Context.DEFINED:
                tested.add(ref.name)
    for key, replacements in wanted.items():
        if len(replacements) > 1 or (not key[0], key[1]) in wanted:
            refused.add(key)
    good = {key: min(found) for key, found in sorted(wanted.items()) if key not in refused}
    for space, name in good:
        if not space:
            headers |= _declaring(name, headers, target, vocabulary, policy)
    names = HeaderNames(
        {name: to for (space, name), to in good.items() if not space},
        frozenset(tested),
        {name: to for (space, name), to in good.items() if space},
        dict(sorted(headers.items())),
    )
    return msgspec.structs.replace(
        plan, files=tuple(_one(f, frozenset(good), read) for f in plan.files)
    ), names


def _all(plan: Plan) -> Iterator[tuple[Reference, Decision]]:
    for file in plan.files:
        yield from zip(file.scan.references, file.decisions, strict=True)


def _declaring(
    name: str, known: dict[str, str], target: Target, vocabulary: Vocabulary, policy: Policy
) -> dict[str, str]:
    """Return the header that declares a name and its stand-in: nvcc includes some without being
    asked.
    """
    entity = vocabulary.get(name)[0] if name in vocabulary else None
    if entity is None or not entity.header or entity.header in known:
        return {}
    include = Reference(
        Span(0, 0),
        entity.header,
        Kind.HEADER,
        Context.INCLUDE,
        Rung.LEX,
        Proof.LIKELY,
        entity.library,
    )
    decision = decide(include, target, vocabulary, policy, False)
    return {entity.header: decision.replacement} if decision.action is Action.EDIT else {}


def _fits(ref: Reference, decision: Decision, vocabulary: Vocabulary) -> bool:
    """Return whether a macro or a namespace alias can do what the edit does: no recipe, no
    qualifier, no plain word.
    """
    if (decision.row is not None and decision.row.recipe) or ref.qualifier.strip(":"):
        return False
    if ref.kind is Kind.NAMESPACE:
        return True
    if ref.kind is Kind.FIELD and vocabulary.shape_of(ref.name) is None:
        return False
    return not vocabulary.is_plain(ref.name)


def _one(
    file: FilePlan, good: frozenset[tuple[bool, str]], read: Callable[[str], bytes]
) -> FilePlan:
    if not any(d.action is Action.EDIT for d in file.decisions):
        return file
    decisions, findings = [], list[Finding]()
    for index, (ref, decision) in enumerate(zip(file.scan.references, file.decisions, strict=True)):
        if decision.action is not Action.EDIT:
            decisions.append(decision)
        elif ref.kind is Kind.HEADER or (ref.kind is Kind.NAMESPACE, ref.name) in good:
            decisions.append(
                Decision(Action.KEEP, Reason.COMPAT_HEADER, decision.replacement, decision.row)
            )
        else:
            decisions.append(
                Decision(Action.MANUAL, Reason.CONFLICT, decision.replacement, decision.row)
            )
            findings.append(
                finding("PK903", ref.span, {"case": "header", "name": full_name(ref)}, (index,))
            )
    if findings:
        marker = Fingerprints(file.scan.path, read(file.scan.path))
        added = [
            msgspec.structs.replace(f, fingerprint=marker.of(f.rule, f.args["name"], f.span.start))
            for f in findings
        ]
        findings = sorted([*file.findings, *added], key=lambda f: (f.span, f.rule))
    kept = [f for f in findings or file.findings if f.rule != IMPLIED]  # nothing is added
    return FilePlan(file.scan, tuple(decisions), (), tuple(kept))

# SPDX-License-Identifier: Apache-2.0
"""A profile that compiles CUDA as it is: nothing is renamed, and what its wrapper is not known to
have is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plans_by_hand import plan_file
from portkit.model.plans import FilePlan
from portkit.model.reading import Condition, FileFacts, FileScan, Reference
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Kind, Parse, Proof, Reason, Rung
from portkit.plan.decide import Policy
from portkit.rules.texts import message
from portkit.targets.floors import parse_floors
from portkit.targets.rows import COLUMNS
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary

FACTS = """
id = "acme"
default_profile = "wrap"
[name]
en = "Acme"
[rename_suffixes]
".cu" = ".ac"
[naming]
rules = [['cuda', 'acme']]
unchanged_kinds = ["builtin"]
[profiles.plain]
[profiles.wrap]
as_is = true
[profiles.wrap.guards.__CUDA_ARCH__]
target = "__CUDA_ARCH__"
value = 800
"""
ROWS = [
    "cudaFree,acmeFree,function,mapped,usage,usage,port,,",
    "cudaHost,,function,none,doc,no,port,,not there",
    "cudaSwap,acmeSwap,function,mapped,usage,no,port,,other order",
    "cudaWeak,acmeWeak,function,mapped,table,alike,port,,",
]


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "target.toml").write_text(FACTS, encoding="utf-8")
    (folder / "sources.toml").write_text('port = { what = "a port" }\n', encoding="utf-8")
    (folder / "runtime.csv").write_text(
        "\n".join([",".join(COLUMNS), *ROWS]) + "\n", encoding="utf-8"
    )
    return tmp_path


def plan(
    mappings: Path, name: str, profile: str = "wrap", policy: Policy | None = None, **more: Any
) -> FilePlan:
    fields: dict[str, Any] = {
        "kind": Kind.FUNCTION,
        "context": Context.CALL,
        "rung": Rung.CLANG,
        "proof": Proof.PROVED,
    }
    ref = Reference(Span(0, len(name)), name, library="runtime", **(fields | more))
    scan = FileScan("a.cu", "0" * 64, len(name), 1, "utf-8", Parse.CLANG, (ref,))
    target = load_target(f"acme@{profile}", mappings)
    return plan_file(scan, target, load_vocabulary(), policy or Policy(), lambda _: name.encode())


@pytest.mark.parametrize(
    ("name", "more", "action", "reason", "rules"),
    [
        ("cudaFree", {}, Action.KEEP, Reason.AS_IS, []),
        ("cudaFree", {"proof": Proof.SPELLING}, Action.KEEP, Reason.AS_IS, []),
        ("cudaHost", {}, Action.MANUAL, Reason.NO_EQUIVALENT, ["PK101"]),
        ("cudaSwap", {}, Action.MANUAL, Reason.DIFFERS, ["PK805"]),
        ("cudaMadeByTheRule", {}, Action.MANUAL, Reason.UNKNOWN, ["PK102"]),
        ("threadIdx", {"kind": Kind.BUILTIN}, Action.KEEP, Reason.ASSUMED_SAME, []),
        ("cudaFree", {"context": Context.STRING}, Action.MANUAL, Reason.IN_STRING, ["PK905"]),
    ],
)  # fmt: skip
def test_nothing_is_renamed(
    mappings: Path,
    name: str,
    more: dict[str, Any],
    action: Action,
    reason: Reason,
    rules: list[str],
) -> None:
    made = plan(mappings, name, **more)
    (decision,) = made.decisions
    assert (decision.action, decision.reason, decision.replacement) == (action, reason, "")
    assert made.edits == ()
    assert [f.rule for f in made.findings] == rules


def test_the_other_profile_renames(mappings: Path) -> None:
    assert plan(mappings, "cudaFree", "plain").decisions[0].replacement == "acmeFree"
    assert load_target("acme@plain", mappings).rename_suffixes == {".cu": ".ac"}
    assert load_target("acme@wrap", mappings).rename_suffixes == {}


def test_floors_hold_for_the_wrapper_too(mappings: Path) -> None:
    made = plan(mappings, "cudaWeak", policy=Policy(parse_floors("exists=usage")))
    assert made.decisions[0].reason is Reason.UNPROVEN
    (found,) = made.findings
    for language in ("en", "zh"):
        assert "`cudaWeak`" in message(found, language) and "``" not in message(found, language)


def test_a_guard_is_judged_by_what_the_wrapper_claims(mappings: Path) -> None:
    text = b"#if __CUDA_ARCH__ >= 900"
    ref = Reference(
        Span(4, 17),
        "__CUDA_ARCH__",
        Kind.MACRO,
        Context.CONDITION,
        Rung.CLANG,
        Proof.PROVED,
        "compiler",
    )
    facts = FileFacts(
        conditions=(Condition(Span(4, len(text)), "__CUDA_ARCH__", ">=", "900", "if"),)
    )
    scan = FileScan("a.cu", "0" * 64, len(text), 1, "utf-8", Parse.CLANG, (ref,), facts)
    made = plan_file(
        scan, load_target("acme", mappings), load_vocabulary(), Policy(), lambda _: text
    )
    (found,) = made.findings
    assert (found.rule, found.args["case"], made.decisions[0].reason) == (
        "PK201",
        "kept-false",
        Reason.GUARD_VALUE,
    )
    assert "always false" in message(found) and "rename" not in message(found)
    assert "恒为假" in message(found, "zh") and "改名" not in message(found, "zh")

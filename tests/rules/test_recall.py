# SPDX-License-Identifier: Apache-2.0
"""Every construct of the evidence has a rule that fires on a fixture for its target, or a line that
says why not.

fixtures/rules-recall.tsv pairs each row of evidence/<target>/unsupported.tsv with a rule or with a
heading of docs/rules/unseen.md; the evidence itself lies outside of the repository.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from plans_by_hand import make_plan
from portkit.model.plans import Finding
from portkit.plan.decide import Policy
from portkit.rules.registry import all_rules
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree
from portkit.targets.target import available_targets, load_target
from portkit.vocab.vocabulary import load_vocabulary
from specs import profiles_of

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = next(
    (p / "shared" / "evidence" for p in ROOT.parents if (p / "shared" / "evidence").is_dir()),
    ROOT / "evidence",
)
ROWS = [
    tuple(line.split("\t"))
    for line in (ROOT / "fixtures" / "rules-recall.tsv")
    .read_text(encoding="utf-8")
    .splitlines()[1:]
]


def test_rules_and_reasons_exist() -> None:
    headings = {
        m
        for m in re.findall(
            r'<a id="([a-z-]+)">',
            (ROOT / "docs" / "rules" / "unseen.md").read_text(encoding="utf-8"),
        )
    }
    for _, construct, seen in ROWS:
        kind, _, reason = seen.partition(":")
        assert (seen in all_rules()) if kind != "unseen" else (reason in headings), construct


@pytest.mark.parametrize("target", available_targets())
def test_each_row_of_the_evidence_is_here(target: str) -> None:
    path = EVIDENCE / target / "unsupported.tsv"
    if not path.is_file():
        pytest.skip("the evidence lies beside the repository and is not here")
    wanted = [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    assert [construct for t, construct, _ in ROWS if t == target] == wanted


@pytest.mark.parametrize("target", available_targets())
def test_each_rule_fires_on_its_fixture_for_the_target(target: str) -> None:
    ids = sorted({seen for t, _, seen in ROWS if t == target and not seen.startswith("unseen:")})
    silent = [id for id in ids if not any(_found(id, spec) for spec in profiles_of(target))]
    assert not silent, f"{target}: nothing found by {', '.join(silent)}"


@functools.cache
def _scanned(id: str) -> Tree:
    folder = ROOT / "fixtures" / "rules" / id
    return scan_paths([folder], ScanOptions(root=folder, jobs=1))


_loaded = functools.cache(load_target)


def _found(id: str, spec: str) -> list[Finding]:
    tree = _scanned(id)
    plan = make_plan(tree.scan, _loaded(spec), load_vocabulary(), Policy(), tree.read)
    return [f for file in plan.files for f in file.findings if f.rule == id]

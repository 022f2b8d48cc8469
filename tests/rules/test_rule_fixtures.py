# SPDX-License-Identifier: Apache-2.0
"""fixtures/rules/<ID>: what is written in the comments of each input is found for each target, and
nothing else by that rule.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from plans_by_hand import make_plan
from portkit.model.plans import Finding
from portkit.model.words import Rung
from portkit.plan.decide import Policy
from portkit.rules.any.features import features_of_rule
from portkit.rules.registry import all_rules
from portkit.rules.texts import message
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree
from portkit.targets.target import Target, available_targets, load_target
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary
from specs import sample

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
# both generations, and lanes of 128 beside those of 32
SPECS = sample("biren@gen2", "musa@mp_21")
_EXPECT = re.compile(r"(?://|/\*) expect(?:\[(?P<where>[^\]]*)\])?: (?P<ids>PK\d{3}(?:, PK\d{3})*)")
# Rules that speak of what no source file can hold; tests with views made by hand cover them.
BY_HAND = {
    "PK107": "a name with nothing but its letters: needs a floor of proof",
    "PK111": "a name of several origins: only on the way back to CUDA (tests/cli/test_reverse.py)",
    "PK112": "names of a whole tree (tests/plan/test_assumed.py)",
    "PK713": "builds of Python extensions",
    "PK901": "Clang failed on the file",
    "PK902": "edits that Clang did not prove: depends on its version",
    "PK903": "two edits that overlap",
    "PK914": "a file that must be named (tests/languages/test_registry.py)",
    "PK910": "a file over a limit of time or memory",
    "PK917": "what Clang holds against an output (tests/run/test_verify.py)",
}
CASES = sorted(set(all_rules()) - set(BY_HAND))
Place = tuple[str, int, str]  # path, line, rule


def expected(folder: Path, spec: str) -> set[Place]:
    """Return what the files of a fixture say that the rules must find under a target and profile."""
    return {
        (path, line, id)
        for path, line, where, ids in expectations(folder)
        if applies(where, spec)
        for id in ids
    }


def applies(where: str, spec: str) -> bool:
    """Return whether `musa, maca@native` (empty: everywhere) speaks of a target and profile."""
    return not where or any(
        part.strip() in (spec, spec.partition("@")[0]) for part in where.split(",")
    )


def expectations(folder: Path) -> Iterator[tuple[str, int, str, list[str]]]:
    """Yield (path, line, targets, ids). A file `<name>.expect` beside a source holds them by
    `NUMBER: ` where comments cannot; `tree.expect` those of the tree, which have no path.
    """
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = file.relative_to(folder).as_posix()
        if file.suffix == ".expect":
            lines = [line.split(" ", 1) for line in file.read_text(encoding="utf-8").splitlines()]
            numbered = [(int(n.rstrip(":")), f"// {text}") for n, text in lines]
            name = "" if name == "tree.expect" else name.removesuffix(".expect")
        else:
            numbered = list(enumerate(file.read_bytes().decode("utf-8", "replace").splitlines(), 1))
        for number, text in numbered:
            for match in _EXPECT.finditer(text):
                yield name, number, match["where"] or "", match["ids"].split(", ")


@functools.cache
def target(spec: str) -> Target:
    """Return a target, loaded once."""
    return load_target(spec)


@functools.cache
def scanned(folder: Path) -> Tree:
    """Return the scan of a fixture as a tree of its own; a file `rung` says how far up the ladder
    it is read.
    """
    rung = folder / "rung"
    return scan_paths(
        [folder],
        ScanOptions(
            root=folder, jobs=1, rung=Rung(rung.read_text().strip() if rung.is_file() else "clang")
        ),
    )


@functools.cache
def found(folder: Path, spec: str) -> tuple[tuple[str, int, Finding], ...]:
    """Return (path, line, finding) for everything that the rules find in a fixture; line 1 for
    findings of the tree.
    """
    tree = scanned(folder)
    plan = make_plan(tree.scan, target(spec), load_vocabulary(), Policy(), tree.read)
    places = [
        (f.scan.path, tree.read(f.scan.path)[: x.span.start].count(b"\n") + 1, x)
        for f in plan.files
        for x in f.findings
    ]
    return (*places, *((path, 1, x) for path, x in plan.findings))


def test_every_rule_has_a_fixture() -> None:
    assert {p.name for p in FIXTURES.iterdir()} == set(CASES)


@functools.cache
def named() -> frozenset[str]:
    """Return the targets that fixtures name. One that none names yet, since nobody has said what it
    has of CUDA's features, may differ from all others in these, but nothing is found beside the
    lines that some target has a finding on.
    """
    said = [where for id in CASES for _, _, where, _ in expectations(FIXTURES / id)]
    return frozenset(part.strip().partition("@")[0] for where in said for part in where.split(","))


def test_fixtures_name_the_targets_whose_features_are_known() -> None:
    assert {"biren", "enflame", "maca", "musa"} <= named()
    assert named() - {""} <= {*available_targets()}


def has_table(spec: str, rule: str) -> bool:
    """Return whether a target has the table that a rule speaks by: of builds, or of Python's routes;
    where it has none, constructs are manual and other rules name them.
    """
    table = {"PK70": "build.toml", "PK71": "build.toml", "PK72": "routes.toml"}.get(rule[:4])
    return table is None or (mappings_folder() / spec.partition("@")[0] / table).is_file()


@pytest.mark.parametrize("id", CASES)
def test_what_is_expected_is_found(id: str) -> None:
    folder = FIXTURES / id
    for spec in SPECS:
        wanted = expected(folder, spec)
        checked = {rule for _, _, rule in wanted} | {id}
        made = {
            (path, line, item.rule)
            for path, line, item in found(folder, spec)
            if item.rule in checked
        }
        if spec.partition("@")[0] in named():
            assert made == wanted, spec
            continue
        somewhere = {(path, line, r) for path, line, _, ids in expectations(folder) for r in ids}
        assert made <= somewhere, spec
        demanded = {place for place in wanted if not features_of_rule(place[2])}
        assert {place for place in demanded if has_table(spec, place[2])} <= made, spec


@pytest.mark.parametrize("id", CASES)
def test_there_is_a_positive_and_a_negative(id: str) -> None:
    folder = FIXTURES / id
    said = [path for path, _, _, ids in expectations(folder) if id in ids]
    assert said and not any(path.startswith("good") for path in said)
    assert any(p.name.startswith("good") for p in folder.iterdir())


@pytest.mark.parametrize("id", CASES)
def test_messages_are_complete_in_both_languages(id: str) -> None:
    for spec in SPECS:
        for _, _, item in found(FIXTURES / id, spec):
            if item.rule == id:
                texts = [message(item, language) for language in ("en", "zh")]
                assert not any("?" in t.replace("`?`", "") for t in texts), texts
                assert texts[0] != texts[1]

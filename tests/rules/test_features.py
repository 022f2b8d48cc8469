# SPDX-License-Identifier: Apache-2.0
"""Features of CUDA and what targets offer of them: the data, and the rules that are made of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.rules.any.features import features_of, load_features
from portkit.rules.registry import all_rules
from portkit.targets.features import load_features as load_states
from portkit.targets.target import available_targets, load_target
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary


def test_each_name_pattern_finds_something_in_the_vocabulary() -> None:
    vocabulary = load_vocabulary()
    hit: set[str] = set()
    for name in vocabulary.names:
        for entity in vocabulary.get(name):
            whole = f"{entity.qualifier}::{name}" if entity.qualifier else name
            hit.update(features_of(whole, entity.library))
    silent = {
        name for name, f in load_features().items() if (f.names or f.libraries) and name not in hit
    }
    assert silent <= {"cutlass", "warpgroup-mma"}, silent


@pytest.mark.parametrize("target", available_targets())
def test_targets_speak_of_known_features_only(target: str) -> None:
    path = mappings_folder() / target / "features.toml"
    if path.is_file():
        assert tomllib.loads(path.read_text(encoding="utf-8")).keys() <= load_features().keys()


def test_a_profile_goes_over_its_base() -> None:
    assert load_target("musa@mp_21").features["tensor-cores"].status == "none"
    assert load_target("musa@mp_31").features["tensor-cores"].status == "differs"


def test_a_claim_needs_a_source_and_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "features.toml"
    file.write_text('[graphs]\nstatus = "none"\nsource = "x"\nnote = { en = "no" }\n')
    with pytest.raises(PortkitError, match="graphs"):
        load_states(file, "one", ["one"])
    file.write_text('[graphs]\nstatus = "maybe"\n')
    with pytest.raises(PortkitError, match="broken feature table"):
        load_states(file, "one", ["one"])
    file.write_text('[graphs.profiles.two]\nstatus = "same"\n')
    with pytest.raises(PortkitError, match="unknown profile two"):
        load_states(file, "one", ["one"])


def test_every_feature_has_a_rule() -> None:
    source = "".join(
        p.read_text(encoding="utf-8")
        for p in (Path(__file__).parents[2] / "src/portkit/rules").rglob("*.py")
    )
    unused = [
        name
        for name in load_features()
        if f'"{name}"' not in source and not name.startswith("lib-")
    ]
    assert unused == []
    assert len(all_rules()) > 40


@pytest.mark.parametrize("library", ["runtime", "cooperative_groups", "cublas", "device"])
def test_a_feature_is_told_as_its_patterns_say(library: str) -> None:
    """What a pattern begins with is looked at first: nothing that it fits may be lost by that."""
    vocabulary = load_vocabulary()
    entities = [
        e for name in vocabulary.names for e in vocabulary.get(name) if e.library == library
    ]
    names = sorted({n for e in entities for n in (e.name, f"{e.qualifier}::{e.name}")})
    assert names
    patterns = {id: [re.compile(p, re.A) for p in f.names] for id, f in load_features().items()}
    wanted = {
        id: frozenset(f.libraries) for id, f in load_features().items() if f.names or f.libraries
    }
    for name in names:
        fits = {id for id, ps in patterns.items() if not ps or any(p.fullmatch(name) for p in ps)}
        told = {
            id
            for id, libraries in wanted.items()
            if id in fits and (not libraries or library in libraries)
        }
        assert set(features_of(name, library)) == told, name

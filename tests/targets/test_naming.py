# SPDX-License-Identifier: Apache-2.0
"""The naming rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.targets.naming import NamingRule

RULE = NamingRule.of([("^cudaSpecial", "xOther"), ("cuda", "x"), ("(?<![A-Za-z])cu(?=[A-Z])", "y")])


@pytest.mark.parametrize(
    ("name", "derived"),
    [
        ("cudaMalloc", "xMalloc"),
        ("cudaSpecialCase", "xOtherCase"),  # the first pattern that matches at a place decides
        ("make_cudaExtent", "make_xExtent"),  # inside a name too
        ("cuInit", "yInit"),
        ("CBID_cuInit_cudaFree", "CBID_yInit_xFree"),  # several places of one name
        ("focusIn", None),
        ("threadIdx", None),
        ("", None),
    ],
)
def test_derive(name: str, derived: str | None) -> None:
    assert RULE.derive(name) == derived


def test_no_rules_derive_nothing() -> None:
    assert NamingRule.of([]).derive("cudaMalloc") is None


@pytest.mark.parametrize("rule", ['["(cuda)", "x"]', '["cuda["]', '["[", "x"]'])
def test_a_bad_rule_is_named(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "toy" / "target.toml"
    path.parent.mkdir()
    path.write_text(
        f'id = "toy"\nname.en = "Toy"\nprofiles.one = {{}}\n[naming]\nrules = [{rule}]\n',
        encoding="utf-8",
    )
    with pytest.raises(PortkitError, match=r"target\.toml:5: naming\.rules\[1\]"):
        NamingRule.load(path)

# SPDX-License-Identifier: Apache-2.0
"""Every grade that a row can have has words in both languages."""

from __future__ import annotations

import pytest

from portkit.model.words import Exists, Pairs, Proof
from portkit.report.page.words import page_words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_grade_has_words(language: str) -> None:
    axes = {"exists": Exists, "pairs": Pairs, "proof": Proof}
    wanted = {f"{axis}_{grade.name.lower()}" for axis, grades in axes.items() for grade in grades}
    assert wanted <= page_words(language).keys()

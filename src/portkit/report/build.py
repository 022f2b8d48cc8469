# SPDX-License-Identifier: Apache-2.0
"""The lines of a report on the build: whether anything builds yet, and what is run."""

from __future__ import annotations

from collections.abc import Iterator

from portkit.assess.build import Building
from portkit.model.plans import BuildGuide
from portkit.report.i18n import Catalog


def build_lines(words: Catalog, build: Building, guide: BuildGuide | None) -> Iterator[str]:
    """Yield the lines on a build; none where no build file asks for CUDA."""
    if not build.constructs:
        return
    wrapped = guide is not None and guide.route == "wrapper"
    key = "build_wrapper" if wrapped else "build_open" if build.open else "build_kept"
    yield words(
        key,
        constructs=build.constructs,
        open=build.open,
        files=build.files,
        edit=build.edit,
        manual=build.manual,
    )
    if guide is not None:
        yield from (words("build_environment", line=line) for line in guide.environment)
        yield from (words("build_run", line=line) for line in guide.commands)

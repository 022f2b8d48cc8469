# SPDX-License-Identifier: Apache-2.0
"""How the code of all vendors is told, whatever the target."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from portkit.files.compiled import Form
from portkit.targets.parts import Vendors, vendor_files


@functools.cache
def vendors(mappings: Path) -> Vendors:
    """Return how the code of all vendors is told, that of every target in a folder of mappings.

    A branch for one vendor is no code of CUDA's, whatever the target. Raises PortkitError where the
    target.toml of one of them has a fault.
    """
    *files, others = vendor_files(mappings)
    form = Form("vendors", mappings, [*files, others, Path(__file__)])
    found = form.recall(Vendors)
    if found is None:
        from portkit.targets.target_file import read_target_file  # not for who finds the form

        told = [read_target_file(path, patterns=False) for path in files]
        text = others.read_text(encoding="utf-8") if others.is_file() else ""
        more = tomllib.loads(text)
        macros, suffixes = {*more.get("macros", ())}, {*more.get("suffixes", ())}
        for file in told:
            macros.update(file.vendor_macros, file.vendor_switches)
            suffixes.update(file.suffixes)
        made = Vendors(frozenset(suffixes), frozenset(macros))
        form.remember(lambda: made)
        return made
    return found

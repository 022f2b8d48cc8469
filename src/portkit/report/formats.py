# SPDX-License-Identifier: Apache-2.0
"""The report formats: every module of this package with NAME, SUFFIX and render is one."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType

from portkit.model import PortkitError


@functools.cache
def all_formats() -> dict[str, ModuleType]:
    """Return the format modules by name."""
    package = importlib.import_module("portkit.report")
    modules = (importlib.import_module(f"portkit.report.{m.name}") for m in pkgutil.iter_modules(package.__path__) if m.name != "formats")
    return {m.NAME: m for m in modules if hasattr(m, "NAME") and hasattr(m, "render")}


def format_module(name: str) -> ModuleType:
    """Return one format. Raises PortkitError that lists the names."""
    found = all_formats().get(name)
    if found is None:
        raise PortkitError(f"unknown format {name!r}", hint=f"known: {', '.join(sorted(all_formats()))}")
    return found

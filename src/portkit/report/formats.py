# SPDX-License-Identifier: Apache-2.0
"""The report formats: every module of this package with NAME and render(report, out) is one.

A format whose lines are cells says by `SEPARATOR` which control character stands between them; no
other one but the line end may stand in a report, and this one in no cell.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from types import ModuleType

import portkit.report as package
from portkit.model.errors import PortkitError


@functools.cache
def all_formats() -> dict[str, ModuleType]:
    """Return the format modules by name, sorted. Raises ValueError when two claim one name."""
    found: dict[str, ModuleType] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if hasattr(module, "NAME") and hasattr(module, "render"):
            if module.NAME in found:
                raise ValueError(f"two modules are called report format {module.NAME!r}")
            found[module.NAME] = module
    return {name: found[name] for name in sorted(found)}


def check_name(name: str) -> None:
    """Raise PortkitError with the names of all formats when there is no module that could be the
    format `name`.
    """
    if not name.isidentifier() or importlib.util.find_spec(f"{package.__name__}.{name}") is None:
        format_module(name)


def format_module(name: str) -> ModuleType:
    """Return one format; only its own module is loaded when it is called like it. Raises
    PortkitError with the names.
    """
    if name.isidentifier() and importlib.util.find_spec(f"{package.__name__}.{name}") is not None:
        module = importlib.import_module(f"{package.__name__}.{name}")
        if getattr(module, "NAME", None) == name:
            return module
    found = all_formats().get(name)
    if found is None:
        raise PortkitError(f"unknown format {name!r}", hint=f"known: {', '.join(all_formats())}")
    return found

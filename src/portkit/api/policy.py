# SPDX-License-Identifier: Apache-2.0
"""From options to the policy of plans: floors, libraries and rules, for the whole tree and for
paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portkit.api.options import Options
from portkit.files.patterns import Patterns, settings_patterns

if TYPE_CHECKING:
    from portkit.plan.decide import Policy


def overridden(options: Options, key: str) -> list[tuple[Patterns, Any]]:
    """Return (patterns, value) of the overrides that speak of `key`: none when it is firm."""
    if key in options.firm:
        return []
    said = ((o.paths, getattr(o, key)) for o in options.overrides)
    kept = [(paths, value) for paths, value in said if value is not None]
    return [(settings_patterns(paths, "overrides.paths"), value) for paths, value in kept]


def make_policy(options: Options) -> Policy:
    """Return what the options and their overrides accept and select.

    Raises PortkitError for a library that is not known, and for floors that do not read.
    """
    from portkit.api.libraries import libraries
    from portkit.plan.decide import PathPolicy, Policy
    from portkit.plan.selection import make_selection
    from portkit.targets.floors import parse_floors

    local = [
        *(PathPolicy(p, floors=parse_floors(str(v))) for p, v in overridden(options, "accept")),
        *(PathPolicy(p, only=libraries("only", v)) for p, v in overridden(options, "only")),
        *(PathPolicy(p, skip=libraries("skip", v)) for p, v in overridden(options, "skip")),
    ]
    accepted = parse_floors(options.accept)
    base = accepted, libraries("only", options.only), libraries("skip", options.skip)
    ignored = [(pattern, o.ignore) for o in options.overrides if o.ignore for pattern in o.paths]
    selection = make_selection(options.select, options.ignore, ignored)
    way = options.build or "", options.rename_files
    return Policy(*base, selection, tuple(local), *way)

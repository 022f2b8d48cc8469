# SPDX-License-Identifier: Apache-2.0
"""What a target offers of CUDA's features: mappings/<target>/features.toml, a profile's word over
the base's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from portkit.model.errors import PortkitError

Offer = Literal["same", "partial", "differs", "none", "unknown"]


class FeatureState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one feature on one target.

    `status`: `same` works after the renames; `partial` some of it; `differs` it is there and
    behaves otherwise; `none` it is not there; `unknown` no source speaks of it. `note` says more,
    by language; `source` names where it is known from. `severity` is given where the finding is
    graver or milder than its status says.
    """

    status: Offer
    note: dict[str, str] = {}
    source: str = ""
    severity: Literal["", "info", "warning", "error"] = ""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: Offer = "unknown"
    note: dict[str, str] = {}
    source: str = ""
    severity: Literal["", "info", "warning", "error"] = ""
    profiles: dict[str, FeatureState] = {}


def load_features(
    path: Path, profile: str, profiles: Collection[str]
) -> Mapping[str, FeatureState]:
    """Return the states by feature for one profile; an absent file gives none. Raises PortkitError
    for a malformed one.
    """
    if not path.is_file():
        return {}
    try:
        entries = msgspec.convert(
            tomllib.loads(path.read_text(encoding="utf-8")), dict[str, _Entry]
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PortkitError(f"broken feature table: {error}", str(path)) from error
    found = {}
    for name, entry in entries.items():
        if strange := entry.profiles.keys() - set(profiles):
            raise PortkitError(
                f"feature {name}: unknown profile {', '.join(sorted(strange))}", str(path)
            )
        state = entry.profiles.get(
            profile, FeatureState(entry.status, entry.note, entry.source, entry.severity)
        )
        if state.status not in ("same", "unknown") and not (
            state.source and {"en", "zh"} <= state.note.keys()
        ):
            raise PortkitError(
                f"feature {name}: status {state.status!r} needs a source and a note in en and zh",
                str(path),
            )
        found[name] = state
    return found

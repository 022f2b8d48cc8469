# SPDX-License-Identifier: Apache-2.0
"""Which targets there are, and what the file of one says."""

from __future__ import annotations

from pathlib import Path

from portkit.targets.parts import FILE
from portkit.targets.schema import TargetFile
from portkit.vocab.data import mappings_folder


def available_targets(mappings: Path | None = None) -> list[str]:
    """Return the ids of all targets: every folder of the mappings with a target.toml."""
    return sorted(p.parent.name for p in (mappings or mappings_folder()).glob(f"*/{FILE}"))


def load_file(name: str, mappings: Path | None = None) -> TargetFile:
    """Return the checked content of a target's target.toml. Raises PortkitError for one with
    faults.
    """
    from portkit.targets.target_file import read_target_file  # not for who finds the compiled form

    return read_target_file((mappings or mappings_folder()) / name / FILE)


def default_specs(name: str, mappings: Path | None = None) -> list[str]:
    """Return what a target stands for where none of its profiles is named, as `id@profile`.

    That is its default profile; without one, every profile whose names are its own (no wrapper that
    compiles CUDA).
    """
    file = load_file(name, mappings)
    if file.default_profile:
        return [f"{name}@{file.default_profile}"]
    return [f"{name}@{profile}" for profile, own in file.profiles.items() if not own.as_is]

# SPDX-License-Identifier: Apache-2.0
"""Which targets and profiles tests run for: those that mappings/ has, so that a further one takes
part in them by itself.

A test that wants a few profiles only takes `sample`: it holds one of each target, whatever is there.
"""

from __future__ import annotations

from portkit.targets.target import available_targets, default_specs, load_file


def profiles_of(name: str) -> list[str]:
    """Return every `target@profile` of a target, in the order of its file."""
    return [f"{name}@{profile}" for profile in load_file(name).profiles]


def all_profiles() -> list[str]:
    """Return every `target@profile` that there is."""
    return [spec for name in available_targets() for spec in profiles_of(name)]


def all_defaults() -> list[str]:
    """Return what all targets stand for where none is named, sorted by target."""
    return [spec for name in available_targets() for spec in default_specs(name)]


def first_of(name: str) -> str:
    """Return a target's default profile, or the first one that renames where it has no default."""
    return (default_specs(name) or profiles_of(name))[0]


def shortest_of(name: str) -> str:
    """Return the shortest that stands behind `--to` for `first_of(name)`."""
    return name if load_file(name).default_profile else first_of(name)


def each_target() -> list[str]:
    """Return for each target the shortest that stands behind `--to`, sorted."""
    return [shortest_of(name) for name in available_targets()]


def sample(*more: str) -> list[str]:
    """Return one profile of each target, and `more` of them, sorted."""
    assert {*more} <= {*all_profiles()}
    return sorted({*map(first_of, available_targets()), *more})

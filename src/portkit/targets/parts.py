# SPDX-License-Identifier: Apache-2.0
"""What a target is made of, as plain values: read from its folder, or from the compiled form that
the cache keeps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from portkit.files.compiled import Form
from portkit.model.errors import PortkitError
from portkit.targets.arity import SUFFIX as ARITY_SUFFIX
from portkit.targets.arity import Arity
from portkit.targets.features import FeatureState
from portkit.targets.recipes import AnyRecipe
from portkit.targets.rows import PackedTable
from portkit.targets.schema import TargetFile

# tables that speak of no CUDA name in C or C++ code
OTHER_LANGUAGES = frozenset({"build", "python", "frameworks"})
_FLAGS = "flags"  # options of compilers, a table of its own columns
FILE = "target.toml"
_TOML = frozenset({"sources.toml", "recipes.toml", "features.toml", "notes.zh.toml", "routes.toml"})


class Vendors(msgspec.Struct, frozen=True):
    """How any vendor's own code is told: suffixes of sources, macros that guard it."""

    suffixes: frozenset[str]
    macros: frozenset[str]


class Parts(msgspec.Struct, frozen=True):
    """A target and profile as read: see `target.Target`. `file` is the whole of target.toml."""

    profile: str
    file: TargetFile
    vendors: Vendors
    features: dict[str, FeatureState]
    digest: str
    table: PackedTable
    sources: dict[str, str]
    recipes: dict[str, AnyRecipe]
    arities: dict[str, Arity]


def vendor_files(mappings: Path) -> list[Path]:
    """Return the files that say how vendors' code is told."""
    return [*sorted(mappings.glob(f"*/{FILE}")), mappings / "cuda" / "vendors.toml"]


def table_files(folder: Path, profile: str) -> list[Path]:
    """Return the files beside target.toml that a profile is made of, those of all profiles first."""
    base: list[Path] = []
    overlays: list[Path] = []
    for file in sorted(folder.iterdir()):
        stem, _, overlaid = file.stem.partition("@")
        table = file.suffix in (".csv", ".names") and stem not in {*OTHER_LANGUAGES, _FLAGS}
        if (table or file.name in _TOML) and overlaid in ("", profile):
            (overlays if overlaid else base).append(file)
    return base + overlays


def other_files(folder: Path, profile: str) -> list[Path]:
    """Return the tables of other languages that a profile has, those of all profiles first."""
    found = [f for f in sorted(folder.glob("*.csv")) if f.stem.partition("@")[0] in OTHER_LANGUAGES]
    overlays = [f for f in found if f.stem.partition("@")[2] == profile]
    return [f for f in found if "@" not in f.stem] + overlays


def build_files(folder: Path, profile: str) -> list[Path]:
    """Return the files that say how a profile's builds look: a plan of build files rests on them."""
    stems = ("build", _FLAGS)
    names = [f"{stem}{overlay}.csv" for stem in stems for overlay in ("", f"@{profile}")]
    return [path for name in (*names, "build.toml") if (path := folder / name).is_file()]


def form_of(spec: str, folder: Path) -> Form:
    """Return the compiled form of a target: its profiles' tables all count, since the default one
    is named inside.
    """
    kinds = (".csv", ".names", ".toml", ARITY_SUFFIX)
    own = (p for p in sorted(folder.iterdir()) if p.suffix in kinds)
    others = vendor_files(folder.parent)  # what they say of vendors is a part of each target
    code = sorted(Path(__file__).parent.glob("*.py"))  # that say what a form holds
    name = re.sub(r"[^\w@.-]", "_", spec)
    return Form(f"target-{name}", folder, [*own, *others, *code])


def remember(form: Form, make: Callable[[], Parts]) -> None:
    """Have the form written at the end of the run; a target with a fault that no row has shown yet
    is not kept.
    """

    def made() -> Parts | None:
        try:
            return make()
        except PortkitError:
            return None

    form.remember(made)


def describe_source(table: Mapping[str, str]) -> str:
    """Return one line for an entry of sources.toml."""
    if "repo" not in table:
        return table.get("what", "")
    commit = f"@{table['commit']}" if table.get("commit") else ""
    return f"{table['repo']}{commit}:{table.get('path', '')}".rstrip(":")

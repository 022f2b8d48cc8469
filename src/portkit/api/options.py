# SPDX-License-Identifier: Apache-2.0
"""What a session is asked for: all that a scan, its plans and its changes depend on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from portkit.config.effective import Value, effective
from portkit.config.keys import EffortKeys, Override
from portkit.config.load import ConfigFile, load_config, load_found
from portkit.files.roots import common_folder, find_config, real_path
from portkit.model.errors import PortkitError
from portkit.model.words import Rung

AnyPath = str | os.PathLike[str]


def as_paths(given: Iterable[AnyPath] | AnyPath) -> list[Path]:
    """Return one path, or several, as a list."""
    several = [given] if isinstance(given, (str, os.PathLike)) else given
    return [Path(path) for path in several]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a session: names, meanings and defaults are those of the command line.

    Lists are tuples (any iterable of texts is taken), paths are `Path` (a text is taken). Nothing
    is read from a file or the environment: see `load`; `given` makes a changed copy. Raises
    PortkitError for an unknown `rung` or `strategy`, and for one text where a list is wanted.
    """

    # What is read.
    # What report paths are relative to; None: the configuration's folder, the git top, or the path.
    root: Path | None = None
    include: tuple[str, ...] = ()  # patterns as in .gitignore: read only what matches
    exclude: tuple[str, ...] = ()  # patterns: leave out what matches
    from_scan: Path | None = None  # a saved scan (`portkit scan -o`) instead of reading the code

    # How it is read.
    rung: Rung = Rung.CLANG  # the highest rung used: lex, syntax, clang
    jobs: int = 0  # worker processes; 0: one a core
    include_dirs: tuple[str, ...] = ()  # for Clang (-I)
    defines: tuple[str, ...] = ()  # for Clang (-D): NAME or NAME=VALUE
    compile_db: Path | None = None  # compile_commands.json or its folder
    cache: bool = True  # use and write the cache of scan results
    executor: str = ""  # dask://HOST:PORT: work on a cluster

    # What is planned.
    targets: tuple[str, ...] = ()  # TARGET or TARGET@PROFILE; those given to the session itself win
    accept: str = ""  # evidence floors: exists=WORD,pairs=WORD,proof=WORD
    only: tuple[str, ...] = ()  # rewrite these libraries alone
    skip: tuple[str, ...] = ()  # leave these libraries out
    select: tuple[str, ...] = ()  # rules that count, by id or prefix; (): all
    ignore: tuple[str, ...] = ()  # rules that do not count: their findings are there as suppressed
    maps: tuple[Path, ...] = ()  # files with rows of your own, above all others
    overrides: tuple[Override, ...] = ()  # what is different for some paths
    baseline: Path | None = None  # findings in it are `exempt`
    since: str | None = None  # a git revision: findings on lines unchanged since are `exempt`
    effort: EffortKeys | None = None  # hours in place of those of portkit's own table

    # Clang reads the output before it is written. None: of what is to be written; True: of what is
    # only reported too; False: of nothing.
    verify: bool | None = None

    # How build files move: replace, beside, wrapper; None: as the target's profile has it.
    build: Literal["replace", "beside", "wrapper"] | None = None

    # What is written.
    # Rename in the sources, or leave them as they are and make headers that rename.
    strategy: Literal["rename", "header"] = "rename"
    fix: bool = False  # apply the safe fixes of findings too
    unsafe_fixes: bool = False  # apply fixes that need a look afterwards too
    comments: bool = False  # rename in comments too
    rename_files: bool = False  # give sources the target's suffixes
    language: str | None = None  # en or zh: of texts for people; None: the environment's

    # Whose word it is. `load` and the command line fill these in.
    firm: frozenset[str] = frozenset()  # names of options that no override changes for its paths
    by_tree: Mapping[str, str] = {}  # options set by a configuration found in the tree -> its name

    @classmethod
    def load(
        cls,
        paths: Iterable[AnyPath] | AnyPath = (),
        config: AnyPath | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Options:
        """Return the options that the environment (`PORTKIT_*`) and the configuration file give, as
        the command line does.

        `config` names the file; None: the nearest `portkit.toml`, or `pyproject.toml` with a table
        `tool.portkit`, from `paths` (default: the working folder) upward to the git top. `environ`:
        in place of `os.environ`. Raises PortkitError, with file and line, for what does not read.
        """
        named = Path(config) if config is not None else None
        file = read_configuration(as_paths(paths), named)
        return cls.from_values(effective(file, environ), in_tree=named is None)

    @classmethod
    def from_values(cls, values: Mapping[str, Value], *, in_tree: bool) -> Options:
        """Return the values of a configuration's keys as options.

        `in_tree`: nobody named the configuration file, it was found.
        """
        by_file = {n: v.where.partition(":")[0] for n, v in values.items() if v.origin == "file"}
        said = ("command line", "environment")
        return cls(
            **{name: values[name].value for name in _KEYS},
            language=values["lang"].value,
            firm=frozenset(name for name, v in values.items() if v.origin in said),
            by_tree=by_file if in_tree else {},
        )

    def given(self, **changes: Any) -> Options:
        """Return the options with some of them changed, as if they stood on the command line.

        They win over the configuration's overrides for single paths, and an include folder may
        lie outside of the tree. Raises TypeError for a name that is no option, and PortkitError.
        """
        kept = {key: name for key, name in self.by_tree.items() if key not in changes}
        firm = self.firm | changes.keys()
        return msgspec.structs.replace(self, **changes, firm=firm, by_tree=kept)

    def __post_init__(self) -> None:
        """Take what is not of the type that the field has, but stands for it."""
        for name in _LISTS:
            value = getattr(self, name)
            if isinstance(value, str):
                hint = f"give a list: [{value!r}]"
                raise PortkitError(f"{name}: {value!r} is one text", hint=hint)
            if not isinstance(value, tuple):
                msgspec.structs.force_setattr(self, name, tuple(value))
        for name in _PATHS:
            if isinstance(value := getattr(self, name), str):
                msgspec.structs.force_setattr(self, name, Path(value))
        msgspec.structs.force_setattr(self, "maps", tuple(map(Path, self.maps)))
        if self.rung not in tuple(Rung):
            hint = f"one of {', '.join(Rung)}"
            raise PortkitError(f"rung: unknown word {self.rung!r}", hint=hint)
        msgspec.structs.force_setattr(self, "rung", Rung(self.rung))
        if self.build not in (None, "replace", "beside", "wrapper"):
            hint = "replace, beside or wrapper"
            raise PortkitError(f"build: unknown word {self.build!r}", hint=hint)
        if self.strategy not in ("rename", "header"):
            raise PortkitError(f"strategy: unknown word {self.strategy!r}", hint="rename or header")


_PATHS = ("root", "from_scan", "compile_db", "baseline")
_LISTS = (
    *("include", "exclude", "include_dirs", "defines", "targets", "only", "skip", "select"),
    *("ignore", "maps", "overrides"),
)

# Keys of a configuration that are options of the same name; the others are the command line's own.
_KEYS = (
    *("targets", "accept", "select", "ignore", "only", "skip", "maps", "include", "exclude"),
    *(
        "include_dirs",
        "defines",
        "compile_db",
        "build",
        "rung",
        "jobs",
        "baseline",
        "effort",
        "overrides",
    ),
)


def read_configuration(paths: Sequence[Path], named: Path | None = None) -> ConfigFile | None:
    """Return the configuration of `paths`: the one named, else the nearest one upward, if any.

    Raises PortkitError for one that does not read.
    """
    if named is not None:
        return load_config(named)
    path = find_config(common_folder([real_path(p) for p in paths or [Path()]]))
    return load_found(path) if path is not None else None

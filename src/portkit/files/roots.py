# SPDX-License-Identifier: Apache-2.0
"""Which folder the paths of a report are relative to."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

from portkit.files.git import git_top
from portkit.files.links import stays
from portkit.files.regular import SETTINGS_BYTES, read_regular
from portkit.model.errors import PortkitError

CONFIG_FILE = "portkit.toml"


def find_config(start: Path) -> Path | None:
    """Return the configuration that rules `start`: the nearest portkit.toml, or pyproject.toml with
    [tool.portkit].

    The search goes up and ends at the git top; without git, at the top of the file system. A
    portkit.toml that is there counts, whatever it is: reading it will say so. Raises PortkitError
    for a pyproject.toml that cannot be read.
    """
    for folder in (start, *start.parents):
        if os.path.lexists(folder / CONFIG_FILE):
            return folder / CONFIG_FILE
        if _has_table(folder / "pyproject.toml"):
            return folder / "pyproject.toml"
        if os.path.lexists(folder / ".git"):
            break
    return None


def _has_table(project: Path) -> bool:
    hint = "portkit looks there for its settings: give --root and --no-config to do without"
    if project.is_symlink() and not stays(project, [git_top(project.parent) or project.parent]):
        # What lies out there, if anything, is not asked.
        raise PortkitError("is a link out of the tree", os.fspath(project), hint)
    try:
        data = read_regular(project, SETTINGS_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:  # nobody knows whether it has the table
        raise PortkitError(f"cannot be read: {error.strerror}", os.fspath(project), hint) from error
    if b"tool" not in data or b"portkit" not in data:
        return False
    try:
        tool = tomllib.loads(data.decode("utf-8-sig")).get("tool", {})
    except (ValueError, RecursionError):
        # reading it will say what is wrong; a broken file without it is not ours
        return b"[tool.portkit" in data
    return isinstance(tool, dict) and "portkit" in tool


def find_root(paths: Sequence[Path], root: Path | None) -> tuple[Path, str]:
    """Return (root, path_base) for `paths`; path_base is config, git or argument.

    `root` is what the user asked for, and then counts as argument. Raises PortkitError when a path
    lies outside of it.
    """
    paths = [real_path(path) for path in paths]
    if root is not None:
        top = real_path(root)
        if not top.is_dir():
            raise PortkitError("the root is not a folder", os.fspath(root))
        for path in paths:
            if not path.is_relative_to(top):
                raise PortkitError(
                    "lies outside of the root",
                    os.fspath(path),
                    "give a --root that holds all paths",
                )
        return top, "argument"
    start = common_folder(paths)
    config = find_config(start)
    if config is not None:
        return config.parent, "config"
    top_of_git = git_top(start)
    return (top_of_git, "git") if top_of_git is not None else (start, "argument")


def real_path(path: Path) -> Path:
    """Return `path` absolute and without links; one that leads back to itself stays as it is."""
    return Path(os.path.realpath(path))


def common_folder(paths: Sequence[Path]) -> Path:
    """Return the folder given, a file's folder, or the common parent of several."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        hint = "run portkit once for each"
        raise PortkitError("the paths have no common folder", os.fspath(paths[0]), hint) from error

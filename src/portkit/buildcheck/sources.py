# SPDX-License-Identifier: Apache-2.0
"""The device sources of a ported tree: what its build has to hand to the device compiler."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from portkit.files.regular import SOURCE_BYTES, TooLargeError, read_regular
from portkit.languages.cmake.names import names as cmake_names
from portkit.languages.registry import LANGUAGES
from portkit.model.errors import PortkitError
from portkit.targets.target import Target

_BUILDS = ("cmake", "make", "script")
_WORD = re.compile(r"[\w.+/-]*\.[A-Za-z]\w*", re.A)
_OPEN = re.compile(r"[*%)}>\"](\.[A-Za-z]\w*)", re.A)  # `*.cu`, `${name}.cu`, `%.cu`
_LEFT = frozenset({".git", ".hg", ".svn"})


def device_sources(tree: Path, target: Target) -> list[str]:
    """Return the files, relative to the tree, whose suffix says that they are device code (CUDA's or
    the target's), sorted. Those that another file includes are parts of it.
    """
    suffixes = (*cmake_names().sources, *target.rename_suffixes.values(), *_of_target(target))
    found, included = list[str](), set[str]()
    for rel in _files(tree):
        if rel.lower().endswith(suffixes) and not _is_header(rel, target):
            found.append(rel)
        included.update(_included(tree, rel, suffixes))
    return sorted(rel for rel in found if rel not in included)


def named_sources(tree: Path, sources: Sequence[str]) -> set[str]:
    """Return those of the sources that a file of the build names: by their name, by a pattern, or by
    a name that is put together and ends in their suffix.
    """
    texts = [text for rel in _files(tree) if (text := _build_text(tree, rel))]
    words = {word for text in texts for word in _WORD.findall(text)}
    open_ = {m for text in texts for m in _OPEN.findall(text)}
    names = {word.rpartition("/")[2] for word in words}
    return {
        rel
        for rel in sources
        if posixpath.basename(rel) in names or posixpath.splitext(rel)[1] in open_
    }


def _build_text(tree: Path, rel: str) -> str:
    """Return the text of a file that a language of builds claims, "" for others."""
    if not any(LANGUAGES[name].claims(posixpath.basename(rel)) for name in _BUILDS):
        return ""
    try:
        return read_regular(tree / rel, SOURCE_BYTES).decode("utf-8", "replace")
    except (OSError, PortkitError, TooLargeError):
        return ""


def _of_target(target: Target) -> tuple[str, ...]:
    way = target.build.facts.make
    return way.suffixes if way is not None else ()


def _is_header(rel: str, target: Target) -> bool:
    headers = (*cmake_names().headers, *(v for k, v in target.rename_suffixes.items() if "h" in k))
    return rel.lower().endswith(headers)


def _files(tree: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(f for f in folders if f not in _LEFT)
        below = os.path.relpath(folder, tree)
        yield from (posixpath.normpath(posixpath.join(below, name)) for name in sorted(names))


def _included(tree: Path, rel: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield the sources that a file includes, as files of the tree."""
    language = LANGUAGES["cxx"]
    if not language.claims(rel) and not rel.endswith(suffixes):
        return
    try:
        data = read_regular(tree / rel, SOURCE_BYTES)
    except (OSError, PortkitError, TooLargeError):
        return
    if not any(suffix.encode() in data for suffix in suffixes):
        return
    for link in language.links(data, "utf-8"):
        if link.name.lower().endswith(suffixes):
            here = posixpath.normpath(posixpath.join(posixpath.dirname(rel), link.name))
            yield here
            yield posixpath.normpath(link.name)

# SPDX-License-Identifier: Apache-2.0
"""Which of portkit's own modules a result comes from: those that a module imports, directly or not.

Keys of the cache hold a digest of that code, so that no other version's results are ever used. The
list is read off the import statements and kept by nobody.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import portkit
from portkit.files.compiled import Form

_PACKAGE = Path(portkit.__file__).resolve().parent
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(portkit[\w.]*)[ \t]+import[ \t]+(\((?:[^)]*)\)|[^\n]*)|import[ \t]+(portkit[\w.]+))",
    re.M,
)
_NAME = re.compile(r"\w+")
_DIGEST_BYTES = 16


def code_behind(*modules: str) -> list[Path]:
    """Return the files of `modules` (dotted; a package stands for all below it) and of all that
    they import, sorted.

    Imports inside of functions count, those under TYPE_CHECKING too: one module too many costs a
    new reading once, one too few would believe what another version said.
    """
    files = {_dotted(path): path for path in map(Path, _modules())}
    waiting = [m for m in files if any(m == name or m.startswith(f"{name}.") for name in modules)]
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in files and module not in found:
            found.add(module)
            waiting += _imported(files[module].read_text(encoding="utf-8"))
            waiting.append(module.rpartition(".")[0])  # a package's own file runs first
    return sorted(files[module] for module in found)


@functools.cache
def code_digest(*modules: str, beside: tuple[Path, ...] = ()) -> bytes:
    """Return a digest of the code behind some modules and of the files `beside` it.

    That of the code is kept in the cache folder and used while every file of the package is as it
    was.
    """
    form, known = _kept()
    name = " ".join(modules)
    if name not in known:
        known[name] = digest_of(code_behind(*modules))
        form.remember(lambda: known)
    if not beside:
        return known[name]
    both = known[name] + digest_of(beside)
    return hashlib.blake2b(both, digest_size=_DIGEST_BYTES).digest()


@functools.cache
def _kept() -> tuple[Form, dict[str, bytes]]:
    """Return the form of all digests of code, and those that are known: the package is listed and
    looked at once a process, however many are asked for.
    """
    form = Form("code", _PACKAGE, _modules())
    return form, form.recall(dict[str, bytes]) or {}


def _modules() -> list[str]:
    """Return the files of the package, sorted. Not by `rglob`: this is on the way of every run."""
    found = []
    for folder, folders, files in os.walk(_PACKAGE):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [f"{folder}/{name}" for name in files if name.endswith(".py")]
    return sorted(found)


def digest_of(files: Iterable[Path]) -> bytes:
    """Return a digest of files, by name and content. Raises OSError for one that cannot be read."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for path in files:
        data = path.read_bytes()
        digest.update(f"{path.name} {len(data)}\0".encode() + data)
    return digest.digest()


def _dotted(path: Path) -> str:
    parts = (_PACKAGE.name, *path.relative_to(_PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(text: str) -> list[str]:
    """Return what a module's import statements name: modules, and what may be modules of a package."""
    found = []
    for match in _IMPORT.finditer(text):
        package, names, plain = match.groups()
        if plain is not None:
            found.append(plain)
        else:
            found += [package, *(f"{package}.{name}" for name in _NAME.findall(names))]
    return found

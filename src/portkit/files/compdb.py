# SPDX-License-Identifier: Apache-2.0
"""compile_commands.json: nvcc's and other compilers' flags, translated for Clang through an allow-list."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import msgspec

from portkit.model import PortkitError

_JOINED = ("-I", "-D", "-U", "-isystem", "-iquote", "-include")
_VALUED = frozenset(
    ["-gencode", "-arch", "-code", "-ccbin", "-o", "-MF", "-MT", "-MQ", "-x", "-Werror", "-diag-suppress", "-Xptxas", "-Xnvlink", "-Xlinker", "--threads", "--default-stream", "-t", "--generate-code", "--compiler-bindir", "-std", "--std"]
)
_SPLIT = ("--options-file", "-optf")


class CompileFlags(msgspec.Struct, frozen=True):
    """What of a command Clang is told; folders are absolute."""

    include_dirs: tuple[str, ...] = ()
    system_dirs: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    undefines: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    standard: str = ""
    ignored: tuple[str, ...] = ()


class CompileDatabase:
    """The commands by absolute file path; the first entry of a file counts."""

    def __init__(self, entries: dict[str, tuple[Path, list[str]]]) -> None:
        self._entries = entries

    def flags_for(self, path: Path) -> CompileFlags:
        """Return the flags of a file; empty ones for a file that the database lacks."""
        entry = self._entries.get(str(path.resolve()))
        return translate(entry[1], entry[0]) if entry is not None else CompileFlags()


def load_compile_database(path: Path) -> CompileDatabase:
    """Read compile_commands.json, or the one in a folder. Raises PortkitError when it is missing or not of the form."""
    file = path / "compile_commands.json" if path.is_dir() else path
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
        entries: dict[str, tuple[Path, list[str]]] = {}
        for item in listed:
            folder = Path(item["directory"])
            words = list(item["arguments"]) if "arguments" in item else shlex.split(item["command"])
            entries.setdefault(str((folder / item["file"]).resolve()), (folder, words[1:]))
    except FileNotFoundError as error:
        raise PortkitError("no compile database here", str(file), "CMake writes one with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON") from error
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise PortkitError(f"not a compile database: {error}", str(file)) from error
    return CompileDatabase(entries)


def translate(words: list[str], folder: Path) -> CompileFlags:
    """Keep what Clang understands and what matters for names; list the rest in `ignored`."""
    kept: dict[str, list[str]] = {"-I": [], "-isystem": [], "-D": [], "-U": [], "-include": []}
    standard, ignored, queue = "", [], list(_expand(words, folder))
    while queue:
        word = queue.pop(0)
        flag = next((f for f in sorted(_JOINED, key=len, reverse=True) if word.startswith(f)), "")
        if word in ("-Xcompiler", "--compiler-options") and queue:
            queue[:0] = queue.pop(0).split(",")
        elif word.startswith(("-Xcompiler=", "--compiler-options=")):
            queue[:0] = word.partition("=")[2].split(",")
        elif word.startswith(("-std=", "--std=")):
            standard = word.partition("=")[2]
        elif flag:
            value = word[len(flag) :].lstrip("=") or (queue.pop(0) if queue else "")
            values = value.split(",") if flag in ("-I", "-isystem", "-iquote") else [value]
            if flag in ("-I", "-isystem", "-iquote"):
                values = [str((folder / v).resolve()) for v in values if v]
            kept["-I" if flag == "-iquote" else flag] += values
        else:
            ignored.append(word)
            if word in _VALUED and queue:
                ignored.append(queue.pop(0))
    forced = [str((folder / f).resolve()) for f in kept["-include"]]
    return CompileFlags(
        tuple(kept["-I"]), tuple(kept["-isystem"]), tuple(kept["-D"]), tuple(kept["-U"]), tuple(forced), standard, tuple(ignored)
    )


def _expand(words: list[str], folder: Path) -> list[str]:
    """Replace response files (`--options-file X`, `-optf X`, `@X`) by what they hold."""
    found: list[str] = []
    i = 0
    while i < len(words):
        word, name = words[i], ""
        if word in _SPLIT and i + 1 < len(words):
            name, i = words[i + 1], i + 1
        elif word.startswith(tuple(s + "=" for s in _SPLIT)):
            name = word.partition("=")[2]
        elif word.startswith("@"):
            name = word[1:]
        if name:
            for part in name.split(","):
                file = folder / part
                found += _expand(shlex.split(file.read_text(encoding="utf-8")), folder) if file.is_file() else [word]
        else:
            found.append(word)
        i += 1
    return found

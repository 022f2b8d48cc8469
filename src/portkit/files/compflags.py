# SPDX-License-Identifier: Apache-2.0
"""One compile command, reduced to what Clang may be told."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from portkit.files.links import stays
from portkit.files.regular import RESPONSE_BYTES, read_regular

MOST_WORDS = 50_000  # of one command, those of its response files included
_DEPTH = 8  # response files within response files
_BLANKS = " \t\r\n"
# The pieces of a word as a POSIX shell has them. Each begins and goes on in one way only, so that
# none is tried twice.
_PIECE = rf"""[^{_BLANKS}"'\\]+|\\.|"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'"""
_WORD = re.compile(rf"(?:{_PIECE})+", re.DOTALL)
_COMMAND = re.compile(rf"(?:[{_BLANKS}]+|{_PIECE})*", re.DOTALL)
_MARK = re.compile(
    r"""\\(?P<escaped>.)|"(?P<double>[^"\\]*(?:\\.[^"\\]*)*)"|'(?P<single>[^']*)'""",
    re.DOTALL,
)
_RESPONSE = ("--options-file", "-optf")
_HOST = ("-Xcompiler", "--compiler-options")
_ARCH = (
    "-arch",
    "--gpu-architecture",
    "-gencode",
    "--generate-code",
    "-code",
    "--gpu-code",
    "--cuda-gpu-arch",
    "--offload-arch",
)
_LONG = {
    "--include-path": "-I",
    "--include-directory": "-I",
    "--system-include": "-isystem",
    "--define-macro": "-D",
    "--undefine-macro": "-U",
    "--pre-include": "-include",
    "--include": "-include",
    "--std": "-std",
    "-std": "-std",
    "-x": "-x",
    "--x": "-x",
    "--language": "-x",
}
# longest first where they share letters
_JOINED = ("-isystem", "-iquote", "-include", "-idirafter", "-I", "-D", "-U")
_VALUED = frozenset(
    (
        "-o",
        "-MF",
        "-MT",
        "-MQ",
        "-l",
        "-L",
        "-t",
        "--output-file",
        "--library",
        "--library-path",
        "-odir",
        "--output-directory",
        "-ccbin",
        "--compiler-bindir",
        "-diag-suppress",
        "--diag-suppress",
        "-diag-error",
        "--diag-error",
        "-diag-warn",
        "--diag-warn",
        "-default-stream",
        "--default-stream",
        "--threads",
        "-split-compile",
        "--split-compile",
        "-maxrregcount",
        "--maxrregcount",
        "-Xptxas",
        "--ptxas-options",
        "-Xlinker",
        "--linker-options",
        "-Xarchive",
        "-Xnvlink",
        "--nvlink-options",
        "-Xclang",
        "-Xassembler",
        "-Xpreprocessor",
        "-imacros",
        "-isysroot",
        "--sysroot",
        "-target",
        "--target-directory",
        "-framework",
        "-rdc",
        "--relocatable-device-code",
        "-keep-dir",
        "--keep-dir",
        "-prec-div",
        "-prec-sqrt",
        "-ftz",
        "-fmad",
        "-time",
        "--time",
    )
)
_PLAIN = frozenset(
    {
        "-m64",
        "-fopenmp",
        "-fexceptions",
        "-fno-exceptions",
        "-fno-openmp",
        "-frtti",
        "-fno-rtti",
        "-fopenmp-simd",
    }
)
_SILENT = frozenset({"-c", "-S", "-E", "-MD", "-MMD", "-MP", "-M", "-MM"})
_SM = re.compile(r"\b(?:sm|compute|lto)_([0-9]{1,4})(?![0-9])([a-z]?)")
_LANGUAGES = {
    "cu": "cuda",
    "cuda": "cuda",
    "c": "c",
    "c++": "c++",
    "c++-header": "c++",
    "c-header": "c",
}


# the standards that have them; their GNU forms do not
_WITH_TRIGRAPHS = re.compile(
    r"c\+\+(?:98|03|0x|11|1y|14)"
    r"|c(?:89|90|9[9x]|1[178x])"
    r"|iso9899:(?!2024|202[3y]).*",
)
_TRIGRAPHS = frozenset({"-trigraphs", "--trigraphs", "-ansi", "--ansi", "/Zc:trigraphs"})


class CompileFlags(msgspec.Struct, frozen=True):
    """What one compile command says that matters for reading. All folders and files are absolute.

    `arch` is the highest architecture named (sm_80), or empty; `flags` are plain flags that Clang
    shares; `ignored` lists what was left out, as written.
    """

    includes: tuple[str, ...] = ()
    isystem: tuple[str, ...] = ()
    quote: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    undefines: tuple[str, ...] = ()
    forced_includes: tuple[str, ...] = ()
    std: str = ""
    arch: str = ""
    language: str = ""
    flags: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def trigraphs(self) -> bool:
        """Does the compiler replace trigraphs: by the standard's name, or because it is told to?"""
        told = not _TRIGRAPHS.isdisjoint(self.ignored)
        return told or _WITH_TRIGRAPHS.fullmatch(self.std) is not None


def check_command(text: str) -> None:
    """Raise ValueError when a command line does not read as a shell would read it."""
    found = _COMMAND.match(text)
    if found is None or found.end() != len(text):
        raise ValueError("a quotation or an escape is not ended")


def split_command(text: str) -> list[str]:
    """Split a command line as a POSIX shell does.

    Raises ValueError when a quotation or an escape is not ended.
    """
    check_command(text)
    return [_MARK.sub(_unquoted, word) for word in _WORD.findall(text)]


def _unquoted(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return re.sub(r'\\(["\\])', r"\1", match["double"])
    return match["escaped"] or match["single"] or ""


class ResponseFiles:
    """Response files, each read once. `unread`: what of the commands was not, with the reason.

    Where `tops` are given, files count only there, links on the way included.
    """

    def __init__(self, tops: Sequence[Path] = ()) -> None:
        self.unread: dict[str, str] = {}
        self._tops = tops
        self._known: dict[str, list[str] | None] = {}

    def leads_out(self, path: str) -> bool:
        """Return whether an absolute path leads to where no file counts."""
        return bool(self._tops) and not stays(path, self._tops)

    def words(self, path: str) -> list[str] | None:
        """Return the words of a response file, None when it cannot be read."""
        if path not in self._known and self.leads_out(path):
            self._known[path] = None
            self.unread[path] = "it lies outside of the tree, where only the user names files"
        if path not in self._known:
            try:
                text = os.fsdecode(read_regular(path, RESPONSE_BYTES))
                if "\0" in text:
                    raise ValueError("holds a zero byte")
                self._known[path] = split_command(text)
            except (OSError, ValueError) as error:
                self._known[path] = None
                self.unread[path] = getattr(error, "strerror", None) or str(error)
        return self._known[path]


def read_flags(
    arguments: Sequence[str],
    directory: str,
    responses: ResponseFiles | None = None,
) -> CompileFlags:
    """Reduce a command line (`arguments[0]` is the compiler) run in the absolute folder
    `directory`.

    Response files (@file, --options-file, -optf) are read relative to `directory`, each once; one
    that cannot be read is listed in `ignored`. What goes beyond `MOST_WORDS` is left out, which
    `responses` then says. Macros keep the order of the command: a later -U takes back an earlier -D
    of the same name.
    """
    nvcc = any("nvcc" in Path(word).name for word in arguments[:3])
    reader = _Reader(directory, nvcc, responses or ResponseFiles())
    reader.read(arguments[1:])
    return reader.flags()


class _Reader:
    def __init__(self, directory: str, nvcc: bool, responses: ResponseFiles) -> None:
        self.directory = directory
        self.nvcc = nvcc
        self.responses, self.seen, self.room = responses, set[str](), MOST_WORDS
        self.lists: dict[str, list[str]] = {
            "-I": [],
            "-isystem": [],
            "-iquote": [],
            "-include": [],
            "-idirafter": [],
        }
        self.macros: dict[str, tuple[str, str]] = {}
        self.single = {"-std": "", "-x": ""}
        self.arches: list[str] = []
        self.plain: list[str] = []
        self.ignored: list[str] = []

    def read(self, words: Iterable[str], depth: int = 0) -> None:
        queue = deque(words)
        while queue:
            self.room -= 1
            if self.room < 0:
                said = f"more than {MOST_WORDS} words"
                self.responses.unread[f"a command in {self.directory}"] = said
                return
            word = queue.popleft()
            if word.startswith("@") and len(word) > 1:
                self._response([word[1:]], word, depth)
            elif not word.startswith("-") or word == "-":
                continue  # the source, an object, a launcher's compiler
            else:
                self._flag(word, queue, depth)

    def _flag(self, word: str, queue: deque[str], depth: int) -> None:
        name, equals, value = word.partition("=")
        if name in _RESPONSE or name in _HOST or name in _ARCH:
            if not equals:
                value = queue.popleft() if queue else ""
            if name in _RESPONSE:
                self._response(value.split(","), word, depth)
            elif name in _HOST:
                self.read(_split_list(value), depth)
            elif _SM.search(value):
                self.arches.append(value)
            else:
                self.ignored.append(f"{name} {value}".strip())
        elif name in _LONG:
            self._store(_LONG[name], value if equals else (queue.popleft() if queue else ""))
        elif any(word.startswith(flag) for flag in _JOINED) and not word.startswith("-include-"):
            flag = next(flag for flag in _JOINED if word.startswith(flag))
            rest = word.removeprefix(flag)
            if not rest:
                rest = queue.popleft() if queue else ""
            self._store(flag, rest.removeprefix("=") if flag != "-D" else rest)
        elif word in _PLAIN:
            self.plain.append(word)
        elif word not in _SILENT:
            self._ignore(word, queue)

    def _store(self, flag: str, value: str) -> None:
        if not value:
            return
        if flag in ("-D", "-U"):
            name = re.split(r"[=(]", value, maxsplit=1)[0]
            self.macros.pop(name, None)
            self.macros[name] = (flag, value)
        elif flag in self.single:
            self.single[flag] = value
        elif flag == "-include":
            beside = os.path.normpath(os.path.join(self.directory, value))  # noqa: PTH118
            # One that leads out is named in full, be it there or not: whoever asks leaves it out.
            counts = self.responses.leads_out(beside) or Path(beside).is_file()
            self.lists[flag].append(beside if counts else value)
        else:
            for part in _split_list(value) if self.nvcc else [value]:
                self.lists[flag].append(os.path.normpath(os.path.join(self.directory, part)))  # noqa: PTH118

    def _ignore(self, word: str, queue: deque[str]) -> None:
        taken = word in _VALUED or (word == "-Werror" and self.nvcc)
        if taken and queue and not (word == "-Werror" and queue[0].startswith("-")):
            value = queue.popleft()
            if word not in ("-o", "-MF", "-MT", "-MQ"):
                self.ignored.append(f"{word} {value}")
        else:
            self.ignored.append(word)

    def _response(self, names: Sequence[str], word: str, depth: int) -> None:
        for name in names:
            path = os.path.join(self.directory, name)  # noqa: PTH118
            if path in self.seen:
                continue  # what it says holds already
            self.seen.add(path)
            words = self.responses.words(path) if depth < _DEPTH else None
            if depth >= _DEPTH:
                self.responses.unread[path] = "response files within response files"
            if words is None:
                self.ignored.append(word if word.endswith(name) else f"{word} {name}")
            else:
                self.read(words, depth + 1)

    def flags(self) -> CompileFlags:
        def once(flag: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(self.lists[flag]))

        numbers = [
            (int(number), letter) for arch in self.arches for number, letter in _SM.findall(arch)
        ]
        best = max(numbers, default=None)
        return CompileFlags(
            includes=once("-I"),
            isystem=tuple(dict.fromkeys([*self.lists["-isystem"], *self.lists["-idirafter"]])),
            quote=once("-iquote"),
            defines=tuple(value for flag, value in self.macros.values() if flag == "-D"),
            undefines=tuple(value for flag, value in self.macros.values() if flag == "-U"),
            forced_includes=once("-include"),
            std=self.single["-std"],
            arch="" if best is None else f"sm_{best[0]}{best[1]}",
            language=_LANGUAGES.get(self.single["-x"], ""),
            flags=tuple(dict.fromkeys(self.plain)),
            ignored=tuple(self.ignored),
        )


def _split_list(value: str) -> list[str]:
    """Split a list option at its commas; quoted commas and \\, stay."""
    parts = re.findall(r'(?:\\.|"[^"]*"|\'[^\']*\'|[^,])+', value)
    return [re.sub(r"\\(,)", r"\1", part).strip("\"'") for part in parts]

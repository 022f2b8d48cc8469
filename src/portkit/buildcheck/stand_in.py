# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a compiler: it writes down how it was called and leaves an empty result, so that a
build goes on. It is run as a program by itself and imports nothing of portkit:

    stand_in.py NOTES NAME WORD...

NOTES is the JSON file that says which programs are stood in for. What a build system runs to learn
about the compiler itself goes to the real host compiler.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from typing import Any

_PROBE = re.compile(r"/CMakeFiles/(?:CMakeScratch|CMakeTmp|[^/]+/CompilerId)|/meson-private(?:/|$)")
_PROBED = re.compile(r"(?:.*/)?(?:conftest|testfile|sanitycheck\w*)\.\w+")
_ASKS = re.compile(r"--version|-v|-V|-dump\w+|-print-.*|--print-.*|-qversion|-###|--help|-h")
_TAKES = frozenset({
    *("-o", "-x", "-I", "-L", "-l", "-D", "-U", "-MF", "-MT", "-MQ", "-isystem", "-iquote"),
    *("-include", "-imacros", "-idirafter", "-isysroot", "-arch", "-Xclang", "-Xlinker"),
    *("-Xcompiler", "-Xptxas", "-Xpreprocessor", "-Xassembler", "-framework", "-u", "-z", "-T"),
    *("-target", "-offload-arch", "--param", "-aux-info", "-Xarch_device", "-Xarch_host"),
})  # fmt: skip
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".i", ".ii", ".s", ".S", ".m", ".mm")


def main() -> int:
    """Do as the compiler would, as far as a build can tell."""
    notes_path, name, *words = sys.argv[1:]
    with open(notes_path, encoding="utf-8") as file:
        notes = json.load(file)
    words = list(_opened(words))
    given = _inputs(words, {*_TAKES, *notes["takes"]})
    real = notes["real"].get(name, "")
    if name in notes["refused"]:
        _note(notes, name, "refused", words, given)
        print(f"{name}: {notes['refused'][name]}", file=sys.stderr)
        return 1
    if _asks(words, given):
        return _hand_on(notes, real or notes["probe"].get(name, notes["host"]), name, words)
    if real:
        _note(notes, name, _kind(words, given, notes), words, given)
        return _hand_on(notes, real, name, words)
    return _stand_in(notes, name, words, given)


def _stand_in(notes: dict[str, Any], name: str, words: list[str], given: list[str]) -> int:
    missing = [f for f in given if not os.path.exists(f) and not f.startswith("-")]
    if missing:
        print(f"{name}: no such file: {missing[0]}", file=sys.stderr)
        return 1
    kind = _kind(words, given, notes)
    _note(notes, name, kind, words, given)
    outs = _outputs(words, given, kind)
    for out in outs:
        if kind == "text":
            open(out, "wb").close()
        else:
            _copy(
                notes["empty"][kind if kind != "link" or "-shared" not in words else "library"], out
            )
    depend = _value(words, "-MF") or (outs[0].rpartition(".")[0] + ".d" if outs else "")
    if depend and any(w in ("-MD", "-MMD", "-MF") for w in words):
        with open(depend, "w", encoding="utf-8") as file:
            file.write("".join(f"{out}:\n" for out in outs[:1]))
    return 0


def _asks(words: list[str], given: list[str]) -> bool:
    """Is this a question about the compiler, not a step of the build?"""
    here = os.getcwd() + "/"
    if _PROBE.search(here) or any(_PROBE.search(f) or _PROBED.fullmatch(f) for f in given):
        return True
    return (not given and any(map(_ASKS.fullmatch, words))) or given == ["-"]


def _hand_on(notes: dict[str, Any], program: str, name: str, words: list[str]) -> int:
    """Become another program, without the words that it does not know."""
    if not program:
        print(f"{name}: a stand-in of portkit build-check")
        return 0
    if program == notes["host"] and name in notes["device"]:
        words = _for_host(notes, words)
    os.execv(program, [program, *words])


def _for_host(notes: dict[str, Any], words: list[str]) -> list[str]:
    left, skip = [], False
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else ""
        if skip:
            skip = False
        elif word == "-x" and following in notes["languages"]:
            skip = True
        elif not any(word.startswith(start) for start in notes["own_words"]):
            left.append(word)
    return left


def _opened(words: list[str]) -> Iterator[str]:
    """Yield the words, with those of response files in their place."""
    for word in words:
        if word.startswith("@") and os.path.isfile(word[1:]):
            with open(word[1:], encoding="utf-8", errors="surrogateescape") as file:
                yield from shlex.split(file.read())
        else:
            yield word


def _inputs(words: list[str], takes: set[str]) -> list[str]:
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in takes:
            skip = True
        elif not word.startswith("-") or word == "-":
            found.append(word)
    return found


def _kind(words: list[str], given: list[str], notes: dict[str, Any]) -> str:
    if any(w in ("-E", "-M", "-MM", "-S", "-fsyntax-only") for w in words):
        return "text"
    if any(w in notes["compiles"] for w in words):
        return "object"
    return "link"


def _outputs(words: list[str], given: list[str], kind: str) -> list[str]:
    out = _value(words, "-o") or next(
        (w[2:] for w in words if w.startswith("-o") and len(w) > 2), ""
    )
    if out:
        return [] if out == "/dev/null" else [out]
    if kind == "object":
        return [os.path.basename(f).rpartition(".")[0] + ".o" for f in given]
    return ["a.out"] if kind == "link" else []


def _value(words: list[str], option: str) -> str:
    for word, following in itertools.pairwise(words):
        if word == option:
            return following
    return ""


def _copy(source: str, out: str) -> None:
    if os.path.lexists(out) and os.path.isfile(out):
        os.remove(out)
    shutil.copy(source, out)


def _note(notes: dict[str, Any], name: str, kind: str, words: list[str], given: list[str]) -> None:
    line = {"tool": name, "kind": kind, "cwd": os.getcwd(), "words": words, "inputs": given}
    line["outputs"] = _outputs(words, given, kind)
    data = json.dumps(line).encode("utf-8", "surrogateescape") + b"\n"
    with open(notes["log"], "ab", buffering=0) as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.write(data)


if __name__ == "__main__":
    sys.exit(main())

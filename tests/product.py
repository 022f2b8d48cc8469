# SPDX-License-Identifier: Apache-2.0
"""The command line as tests run it: in this process, or in one of its own where that is the point.

In process it has what a process would have: its environment, working directory, empty stdin,
streams of bytes, and nothing of the run before. Only what never changes within a session stays
loaded: code, tables, libclang.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest import mock

from portkit.cli import ending, main, written
from portkit.files import compiled
from portkit.quick.answer import answer
from portkit.run import cache
from portkit.targets import reverse
from portkit.targets.derived import DerivedVocabulary
from portkit.targets.floors import Floors
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary
from specs import each_target

ROOT = Path(__file__).resolve().parent.parent
# What is looked at once a process, by Python or by portkit.
_AT_START = ("PYTHON", "PORTKIT_MAPPINGS", "PORTKIT_LIBCLANG", "_PORTKIT_COMPLETE")

Bytes = subprocess.CompletedProcess[bytes]
Text = subprocess.CompletedProcess[str]


class Product:
    """Runs portkit with a home, state and cache of its own; as a function it checks the exit code."""

    def __init__(self, home: Path, tables: Path | None = None, *, in_process: bool = True) -> None:
        """`tables`: a folder of compiled tables that the cache begins with."""
        self._home, self._tables, self._in_process = home, tables, in_process

    def __call__(
        self, *args: str | Path, code: int = 0, cwd: Path | None = None, **env: str
    ) -> Text:
        """Run `portkit ARGS`; `code` is the exit code that must come. Returns text with LF."""
        done = self.run(*args, cwd=cwd, **env)
        out, err = as_text(done.stdout), as_text(done.stderr)
        assert done.returncode == code, f"exit {done.returncode}\n{out}\n{err}"
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def run(self, *args: str | Path, cwd: Path | None = None, **env: str) -> Bytes:
        """Run `portkit ARGS`, whatever comes of it."""
        words, whole = [*map(str, args)], self.environment(**env)
        if self._in_process and not any(name.startswith(_AT_START) for name in env):
            return run_in_process(words, cwd, whole)
        command = [sys.executable, "-m", "portkit", *words]
        return subprocess.run(
            command, cwd=cwd, env=whole, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )

    def environment(self, **env: str) -> dict[str, str]:
        """Return the environment of a run, and see to its folders."""
        cache_home = self._home / "cache"
        self._home.mkdir(parents=True, exist_ok=True)
        if self._tables is not None and not cache_home.exists():
            lend_tables(self._tables, cache_home)
        self._tables = None
        own = {
            "HOME": str(self._home),
            "XDG_STATE_HOME": str(self._home / "state"),
            "XDG_CACHE_HOME": str(cache_home),
        }
        return {**os.environ, **source_path(), **own, **env}


def as_text(data: bytes) -> str:
    """Return what a program printed as text with LF."""
    return data.decode("utf-8").replace("\r\n", "\n")


def source_path() -> dict[str, str]:
    """Return what a process needs to find the checkout's code; nothing on an installed wheel."""
    return {"PYTHONPATH": str(ROOT / "src")} if (ROOT / "src").is_dir() else {}


_derived: dict[object, DerivedVocabulary] = {}


def derive_once(base: Vocabulary, source: Target, floors: Floors) -> DerivedVocabulary:
    """Return a target's names with what CUDA calls them: worked out in seconds, and read only."""
    key = base.digest, source.spec, source.digest, source.sdk, floors
    if key not in _derived:
        _derived[key] = DerivedVocabulary(base, source, floors)
    return _derived[key]


def run_in_process(args: Sequence[str], cwd: Path | None, environ: Mapping[str, str]) -> Bytes:
    """Run a command line as `python -m portkit` does, but for its end."""
    stays = mock.patch.object(reverse, "DerivedVocabulary", derive_once)
    with _environment(environ), _folder(cwd), _streams() as (out, err), _nothing_left(), stays:
        text = answer(list(args))
        if text is not None:
            sys.stdout.write(text)
            code = 0
        else:
            words, debug = main._take_debug(list(args))
            main._prepare_streams()
            code = main.run_line(words, debug)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        return subprocess.CompletedProcess(["portkit", *args], code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _become(environ)
    try:
        yield
    finally:
        _become(before)


def _become(environ: Mapping[str, str]) -> None:
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    for name, value in environ.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


@contextlib.contextmanager
def _folder(cwd: Path | None) -> Iterator[None]:
    with contextlib.chdir(cwd) if cwd is not None else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _streams() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Have stdout and stderr be files of bytes, and stdin be empty."""
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", newline="\n")
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", newline="\n", errors="backslashreplace")
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _nothing_left() -> Iterator[None]:
    """Begin and end as a process does: nothing said yet, no log shown, no form waiting."""
    logger = logging.getLogger("portkit")
    handlers, level = logger.handlers[:], logger.level
    logger.handlers[:], logger.level = [], logging.NOTSET
    said, waiting = set(cache._said), dict(compiled._waiting)
    cache._said.clear()
    compiled._waiting.clear()
    assert not ending._taken
    try:
        yield
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        cache._said.clear()
        cache._said.update(said)
        compiled._waiting.clear()
        compiled._waiting.update(waiting)
        written.WRITTEN.clear()


def make_tables(folder: Path) -> Path:
    """Compile the tables of all targets below `folder`; return where they are.

    Takes a process of its own: this one may have them loaded.
    """
    tree, home = folder / "tree", folder / "home"
    tree.mkdir(parents=True)
    (tree / "a.cu").write_text("int f(void* p) { return cudaFree(p); }\n")
    targets = [word for spec in each_target() for word in ("--to", spec)]
    Product(home, in_process=False)("report", tree, *targets, "-j", "1", "--fail-on", "none")
    kept = folder / "tables"
    kept.mkdir()
    for path in (home / "cache" / "portkit").glob(f"{compiled.PREFIX}*{compiled.SUFFIX}"):
        path.rename(kept / path.name)
    return kept


def lend_tables(tables: Path, cache_home: Path) -> None:
    """Put compiled tables into the cache folder of a home, as links: nobody may write into them."""
    place = cache_home / "portkit"
    for folder in (cache_home, place):
        folder.mkdir(mode=0o700, exist_ok=True)
    for path in tables.iterdir():
        (place / path.name).hardlink_to(path)


def facts_of(tables: Path) -> dict[str, tuple[int, int, int]]:
    """Return what changes when somebody writes into a table."""
    facts = {p.name: p.stat() for p in tables.iterdir()}
    return {name: (s.st_size, s.st_mtime_ns, s.st_mode) for name, s in facts.items()}

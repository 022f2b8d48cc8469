# SPDX-License-Identifier: Apache-2.0
"""A run that is killed: its workers go with it, nobody holds its streams, and its temporary files
are gone, at the latest with the next run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portkit.cli import ending

BOMB = """template<int A, int B> struct F { enum { v = F<A - 1, B * 2>::v + F<A - 1, B * 2 + 1>::v }; };
template<int B> struct F<0, B> { enum { v = 1 }; };
int z = F<40, 1>::v;
void g(void* p) { cudaFree(p); }
"""
BOUND = 120.0  # seconds that a loaded machine may need for what takes less than one

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="finds processes by /proc"
)


def until(found: Callable[[], object], what: str) -> None:
    end = time.monotonic() + BOUND
    while not found():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def parent_of(pid: int) -> int:
    """Return the parent of a living process; 0 for one that is dead, though nobody may have asked
    how it ended.
    """
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(parent)


def workers_of(pid: int) -> list[int]:
    return [
        n
        for n in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal())
        if parent_of(n) == pid
    ]


class Product:
    """The command line over a tree that it would be at for minutes, with a folder of its own for
    temporary files.
    """

    def __init__(self, folder: Path, repository: Path) -> None:
        self.tree, self.temporary = folder / "tree", folder / "tmp"
        self.tree.mkdir()
        self.temporary.mkdir()
        for i in range(3):
            (self.tree / f"b{i}.cu").write_text(BOMB)
        self._env = {**os.environ, "HOME": str(folder), "TMPDIR": str(self.temporary)}
        if (repository / "src").is_dir():
            self._env["PYTHONPATH"] = str(repository / "src")

    @contextlib.contextmanager
    def started(self, *args: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run it until its workers parse."""
        command = [
            sys.executable,
            "-m",
            "portkit",
            *(args or ("check", str(self.tree), "--to", "musa", "--no-cache", "-j", "2")),
        ]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
        try:
            until(
                lambda: len(list(self.temporary.glob("portkit-run-*/portkit-*/*.pch"))) >= 2,
                "the workers never began",
            )
            yield process
        finally:
            if process.poll() is None:  # else its number may be another's by now
                for pid in [*workers_of(process.pid), process.pid]:
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
            process.communicate()

    def once(self) -> None:
        """Run it over code that takes no time."""
        small = self.tree.with_name("small")
        small.mkdir()
        (small / "a.cu").write_text("void g(void* p) { cudaFree(p); }\n")
        command = [
            sys.executable,
            "-m",
            "portkit",
            "check",
            str(small),
            "--to",
            "musa",
            "--no-cache",
        ]
        subprocess.run(command, env=self._env, check=True, capture_output=True, timeout=BOUND)

    def left(self) -> list[str]:
        return sorted(p.name for p in self.temporary.iterdir())


@pytest.fixture
def product(tmp_path: Path, repository: Path) -> Product:
    return Product(tmp_path, repository)


@needs_proc
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL"])
def test_no_worker_outlives_its_run(product: Product, name: str) -> None:
    number = getattr(signal, name)
    with product.started() as process:
        workers = workers_of(process.pid)
        assert len(workers) == 2
        process.send_signal(number)
        _, said = process.communicate(timeout=BOUND)  # ends when nobody holds its streams any more
        until(lambda: not any(map(parent_of, workers)), "a worker lives")
    if name == "SIGKILL":
        assert process.returncode == -number
        assert [p.startswith("portkit-run-") for p in product.left()] == [True]
        product.once()
    else:
        assert process.returncode == 128 + number
        assert said.strip() == b"portkit: interrupted; nothing was written"
    assert product.left() == []


@needs_proc
def test_the_whole_group_is_asked_twice(product: Product) -> None:
    """As `timeout` and a closing terminal do: the workers get the signal too, and the parent is
    asked while it ends.
    """
    with product.started() as process:
        workers = workers_of(process.pid)
        for _ in range(2):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=BOUND)
        until(lambda: not any(map(parent_of, workers)), "a worker lives")
    assert process.returncode == 128 + signal.SIGTERM
    assert product.left() == []


@needs_proc
def test_a_living_run_keeps_its_files(product: Product) -> None:
    with product.started():
        before = product.left()
        product.once()
        assert product.left() == before != []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a system without this signal")
def test_what_ignores_a_signal_goes_on_ignoring_it() -> None:
    usual = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ending.take_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is ending._end
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN and ending.code_of(130) == 143
    finally:
        ending._taken.clear()
        for number, handler in usual.items():
            signal.signal(number, handler)
    assert ending.code_of(130) == 130


@needs_proc
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_language_server_ends_at_once_with_what_it_is_at(
    product: Product, name: str, tmp_path: Path
) -> None:
    pytest.importorskip("pygls", reason="the extra portkit[lsp] is not installed")
    import json

    def message(method: str, params: dict[str, object], **more: object) -> bytes:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    document = {
        "uri": (product.tree / "b0.cu").as_uri(),
        "languageId": "cuda",
        "version": 1,
        "text": BOMB,
    }
    command = [sys.executable, "-m", "portkit", "lsp", "--to", "musa"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=product._env, stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdin is not None
        process.stdin.write(
            message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=1)
        )
        process.stdin.write(
            message("initialized", {}) + message("textDocument/didOpen", {"textDocument": document})
        )
        process.stdin.flush()
        until(
            lambda: list(product.temporary.glob("portkit-run-*/portkit-*/*.pch")),
            "the worker never began",
        )
        workers = workers_of(process.pid)
        process.send_signal(getattr(signal, name))
        process.communicate(timeout=BOUND)
        until(lambda: not any(map(parent_of, workers)), "a worker lives")
    assert len(workers) == 1
    if name != "SIGKILL":
        assert process.returncode == 128 + getattr(signal, name)
    if product.left():  # a thread was at it as the process ended: the next run removes what is left
        product.once()
    assert product.left() == []

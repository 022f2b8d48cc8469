# SPDX-License-Identifier: Apache-2.0
"""Nothing that a tree says reaches a terminal or the log of a CI system as an order or an escape,
whatever is run on it.

The tree: hostile file names, comments, macros, strings and includes, settings, tables, scans,
baselines, databases. What is looked at are the bytes of stdout and stderr, those of the workers and
of libclang included.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import logging
import os
import pty
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portkit.cli.main import run_line
from portkit.cli.said import GuardedStream, say, say_text
from portkit.printable import printable_name
from portkit.report.formats import all_formats
from product import lend_tables

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
Seen = tuple[int, str, str]
Run = Callable[..., Seen]

NAMES = (
    b"x\n::error::pwned\x1b[31m.cu", b"cr\r::warning::x.cu", b"::error file=x::y.cu",
    b"  ::stop-commands::t.cu", b"##[error]z.cu",
    b"d/##vso[task.setvariable variable=x]y.cu", b"##teamcity[buildStop].cu", b"\xff\xfe<b>.cu",
    rb"\xff\xfe<b>.cu", b"rtl\xe2\x80\xae.cu",
    "c1\u009b31m.cu".encode(), "ls\u2028::error::x.cu".encode(), b"zero\xe2\x80\x8bwidth.cu",
    b"=cmd|x.cu", b"+1.cu", b"@SUM.cu",
    b"%0A::error::x.cu", b"%0D%0A##[x].cu", b"'\"`$(id)`.cu", b"</script><img src=x>.cu",
    b"]]><x a='.cu", b"--version.cu", b"a|b.cu",
    b"[a](http:x).cu", b"@octocat #1 !2.cu", b"tab\t.cu", b"bell\x07\x08.cu", b"back\\slash.cu",
    b"\\x1b.cu", "中文 100%.cu".encode(),
    "\U000e0041tag.cu".encode(), b"\x7f.cu", b"sub\n::error::dir/k.cu",
    b"sub\n::error::dir/own.h", b"w" * 75 + b"::error file=a::b.cu",
)  # fmt: skip
EVIL = "x\n::error::pwned\r##[error]y\x1b[31m\u202e\u2028\u009b##vso[task.x]\u200b"
SOURCE = b"""#include <cuda_runtime.h>
#include "##[error]x\x1b[31m.h"
#include <thrust/::error::\xe2\x80\xae.h>
#include <cub/\xff\x9b.h>
#if __CUDA_ARCH__ >= 800 /* \x1b */
#endif
#define EVIL(a) cuda##a
#define LONG ::error::x
EVIL(##[error])
__global__ void k() { asm volatile("bar.sync 1; ::error:: ##[error] \x1b[31m;"); }
__global__ void l() { asm("mem\x1b[31m.gl;\\n::error::x"); }  // portkit: ignore[PK401] ::error:: ##[x]\x1b[31m \xe2\x80\xae \xff @octocat
// portkit: ignore[::error::x,##[error]] \x1b[31m
void f(void* p) { cudaMalloc(&p, 4); cudaFooBarUnknown(p); ::cudaFree(p); } // portkit: ignore-next-line[PK\x1b]
void g(void* h) { dlsym(h, "cudaMalloc"); dlsym(h, "cudaMalloc\x1b[31m::error::"); cuGetProcAddress("cu\x1bInit", 0, 0, 0); }
const char* s = R"(__global__ void ##[error]\x1b() { cudaFree(0); })";
"""  # noqa: E501
FORMATS = tuple(all_formats())
COMMAND = re.compile(
    r"::(error|warning|notice) (?:file=[^:,]+,line=\d+,endLine=\d+(?:,col=\d+,endColumn=\d+)?,)?title=[^:,]+::.*"
)


def faults(text: str, form: str = "") -> list[str]:
    """Return the lines of what was printed that act on a terminal or order a CI system; `form`: the
    format that it is in, whose own separator may stand between cells: in each line as often.
    """
    found = []
    separator: str = getattr(all_formats().get(form), "SEPARATOR", "")
    for line in text.split("\n"):
        acting = [
            c
            for c in line
            if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != separator
        ]
        order = re.search(r"##(vso|teamcity)?\[", line, re.I)
        head = line.lstrip().startswith("::") and not (form == "github" and COMMAND.fullmatch(line))
        if acting or order or head:
            found.append(ascii(line))
    if separator and len({line.count(separator) for line in text.splitlines()}) > 1:
        found.append(f"lines of {form} differ in how many cells they have")
    return found


def test_a_format_may_have_a_separator(monkeypatch: pytest.MonkeyPatch) -> None:
    table = "a\tb\nx\ty\n"
    assert len(faults(table)) == len(faults(table, "csv")) == 2
    monkeypatch.setattr(all_formats()["csv"], "SEPARATOR", "\t", raising=False)
    assert not faults(table, "csv") and faults(table) and faults(table, "markdown")
    assert faults("a\tb\nx\t\ty\n", "csv") and faults("a\tb\nx\t\x1by\n", "csv")


@pytest.fixture
def run(
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tables: Path,
) -> Run:
    """Run a command line in this process; returns its exit code and what came on stdout and stderr,
    which must be harmless.
    """
    for name in ("STATE", "DATA"):
        monkeypatch.setenv(f"PORTKIT_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lend_tables(tables, tmp_path / "cache")

    def go(*arguments: str, form: str = "") -> Seen:
        capfdbinary.readouterr()
        logging.getLogger("portkit").setLevel(
            logging.NOTSET
        )  # an earlier run of this process may have asked for more
        code = run_line(list(arguments))
        sys.stdout.flush()
        out, err = (piece.decode("utf-8") for piece in capfdbinary.readouterr())
        assert not faults(err), faults(err)
        assert not faults(out, form), faults(out, form)
        assert "Traceback" not in err and "fault of portkit" not in err, err
        return code, out, err

    return go


def make(folder: Path, *names: bytes, content: bytes = SOURCE) -> None:
    """Write a file of each name below a folder."""
    for name in names:
        path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118  pathlib has no bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hostile tree, as the working directory."""
    folder = tmp_path / "tree"
    make(folder, *NAMES)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scan of the hostile tree."""
    folder = tmp_path_factory.mktemp("saved")
    make(folder / "tree", *NAMES)
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    if (ROOT / "src").is_dir():
        env["PYTHONPATH"] = str(ROOT / "src")
    command = [
        sys.executable,
        "-m",
        "portkit",
        "scan",
        ".",
        "--root",
        ".",
        "-o",
        str(folder / "scan.json"),
        "-v",
    ]
    done = subprocess.run(command, cwd=folder / "tree", env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not faults(done.stdout.decode("utf-8")) and not faults(done.stderr.decode("utf-8"))
    assert not faults((folder / "scan.json").read_text(encoding="utf-8"))
    return folder / "scan.json"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", ["report", "compare"])
def test_every_format(run: Run, tree: Path, saved: Path, command: str, form: str) -> None:
    targets = ("--to", "musa", "--to", "enflame")
    code, out, _ = run(
        command,
        ".",
        "--root",
        ".",
        "--from-scan",
        str(saved),
        *targets,
        "--format",
        form,
        "-v",
        form=form,
    )
    assert code == 0
    count = len([n for n in NAMES if not n.endswith(b".h")]) + 1
    if form in ("json", "sarif", "gitlab"):
        json.loads(out)
    if form == "json" and command == "report":
        files = json.loads(out)["plans"][0]["files"]
        assert {
            bytes.fromhex(f["path_bytes"]) if "path_bytes" in f else f["path"].encode()
            for f in files
        } == set(NAMES)
    if form == "junit":
        assert (
            len({case.get("classname") for suite in ElementTree.fromstring(out) for case in suite})
            >= count - 2
        )
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        assert len({row["path"] for row in rows}) >= count - 2 and out.count("\n") == len(rows) + 1
        assert {row["path"] for row in rows} - {"."} <= {
            f"{q}{printable_name(name)}" for name in NAMES for q in ("", "'")
        }


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "--root", "."), ("report", "--root", ".", "--to", "musa", "--rung", "syntax"),
        ("check", "--root", ".", "--to", "musa", "--color", "never"), ("check", "--root", ".",
        "--to", "musa", "--lang", "zh"),
        ("migrate", "--root", ".", "--to", "musa"), ("migrate", "--root", ".", "--to", "musa",
        "--out-dir", "../out\n::error::x"),
        ("migrate", "--root", ".", "--to", "musa", "--in-place", "--allow-dirty"),
        ("migrate", "--root", ".", "--to", "musa", "--rename-files"),
        ("migrate", "--root", ".", "--to", "musa", "--out-dir", "../o", "--compiler", "false"),
        ("migrate", "--root", ".", "--to", "musa", "--undo"), ("baseline", "--root", ".", "--to", "musa"),
        ("config", "--to", "musa"), ("config", "--to", EVIL, "--map", EVIL, "-I", EVIL, "--format", "json"),
        ("cache",), ("doctor",), ("rules",), ("targets",), ("explain", EVIL), ("query", EVIL, "cudaMalloc"),
        ("query", EVIL, "--format", "json"), ("check", "--since", EVIL, "--to", "musa"),
        ("report", "--to", EVIL), ("report", EVIL, "--to", "musa"), ("report", "--to", "musa", "--format", EVIL),
        ("report", "--to", "musa", "--format", f"json={EVIL}/x"), ("report", "--to", "musa", "-o",
        f"{EVIL}/x"), (f"--{EVIL}",), (EVIL,),
        ("check", f"--{EVIL}", "--to", "musa"), ("check", "--to", "musa", "-j", EVIL), ("check",
        "--to", "musa", "--root", EVIL),
        ("check", "--to", "musa", "--lang", EVIL), ("check", "--to", "musa", "--accept", EVIL),
        ("check", "--to", "musa", "--only", EVIL),
        ("check", "--to", "musa", "--exclude", f"[{EVIL}"), ("check", "--to", "musa", "--exclude", f"!{EVIL}"),
        ("check", "--to", "musa", "--config", EVIL), ("check", "--to", "musa", "--executor",
        EVIL), ("check", "--to", "musa", "-p", EVIL),
        ("targets", "--sdk", EVIL, "--to", "musa"), ("scan", "-o", f"{EVIL}/x"), ("check",
        "--from-scan", EVIL, "--to", "musa"),
        ("check", os.fsdecode(b"\xff\n::error::nowhere.cu"), "--to", "musa"), ("migrate",
        "--from", EVIL, "--to", "cuda"),
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[1:50],
)  # fmt: skip
def test_every_command(run: Run, tree: Path, arguments: tuple[str, ...]) -> None:
    code, _, err = (
        run(*arguments, "--no-cache")
        if arguments[0] in ("scan", "report", "check", "migrate", "baseline")
        else run(*arguments)
    )
    assert code in (0, 1, 2)
    if code == 2 and "Usage:" not in err:
        assert err.count("\n") == 1, err


def test_a_patch_is_exact_but_on_a_terminal(tree: Path, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git here")
    make(
        tree,
        b"esc.cu",
        content=b"void f(void* p) {\n\tcudaFree(p); // \x1b[31m \xff ##[error]\n}\n",
    )
    arguments = (
        "migrate",
        "--root",
        ".",
        "--to",
        "musa",
        "--diff",
        "--rung",
        "syntax",
        "-o",
        str(tmp_path / "r.txt"),
        "--no-cache",
    )
    patch = _bytes(arguments, tree, tmp_path)
    assert b"\x1b[31m" in patch
    (tmp_path / "patch").write_bytes(patch)
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy)
    subprocess.run(
        ["git", "-c", "core.quotePath=false", "apply", str(tmp_path / "patch")],
        cwd=copy,
        check=True,
    )
    assert b"musaFree(p); // \x1b[31m \xff ##[error]" in (copy / "esc.cu").read_bytes()
    shown = _on_terminal(arguments, tree, tmp_path)
    assert (
        not faults(shown.replace("\t", ""))
        and "+\tmusaFree(p); // \\x1b[31m \\xff \\x23#[error]" in shown
    )


def _environment(tmp_path: Path) -> dict[str, str]:
    source = {"PYTHONPATH": str(ROOT / "src")} if (ROOT / "src").is_dir() else {}
    return {**os.environ, **source, "PORTKIT_STATE_DIR": str(tmp_path / "state")}


def _bytes(arguments: tuple[str, ...], tree: Path, tmp_path: Path) -> bytes:
    command = [sys.executable, "-m", "portkit", *arguments]
    done = subprocess.run(
        command, cwd=tree, env=_environment(tmp_path), capture_output=True, check=False
    )
    assert done.returncode == 0 and not faults(done.stderr.decode("utf-8")), done.stderr
    return done.stdout


def _on_terminal(arguments: tuple[str, ...], tree: Path, tmp_path: Path) -> str:
    near, far = pty.openpty()
    command = [sys.executable, "-m", "portkit", *arguments]
    process = subprocess.Popen(
        command, cwd=tree, env=_environment(tmp_path), stdout=far, stderr=subprocess.DEVNULL
    )
    os.close(far)
    shown = b""
    while True:
        try:
            piece = os.read(near, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(near)
    assert process.wait() == 0
    return shown.decode("utf-8").replace("\r\n", "\n")


# --- settings, tables and documents of the tree


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree, as the working directory."""
    folder = tmp_path / "small"
    make(folder, b"a.cu", content=b'void f(void* p) { cudaFree(p); asm("bar.sync 1;"); }\n')
    monkeypatch.chdir(folder)
    return folder


def toml(text: str) -> str:
    """Return a TOML string; JSON's escapes are among TOML's."""
    return json.dumps(text)


LISTS = (
    "targets",
    "select",
    "ignore",
    "only",
    "skip",
    "maps",
    "include",
    "exclude",
    "include-dirs",
    "defines",
)
WORDS = ("accept", "rung", "lang", "fail-on", "baseline", "jobs", "fail-under")


@pytest.mark.parametrize(
    "command",
    [("check",), ("config",), ("config", "--format", "json"), ("migrate",), ("baseline",)],
)
@pytest.mark.parametrize("key", [*LISTS, *WORDS, EVIL, "overrides", "effort", "paths"])
def test_every_setting(run: Run, small: Path, key: str, command: tuple[str, ...]) -> None:
    value = f"[{toml(EVIL)}]" if key in LISTS else toml(EVIL)
    if key == "paths":
        text = (
            f"[[overrides]]\npaths = [{toml(EVIL)}, {toml('[' + EVIL)}]\nignore = [{toml(EVIL)}]\n"
        )
    else:
        text = f"{toml(key)} = {value}\n"
    (small / "portkit.toml").write_text(
        ("" if key == "targets" else 'targets = ["musa"]\n') + text, encoding="utf-8"
    )
    code, _, err = run(*command)
    assert code in (0, 1, 2)
    assert code != 2 or err.count("\n") == 1 or "Usage:" in err, err
    (small / "portkit.toml").rename(small / "kept")
    (small / "pyproject.toml").write_text(
        f'[tool.portkit]\ntargets = ["musa", \n {toml(key)}\n = \x01 {EVIL}', encoding="utf-8"
    )
    run(*command)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["tool"].update(vocabulary=EVIL), lambda d: d["tool"].update(version=EVIL),
        lambda d: d.update(schema=EVIL),
        lambda d: d["files"][0].update(path=EVIL),
        lambda d: d["files"][0].update(sha256="0" * 64), lambda d: d.update({EVIL: 1}),
        lambda d: d["files"][0].update(parse=EVIL), lambda d: d["files"][0].update(encoding=EVIL),
        lambda d: d["files"].clear(),
        lambda d: d["files"].append({**d["files"][0], "path": EVIL}),
        lambda d: d["skipped"].append({"path": EVIL, "reason": EVIL}),
        lambda d: d.update(paths=[EVIL]), lambda d: d.update(include=["[" + EVIL]),
        lambda d: d.update(exclude=[EVIL], paths=["x" + EVIL]),
        lambda d: d["files"][0]["facts"].setdefault("marks", []).append([f"portkit: ignore[PK401] {EVIL}", [0, 1]]),
        lambda d: d["files"][0]["issues"].append({"rule": "PK905", "span": [0, 1],
        "args": {"name": EVIL, "count": EVIL}}),
        lambda d: d["files"][0]["references"][0].update(name=EVIL, library=EVIL, qualifier=EVIL, guard=EVIL),
        lambda d: d["files"][0]["facts"]["asm"][0].update(text=f"bar.sync {EVIL};"),
    ],
)  # fmt: skip
def test_a_saved_scan(run: Run, small: Path, change: Callable[[Any], object]) -> None:
    run("scan", ".", "--root", ".", "-o", "../s.json")
    document = json.loads(Path("../s.json").read_text(encoding="utf-8"))
    change(document)
    Path("../s.json").write_text(json.dumps(document), encoding="utf-8")
    for form in FORMATS:
        code, _, err = run(
            "report",
            ".",
            "--root",
            ".",
            "--to",
            "musa",
            "--from-scan",
            "../s.json",
            "--format",
            form,
            "-v",
            form=form,
        )
        if code == 2:
            assert err.splitlines()[-1].startswith("portkit: ")


def test_a_baseline(run: Run, small: Path) -> None:
    run("baseline", ".", "--root", ".", "--to", "musa", "--write")
    document = json.loads((small / "portkit-baseline.json").read_text(encoding="utf-8"))
    known = {
        **document["findings"][0],
        "path": EVIL,
        "name": EVIL,
        "fingerprint": "0" * 32,
        "rule": EVIL,
        "content": EVIL,
    }
    document["findings"] += [
        known,
        {**known, "path": "::error::x"},
        {**known, "target": EVIL},
        {**known, "path": "a\0.cu"},
    ]
    document["tool"]["tables"] = {"musa": EVIL, EVIL: EVIL}
    (small / "portkit-baseline.json").write_text(json.dumps(document), encoding="utf-8")
    _, out, _ = run("baseline", ".", "--root", ".", "--to", "musa")
    assert out.count("\ngone ") == 3
    run("check", ".", "--root", ".", "--to", "musa", "--baseline", "portkit-baseline.json")
    run("baseline", ".", "--root", ".", "--to", "musa", "--write")
    assert not faults((small / "portkit-baseline.json").read_text(encoding="utf-8"))
    (small / "portkit-baseline.json").write_text(
        json.dumps({**document, "schema": EVIL}), encoding="utf-8"
    )
    assert run("baseline", ".", "--root", ".", "--to", "musa")[0] == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", f'name,target\n"{EVIL}",x\n'), ("m.csv",
        f'name,target,status,note\ncudaFree,musaFree,manual,"{EVIL}"\n'),
        ("m.csv", f'name,target,status\ncudaFree,musaFree,"{EVIL}"\n'), ("m.csv", f'"{EVIL}",target\nx,y\n'),
        ("m.json", json.dumps({"cudaFree": EVIL})), ("m.json", json.dumps({EVIL: "x"})), ("m.json", EVIL),
        ("m.csv", f'name,target,library\ncudaFree,x,"{EVIL}"\n'),
    ],
)  # fmt: skip
def test_a_map(run: Run, small: Path, name: str, text: str) -> None:
    (small / name).write_text(text, encoding="utf-8", newline="")
    for form in FORMATS:
        run(
            "report", ".", "--root", ".", "--to", "musa", "--map", name, "--format", form, form=form
        )


@pytest.mark.parametrize(
    "database",
    [
        [{"file": EVIL, "directory": EVIL, "arguments": ["cc", EVIL, "-I", EVIL, f"-D{EVIL}",
        f"@{EVIL}"]}], [EVIL], EVIL, {EVIL: EVIL},
        [{"file": "a.cu", "directory": ".", "arguments": ["cc", f"-D{EVIL}", f"-I{EVIL}",
        f"-std={EVIL}", f"-include{EVIL}", f"@{EVIL}"]}],
        [{"file": "a.cu", "directory": ".", "command": f"cc '{EVIL}"}],
    ],
)  # fmt: skip
def test_a_compile_database(run: Run, small: Path, database: Any) -> None:
    (small / "db.json").write_text(json.dumps(database), encoding="utf-8")
    run("check", ".", "--root", ".", "--to", "musa", "-p", "db.json", "-v", "--no-cache")


# --- libclang and the workers

CRASHES = {
    b"x\n::error::deep\x1b[31m.cu": b"int z="
    + b"(" * 50_000
    + b"1"
    + b")" * 50_000
    + b"; void f(void*p){cudaFree(p);}\n",
    b"x\n::error::crash.cu": b"void f(void*p){cudaFree(p);}\n#pragma clang __debug crash\n",
    b"x\n::error::parser.cu": b"void f(void*p){cudaFree(p);}\n#pragma clang __debug parser_crash\n",
    b"x\n::error::fatal.cu": b"void f(void*p){cudaFree(p);}\n#pragma clang __debug llvm_fatal_error\n",
    b"x\n::error::macro.cu": b"#define O ::error::x ##[error]\x1b[31m\n#pragma clang __debug "
    b"macro O\nvoid f(void*p){cudaFree(p);}\n",
    b"x\n::error::dump.cu": b"struct O { int x; };\nvoid f(void*p){cudaFree(p);}\n#pragma clang __debug dump O\n",
}


@pytest.mark.workers  # these crash whoever reads them
@pytest.mark.parametrize(
    "name", CRASHES, ids=lambda name: name.rpartition(b"::")[2].decode("ascii", "replace")
)
def test_what_libclang_prints(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    pytest.importorskip("clang.cindex")
    make(tmp_path / "t", name, content=CRASHES[name])
    monkeypatch.chdir(tmp_path / "t")
    code, out, err = run("check", ".", "--root", ".", "--to", "musa", "--no-cache")
    assert (code, err) == (0, "")
    assert out.startswith("x\\x0a::error::") == (b"macro" not in name and b"dump" not in name)
    code, _, err = run("check", ".", "--root", ".", "--to", "musa", "--no-cache", "-v")
    if b"fatal" not in name:  # that one ends the worker, and its words with it
        assert "portkit: libclang on x\\x0a::error::" in err


@pytest.mark.workers
def test_what_libclang_prints_is_bounded(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("clang.cindex")
    body = (
        b"#define O " + b"word " * 40_000 + b"\n" + b"#pragma clang __debug macro O\n" * 200
    )  # 40 MB
    make(tmp_path / "t", b"a.cu", content=body + b"void f(void*p){cudaFree(p);}\n")
    monkeypatch.chdir(tmp_path / "t")
    _, out, err = run("check", ".", "--root", ".", "--to", "musa", "--no-cache", "-v")
    assert len(err) < 20_000 and "libclang on a.cu" in err and "in 1 files" in out


# --- the door


def test_a_traceback_is_no_way_out(
    small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(EVIL)

    monkeypatch.setattr("portkit.targets.asked.load_targets", broken)
    assert run_line(["check", "--to", "musa"], debug=True) == 2
    told = capfd.readouterr().err
    assert "Traceback" in told and "ZeroDivisionError: x" in told and not faults(told)
    assert run_line(["check", "--to", "musa"]) == 2
    told = capfd.readouterr().err
    assert (
        told.startswith("portkit: this is a fault") and told.count("\n") == 1 and not faults(told)
    )


_PIECES = st.sampled_from(
    [
        "\n",
        "\r",
        "::",
        "##[",
        "##vso[",
        "\x1b[31m",
        "\u202e",
        "\u2028",
        "\x85",
        "\udcff",
        " ",
        "\t",
        "\u3000",
        "a",
        "#",
        "[",
        ":",
        "中",
    ]
)
_TEXT = st.lists(_PIECES | st.characters(), max_size=12).map("".join)


@given(_TEXT)
@example(" \u3000::error::x")
@example("###[error]##[")
def test_what_is_said_is_harmless(text: str) -> None:
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        say(text)
        say_text(text, err=True)
    one, several = out.getvalue(), err.getvalue()
    assert one.count("\n") == 1 and not faults(one)
    assert several.count("\n") == text.count("\n") + 1 and not faults(several.replace("\t", " "))


@given(st.lists(_TEXT, max_size=6))
def test_whoever_writes_by_himself_is_guarded(pieces: list[str]) -> None:
    stream = io.StringIO()
    guard = GuardedStream(stream)
    for piece in pieces:
        assert guard.write(piece) == len(piece)
    lines = stream.getvalue().replace("\t", " ").split("\n")
    # an order that comes in pieces is none at the head of a line
    assert not [
        line for line in lines if line.lstrip().startswith("::") and not _pieced("::", pieces)
    ]
    assert not [
        c for c in "".join(lines) if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    assert stream.getvalue().count("\n") == "".join(pieces).count("\n")


def _pieced(order: str, pieces: list[str]) -> bool:
    return any(order not in piece for piece in pieces)


def test_commands_speak_through_the_door() -> None:
    source = ROOT / "src" / "portkit" / "cli"
    if not source.is_dir():
        pytest.skip("no sources here")
    speaking = re.compile(r"click\.(?:secho|echo)\(|\bprint\(|std(?:out|err)\.write\(")
    own = {"said.py", "start.py"}  # the door, and ready answers of portkit's own tables
    found = [
        p.name
        for p in source.glob("*.py")
        if p.name not in own and speaking.search(p.read_text(encoding="utf-8"))
    ]
    assert found == []

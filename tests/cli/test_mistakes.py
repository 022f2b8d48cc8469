# SPDX-License-Identifier: Apache-2.0
"""Wrong input of every kind: exit 2, a line that says what is wrong, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portkit.cli.main import run_line
from portkit.files.regular import read_regular
from portkit.model.errors import PortkitError
from portkit.targets.user import load_user_rows

MAPS: dict[str, bytes] = {
    "binary.json": bytes(range(128, 256)),
    "numbers.json": b'{"a": 1}',
    "blanks.json": b'{"cudaMalloc": "x y"}',
    "list.json": b"[1]",
    "cut.json": b"{",
    "deep.json": b"[" * 100_000,
    "nul.json": b'{"cuda\0Malloc": "x"}',
    "surrogate.json": b'{"cuda\\ud800": "x"}',
    "columns.csv": b"a,b\n",
    "short.csv": b"name,target\ncudaMalloc\n",
    "empty.csv": b"",
    "nul.csv": b"name,target\ncuda\0Malloc,x\n",
    "open.csv": b'name,target\n"cudaMalloc,x\n',
    "wide.csv": b'name,target\n"' + b"x" * 200_000 + b'",y\n',
}
MIGRATE = ("migrate", "tree", "--to", "musa")
REPORT = ("report", "tree", "--to", "musa")
# What is wrong -> words that the message must hold.
WRONG: list[tuple[tuple[str, ...], str]] = [
    (("report", "nowhere", "--to", "musa"), "nowhere"),
    (("report", "tree"), "--to"),
    (("report", "tree", "--to", ""), "unknown target"),
    (("report", "tree", "--to", "@"), "unknown target"),
    (("report", "tree", "--to", "../musa"), "did you mean musa"),
    (("report", "tree", "--to", "biren"), "gen1"),
    ((*REPORT, "--root", "nowhere"), "nowhere"),
    ((*REPORT, "--root", "empty.csv"), "empty.csv"),
    ((*REPORT, "--root", os.path.abspath("/usr")), "outside"),  # noqa: PTH100
    ((*REPORT, "--only", "nolibrary"), "cublas"),
    ((*REPORT, "--skip", "cublass"), "did you mean cublas"),
    ((*REPORT, "--accept", "exists=perhaps"), "exists="),
    ((*REPORT, "--exclude", "!"), "!"),
    ((*REPORT, "--format", "nonsense"), "nonsense"),
    ((*REPORT, "-o", "tree"), "tree"),
    ((*REPORT, "-o", "nowhere/x.txt"), "nowhere"),
    ((*REPORT, "--format", "json=nowhere/x.json"), "nowhere"),
    ((*REPORT, "-p", "nowhere"), "nowhere"),
    ((*REPORT, "-p", "binary.json"), "binary.json"),
    ((*REPORT, "-p", "numbers.json"), "numbers.json"),
    ((*REPORT, "-j", "x"), "-j"),
    ((*REPORT, "--rung", "none"), "clang"),
    ((*REPORT, "--lang", "fr"), "zh"),
    (("scan", "nowhere"), "nowhere"),
    (("scan", "tree", "-o", "tree"), "tree"),
    (("scan", "tree", "-o", "nowhere/x.json"), "nowhere"),
    (("migrate", "tree"), "--to"),
    (("migrate", "tree", "--undo"), "nothing to undo"),
    ((*MIGRATE, "--in-place"), "--allow-dirty"),
    ((*MIGRATE, "--in-place", "--diff"), "exclude each other"),
    ((*MIGRATE, "--strategy", "header", "--comments"), "--comments"),
    ((*MIGRATE, "--strategy", "header", "--rename-files"), "--rename-files"),
    ((*MIGRATE, "--out-dir", "tree"), "--in-place"),
    ((*MIGRATE, "--out-dir", "tree/out"), "outside"),
    ((*MIGRATE, "--out-dir", "empty.csv"), "not a folder"),
    ((*MIGRATE, "--out-dir", "empty.csv/x", "--force"), "not a folder"),
    ((*MIGRATE, "--out-dir", "full"), "not empty"),
    (("explain", "PK999"), "PK999"),
    (("explain", "../../etc/passwd"), "unknown rule"),
    (("nonsense",), "nonsense"),
    *(((*MIGRATE, "--map", name), name) for name in MAPS),
    ((*MIGRATE, "--map", "nowhere.csv"), "nowhere.csv"),
    ((*MIGRATE, "--map", "tree"), "tree"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small tree and the broken maps, as the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.cu").write_text("int main() { void *p; return cudaMalloc(&p, 8); }\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    for name, data in MAPS.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=[" ".join(a)[:60] for a, _ in WRONG])
def test_a_mistake_is_one_message(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    before = sorted(p.relative_to(place) for p in place.rglob("*") if "state" not in p.parts)
    assert run_line(list(arguments)) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert "fault of portkit" not in told
    assert (
        sorted(p.relative_to(place) for p in place.rglob("*") if "state" not in p.parts) == before
    )


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda t: ("{" + t).encode()),
        st.text().map(str.encode),
    )
)
def test_any_bytes_as_a_map(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "map"
    path.write_bytes(data)
    try:
        rows = load_user_rows(path)
    except PortkitError as error:
        assert str(error)
    else:
        assert all(name == row.name for name, row in rows.items())


def test_a_fault_of_ours_is_one_line_and_debug_shows_it(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("in a test")

    monkeypatch.setattr("portkit.run.tree_files.discover", broken)
    assert run_line(["report", "tree", "--to", "musa"]) == 2
    told = capsys.readouterr().err
    assert "please report it" in told and "ZeroDivisionError" in told and "Traceback" not in told
    assert run_line(["report", "tree", "--to", "musa"], debug=True) == 2
    assert "Traceback" in capsys.readouterr().err


def test_unreadable_and_vanishing_files_are_findings(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "tree" / "gone.cu").write_text("cudaFree(0);\n")
    (place / "tree" / "loop.cu").symlink_to("loop.cu")

    def vanishing(path: Path, limit: int) -> bytes:
        if path.name == "gone.cu":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return read_regular(path, limit)

    monkeypatch.setattr("portkit.run.contents.read_regular", vanishing)
    assert run_line(["report", "tree", "--to", "musa", "--format", "json", "-j", "1"]) == 0
    plan = json.loads(capsys.readouterr().out)["plans"][0]
    assert [f["path"] for f in plan["files"]] == ["a.cu"]
    assert {f["args"]["path"]: f["args"]["reason"] for f in plan["findings"]} == {
        "gone.cu": "unreadable",
        "loop.cu": "unreadable",
    }


def shell(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PORTKIT": f"{sys.executable} -m portkit", "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=place,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "what",
    [
        "report tree --to musa --format json --rung lex",
        "migrate tree --to musa --diff -q --rung syntax",
        "rules",
        "--help",
    ],
)
def test_a_closed_pipe_ends_quietly(place: Path, what: str) -> None:
    for number in range(200):
        (place / "tree" / f"{number}.cu").write_text("int x = cudaFree(0), y = cudaSuccess;\n" * 40)
    done = shell(f"$PORTKIT {what} | head -c 5; exit ${{PIPESTATUS[0]}}", place)
    assert (done.returncode, len(done.stdout)) == (0, 5), done.stderr
    assert "Traceback" not in done.stderr and "Broken pipe" not in done.stderr


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_a_full_disk_under_stdout(place: Path) -> None:
    done = shell("$PORTKIT report tree --to musa --format json > /dev/full", place)
    assert done.returncode == 2
    assert (
        done.stderr.strip().endswith("No space left on device")
        and len(done.stderr.strip().splitlines()) == 1
    )


def test_no_stdout_at_all(place: Path) -> None:
    assert shell("$PORTKIT doctor >&-", place).returncode == 0


def test_a_locale_without_the_characters(place: Path) -> None:
    done = shell(
        "LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii $PORTKIT report tree --to musa --lang zh",
        place,
    )
    assert done.returncode == 0, done.stderr


# Runs portkit up to the moment at which it looks at the tree, and waits there for a signal.
HELD = """
import signal, sys
import portkit.files.discovery as discovery
def held(*given, **more):
    print("here", file=sys.stderr, flush=True)
    while True:
        signal.pause()
discovery.discover = held
from portkit.cli.start import main
main()
"""


def test_control_c(place: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HELD, "report", "tree", "--to", "musa", "-j", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    with child:
        assert child.stderr is not None
        assert child.stderr.readline()  # the hook's: the run is at the tree
        os.killpg(child.pid, signal.SIGINT)
        told = child.stderr.read()
    assert child.returncode == 130
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("portkit rep", {"report"}),
        ("portkit report --to m", {"musa", "maca"}),
        ("portkit migrate --to biren@gen", {"biren@gen1", "biren@gen2"}),
        ("portkit explain PK90", {"PK900", "PK905"}),
        ("portkit report --skip cublasl", {"cublaslt"}),
        ("portkit query cudaMallocM", {"cudaMallocManaged"}),
        ("portkit report --format sar", {"sarif"}),
        ("portkit migrate --str", {"--strategy"}),
        ("portkit migrate --strategy h", {"header"}),
    ],
)
def test_completion(place: Path, line: str, offered: set[str]) -> None:
    env = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
        "_PORTKIT_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from portkit.cli.main import main; main()"],
        env={**os.environ, **env}, cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    assert offered <= {word.partition(",")[2] for word in done.stdout.splitlines()}, done.stdout

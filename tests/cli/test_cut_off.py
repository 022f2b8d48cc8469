# SPDX-License-Identifier: Apache-2.0
"""A migration that was cut off, from the command line: who finishes it, who is refused, and the
ways out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = "#include <cuda_runtime.h>\nvoid f(void *p) { cudaFree(p); }\n"
MUSA = SOURCE.replace("cuda_runtime", "musa_runtime").replace("cudaFree", "musaFree")
NAMES = ("a.cu", "b.cu", "c.cu")
Run = Callable[..., Any]
# portkit as it is when it dies before it writes the file that the first argument names
DYING = """
import os, sys
from portkit.rewrite import transaction
real, at = transaction.replace, sys.argv.pop(1)
def replace(path, *rest):
    if path.name == at:
        os._exit(137)
    real(path, *rest)
transaction.replace = replace
from portkit.__main__ import main
main()
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(SOURCE)
    return folder


def contents(tree: Path) -> list[str]:
    return [(tree / name).read_text() for name in NAMES]


def in_place(*options: str, to: str = "musa") -> list[str]:
    return [
        "migrate",
        ".",
        "--root",
        ".",
        "--to",
        to,
        "--in-place",
        "--allow-dirty",
        "-q",
        "-j",
        "1",
        *options,
    ]


def dies(tree: Path, *words: str, at: str = "b.cu") -> None:
    """Run portkit until it dies, in the surroundings of the fixture `portkit`."""
    home = tree.parent / "home"
    home.mkdir(exist_ok=True)
    source = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    env = {**os.environ, **source, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    done = subprocess.run(
        [sys.executable, "-c", DYING, at, *words],
        cwd=tree,
        env=env,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 137, done.stderr


def one_line(done: Any) -> str:
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return str(done.stderr)


@pytest.mark.parametrize(
    "options", [(), ("--fix",), ("--accept", "exists=doc"), ("--comments", "--only", "runtime")]
)
def test_the_same_command_finishes_it(portkit: Run, tree: Path, options: tuple[str, ...]) -> None:
    dies(tree, *in_place(*options))
    assert contents(tree) == [MUSA, SOURCE, SOURCE]
    assert "finished an earlier run (3 files)" in portkit(*in_place(*options), cwd=tree).stderr
    assert contents(tree) == [MUSA] * 3
    portkit("migrate", ".", "--root", ".", "--undo", cwd=tree)
    assert contents(tree) == [SOURCE] * 3


def test_options_that_change_nothing_written_do_not_count(portkit: Run, tree: Path) -> None:
    dies(tree, *in_place("--format", "json", "--fail-on", "error", "--rung", "clang"))
    words = [
        "migrate",
        "a.cu",
        "c.cu",
        "--root",
        ".",
        "--to",
        "musa@mp_31",
        "--in-place",
        "--allow-dirty",
        "-v",
        "-j",
        "2",
        "--lang",
        "zh",
    ]
    assert "finished an earlier run" in portkit(*words, cwd=tree).stderr
    assert contents(tree) == [MUSA] * 3


OTHERS = (
    (in_place(to="maca"), "--to maca@native"),
    (in_place(to="musa@mp_22"), "--to musa@mp_22"),
    (in_place("--comments"), "--comments"),
    (in_place("--rename-files"), "--rename-files"),
    (in_place("--strategy", "header"), "--strategy header"),
    (in_place("--accept", "exists=rule"), "--accept exists=rule"),
    (in_place("--only", "cublas"), "--only cublas"),
    (in_place("-D", "X=1"), "--defines X=1"),
    (
        ["migrate", ".", "--root", ".", "--from", "musa", "--in-place", "--allow-dirty"],
        "--from musa@mp_31",
    ),
)


def test_another_target_or_other_options_are_refused(portkit: Run, tree: Path) -> None:
    dies(tree, *in_place())
    for words, named in OTHERS:
        said = one_line(portkit(*words, cwd=tree, code=2))
        assert (
            "`migrate --to musa@mp_31`" in said
            and f"{named}`" in said
            and "--undo" in said
            and "--abandon" in said
        )
        assert contents(tree) == [MUSA, SOURCE, SOURCE] and len(list(tree.iterdir())) == 3


def test_settings_of_a_file_and_the_bytes_of_a_map_count(portkit: Run, tree: Path) -> None:
    (tree / "ours.csv").write_text("name,target\ncudaFree,ourFree\n")
    (tree / "portkit.toml").write_text(
        'targets = ["musa"]\nmaps = ["ours.csv"]\n[[overrides]]\npaths = ["x/"]\nskip = ["cublas"]\n'
    )
    words = ["migrate", ".", "--in-place", "--allow-dirty", "-q"]
    dies(tree, *words)
    (tree / "ours.csv").write_text("name,target\ncudaFree,theirFree\n")
    said = one_line(portkit(*words, cwd=tree, code=2))
    assert said.count("--maps ours.csv (") == 2 and "--overrides" in said
    (tree / "ours.csv").write_text("name,target\ncudaFree,ourFree\n")
    assert "finished an earlier run" in portkit(*words, cwd=tree).stderr


def test_nothing_but_in_place_looks_at_the_journal(portkit: Run, tree: Path) -> None:
    dies(tree, *in_place())
    portkit("migrate", ".", "--root", ".", "--to", "maca", cwd=tree)
    portkit("report", ".", "--root", ".", "--to", "maca", cwd=tree)
    assert contents(tree) == [MUSA, SOURCE, SOURCE]


def test_out_of_the_wedge(portkit: Run, tree: Path) -> None:
    dies(tree, *in_place())
    (tree / "b.cu").write_text(SOURCE + "// mine\n")
    for words in (in_place(), ["migrate", ".", "--root", ".", "--undo"]):
        said = one_line(portkit(*words, cwd=tree, code=2))
        assert (
            "b.cu: is neither" in said
            and "portkit migrate --abandon" in said
            and "/journal/" in said
        )
    said = one_line(portkit("migrate", ".", "--root", ".", "--abandon", cwd=tree))
    assert "000001.abandoned.json; 1 of 3 files hold its edits, --undo takes those back" in said
    assert contents(tree) == [MUSA, SOURCE + "// mine\n", SOURCE]
    portkit(*in_place(), cwd=tree)
    assert contents(tree) == [MUSA, MUSA + "// mine\n", MUSA]
    portkit("migrate", ".", "--root", ".", "--undo", cwd=tree)
    assert contents(tree) == [SOURCE, SOURCE + "// mine\n", SOURCE]


def test_abandon_alone(portkit: Run, tree: Path) -> None:
    assert "no run to abandon" in one_line(
        portkit("migrate", ".", "--root", ".", "--abandon", cwd=tree, code=2)
    )
    portkit("migrate", ".", "--root", ".", "--abandon", "--undo", cwd=tree, code=2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("more", [(), ("--format", "json")])
def test_a_full_standard_output_says_that_all_is_written(tree: Path, more: tuple[str, ...]) -> None:
    env = {**os.environ, "PORTKIT_STATE_DIR": str(tree.parent / "state")}
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "portkit", *in_place(*more)]
        done = subprocess.run(
            words, cwd=tree, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (
        done.returncode == 2 and "files written" in done.stderr and "No space left" in done.stderr
    )
    assert contents(tree) == [MUSA] * 3


def test_an_output_that_cannot_be_made_says_that_all_is_written(portkit: Run, tree: Path) -> None:
    done = portkit(*in_place("-o", "nowhere/report.txt"), cwd=tree, code=2)
    assert (
        "3 files written; --undo takes it back" in done.stderr
        and "cannot write the report" in done.stderr
    )
    portkit("migrate", ".", "--root", ".", "--undo", cwd=tree)
    assert contents(tree) == [SOURCE] * 3


def test_the_journal_names_its_command(portkit: Run, tree: Path) -> None:
    portkit(*in_place("--comments"), cwd=tree)
    (path,) = (tree.parent / "home/state/portkit/journal").glob("*/000001.done.json")
    meta = json.loads(path.read_bytes())["meta"]
    assert (
        meta["target"] == "musa@mp_31"
        and meta["command"] == ["--to musa@mp_31", "--comments"]
        and meta["version"]
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(("full_too", "code"), [(False, 0), (True, 2)])
def test_messages_that_cannot_be_told_change_no_exit_code(
    full_too: bool, code: int, tmp_path: Path
) -> None:
    """Exit code 1 says that there are findings: a full disk behind stderr must not say so."""
    (tmp_path / "a.cu").write_text("#include <cuda_runtime.h>\nvoid a(void *p) { cudaFree(p); }\n")
    command = [sys.executable, "-m", "portkit", "migrate", "a.cu", "--to", "musa", "--no-cache"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            stdout=full if full_too else subprocess.DEVNULL,
            stderr=full,
            check=False,
        )
    assert done.returncode == code

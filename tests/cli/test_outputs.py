# SPDX-License-Identifier: Apache-2.0
"""Where outputs go: wherever the user says, never where a link of the tree leads; whole or not at
all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pytest

from portkit.config.load import load_config
from portkit.model.errors import PortkitError
from portkit.report.output import write_file
from portkit.rewrite.place import output_place

SOURCE = "#include <cuda_runtime.h>\nvoid f(void *p) { cudaFree(p); }\n"
Run = Callable[..., Any]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "a.cu").write_text(SOURCE)
    return folder


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("precious")
    return path


WAYS = {
    "scan": ("scan", ".", "-o", "{}"),
    "report": ("report", ".", "--to", "musa", "-o", "{}"),
    "check": ("check", ".", "--to", "musa", "--format", "json={}"),
    "compare": ("compare", ".", "--format", "html={}"),
    "migrate": ("migrate", ".", "--to", "musa", "-o", "{}"),
    "in place": ("migrate", ".", "--to", "musa", "--in-place", "--allow-dirty", "-o", "{}"),
    "baseline": ("baseline", ".", "--to", "musa", "--write", "--baseline", "{}"),
}


def refused(portkit: Run, tree: Path, way: str, name: str, **more: Any) -> str:
    words = [word.format(name) for word in WAYS[way]]
    done = portkit(*words, "--root", ".", "-j", "1", cwd=tree, code=2, **more)
    assert (
        len(done.stderr.splitlines()) == 1 and "refused to write through a link" in done.stderr
    ), done.stderr
    assert (tree / "a.cu").read_text() == SOURCE, "refused before the tree is written"
    return str(done.stderr)


@pytest.mark.parametrize("way", WAYS)
def test_a_link_of_the_tree_is_not_followed_out_of_it(
    portkit: Run, tree: Path, victim: Path, way: str
) -> None:
    (tree / "out.json").symlink_to("../victim")
    assert "out.json" in refused(portkit, tree, way, "out.json")
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("way", ["scan", "report", "baseline"])
@pytest.mark.parametrize(
    "target", ["../made", "/tmp/portkit-made-by-a-link", ".git/hooks/pre-commit", "sub/../../made"]
)
def test_a_dangling_link_makes_nothing(portkit: Run, tree: Path, way: str, target: str) -> None:
    (tree / ".git/hooks").mkdir(parents=True)
    (tree / "sub").mkdir()
    (tree / "out.json").symlink_to(target)
    refused(portkit, tree, way, "out.json")
    assert not (tree / target).exists()


@pytest.mark.parametrize("way", ["scan", "report", "baseline"])
def test_a_linked_folder_of_the_tree_is_not_followed_out_of_it(
    portkit: Run, tree: Path, tmp_path: Path, way: str
) -> None:
    (tmp_path / "theirs").mkdir()
    (tree / "reports").symlink_to("../theirs")
    for name in (
        "reports/x.json",
        "./reports/x.json",
        str(tree / "reports/x.json"),
        "reports/../reports/x.json",
    ):
        refused(portkit, tree, way, name)
    assert not list((tmp_path / "theirs").iterdir())


@pytest.mark.parametrize("way", ["scan", "report", "baseline"])
def test_a_link_beside_a_root_that_the_tree_made_small_is_not_followed(
    portkit: Run, tree: Path, victim: Path, way: str
) -> None:
    """A configuration in a folder makes that folder the root; the link lies above it, in the same
    work tree.
    """
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    (tree / "sub").mkdir()
    (tree / "sub/b.cu").write_text(SOURCE)
    (tree / "sub/portkit.toml").write_text('targets = ["musa"]\n')
    (tree / "out.json").symlink_to("../victim")
    words = [word.format("out.json") if word != "." else "sub" for word in WAYS[way]]
    done = portkit(*words, "-j", "1", cwd=tree, code=2)
    assert (
        "refused to write through a link that leaves the tree" in done.stderr
        and victim.read_text() == "precious"
    )


def test_a_device_behind_a_link_is_not_written(portkit: Run, tree: Path) -> None:
    for target in ("/dev/stdout", "/proc/self/fd/1", "/dev/null"):
        (tree / "out.json").unlink(missing_ok=True)
        (tree / "out.json").symlink_to(target)
        refused(portkit, tree, "scan", "out.json")


def test_links_inside_the_tree_and_places_outside_of_it_work(
    portkit: Run, tree: Path, tmp_path: Path
) -> None:
    (tree / "build").mkdir()
    (tree / "latest.json").symlink_to("build/scan.json")
    portkit("scan", ".", "--root", ".", "-o", "latest.json", cwd=tree)
    assert (tree / "latest.json").is_symlink() and json.loads(
        (tree / "build/scan.json").read_text()
    )["files"]
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine").symlink_to("elsewhere")
    portkit("scan", ".", "--root", ".", "-o", "../mine/scan.json", cwd=tree)
    assert (tmp_path / "elsewhere/scan.json").is_file()
    (tmp_path / "through").symlink_to("repo")  # a link of the user's into the tree
    portkit("scan", ".", "--root", ".", "-o", tmp_path / "through/scan.json", cwd=tree)
    assert (tree / "scan.json").is_file()
    portkit(
        "baseline",
        ".",
        "--root",
        ".",
        "--to",
        "musa",
        "--write",
        "--baseline",
        "../mine/known.json",
        cwd=tree,
    )
    assert (tmp_path / "elsewhere/known.json").is_file()


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout here")
def test_devices_and_pipes_still_work(portkit_process: Run, tree: Path, tmp_path: Path) -> None:
    done = portkit_process(
        "report",
        ".",
        "--root",
        ".",
        "--to",
        "musa",
        "--format",
        "json",
        "-o",
        "/dev/stdout",
        cwd=tree,
    )
    assert json.loads(done.stdout)["plans"]
    assert (
        '"portkit/scan/1"'
        in portkit_process("scan", ".", "--root", ".", "-o", "/dev/stdout", cwd=tree).stdout
    )
    portkit_process("scan", ".", "--root", ".", "-o", "/dev/null", cwd=tree)
    assert Path("/dev/null").is_char_device()
    for pipe in (tmp_path / "pipe", tree / "pipe"):
        os.mkfifo(pipe)
        read: list[str] = []
        reader = threading.Thread(target=lambda p=pipe, r=read: r.append(p.read_text()))
        reader.start()
        portkit_process("scan", "a.cu", "--root", ".", "-o", pipe, cwd=tree)
        reader.join(60)
        assert "portkit/scan/1" in read[0] and pipe.is_fifo()


def test_a_folder_behind_a_link_is_no_output_folder(
    portkit: Run, tree: Path, tmp_path: Path
) -> None:
    (tree / "port").symlink_to("../new")
    done = portkit(
        "migrate", ".", "--root", ".", "--to", "musa", "--out-dir", "port", cwd=tree, code=2
    )
    assert (
        "refused to write through a link that leaves the tree" in done.stderr
        and not (tmp_path / "new").exists()
    )


def test_where_a_link_in_a_circle_leads(tree: Path) -> None:
    (tree / "a").symlink_to("b")
    (tree / "b").symlink_to("a")
    with pytest.raises(PortkitError):
        output_place(tree / "a", tree)


# --- whole or not at all
# ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_report_that_fails_leaves_the_old_one(tree: Path, error: BaseException) -> None:
    place = tree / "report.txt"
    place.write_text("old")
    place.chmod(0o640)

    def render(stream: TextIO) -> None:
        stream.write("half" * 100_000)
        raise error

    with pytest.raises((PortkitError, KeyboardInterrupt)):
        write_file(place, render, tree)
    assert place.read_text() == "old" and [p.name for p in tree.iterdir() if ".tmp" in p.name] == []
    write_file(place, lambda stream: print("néw", file=stream), tree)
    assert place.read_bytes() == "néw\n".encode() and place.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a limit of the file size is set")
def test_a_full_disk_leaves_the_old_scan(tree: Path, tmp_path: Path) -> None:
    """A limit of the file size stands in for a full disk: the same refusal in the middle of
    writing.
    """
    for number in range(40):
        (tree / f"f{number}.cu").write_text(SOURCE * 20)
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); from portkit.__main__ import main; sys.exit(main())"
    )
    (tree / "scan.json").write_text("old")
    words = [
        "scan",
        ".",
        "--root",
        ".",
        "-j",
        "1",
        "--no-cache",
        "--rung",
        "lex",
        "-o",
        "scan.json",
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "cannot write the scan: File too large" in done.stderr, (
        done.stderr
    )
    assert (tree / "scan.json").read_text() == "old" and not list(tree.glob(".portkit-*"))


# --- a baseline that a configuration names
# ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["portkit.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "value",
    [
        "../known.json",
        "sub/../../known.json",
        "/tmp/portkit-known.json",
        "link/known.json",
        "known",
        ".git/info/attributes",
        ".",
    ],
)
def test_a_configured_baseline_lies_below_its_folder(
    portkit: Run, tree: Path, tmp_path: Path, name: str, value: str
) -> None:
    (tree / "sub").mkdir()
    (tree / ".git/info").mkdir(parents=True)
    (tree / "link").symlink_to("..")
    (tree / "known").symlink_to("../dot_profile")
    head = "[tool.portkit]\n" if name == "pyproject.toml" else ""
    (tree / name).write_text(f'{head}targets = ["musa"]\nbaseline = "{value}"\n')
    before = sorted(tmp_path.rglob("*"))
    for words in (
        ("baseline", ".", "--write"),
        ("check", "."),
        ("migrate", ".", "--in-place", "--allow-dirty"),
    ):
        done = portkit(*words, cwd=tree, code=2)
        assert (
            len(done.stderr.splitlines()) == 1
            and f"{name}:{3 if head else 2}: baseline: " in done.stderr
        )
    assert [p for p in sorted(tmp_path.rglob("*")) if "home" not in p.parts] == before
    assert not Path("/tmp/portkit-known.json").exists()


@pytest.mark.parametrize(
    "value", ["known.json", "sub/known.json", "./sub/../known.json", "inside/known.json"]
)
def test_a_baseline_below_the_folder_works(tree: Path, value: str) -> None:
    (tree / "sub").mkdir()
    (tree / "inside").symlink_to("sub")
    (tree / "portkit.toml").write_text(f'baseline = "{value}"\n')
    assert load_config(tree / "portkit.toml").config.baseline == value


def test_the_command_line_and_the_environment_may_name_any_baseline(
    portkit: Run, tree: Path, tmp_path: Path
) -> None:
    portkit(
        "baseline",
        ".",
        "--root",
        ".",
        "--to",
        "musa",
        "--write",
        cwd=tree,
        PORTKIT_BASELINE=str(tmp_path / "one.json"),
    )
    portkit(
        "baseline",
        ".",
        "--root",
        ".",
        "--to",
        "musa",
        "--write",
        "--baseline",
        "../two.json",
        cwd=tree,
    )
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_no_name_of_a_file_begins_a_line_of_a_baseline(portkit: Run, tree: Path) -> None:
    for name in ("$(touch x).cu", "a\n$(touch x)\n.cu", "`touch x`.cu"):
        (tree / name).write_text('void f() { asm("bar.sync 1;"); }\n')
    portkit("baseline", ".", "--root", ".", "--to", "musa", "--write", cwd=tree)
    lines = (tree / "portkit-baseline.json").read_text().splitlines()
    assert len(lines) >= 6 and all(
        line.startswith(("{", '"tool"', '"findings"', "]")) for line in lines
    )

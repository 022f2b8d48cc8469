# SPDX-License-Identifier: Apache-2.0
"""What lies elsewhere on the machine changes no report: each tree is read with and without it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.cli.main import run_line
from portkit.files.links import stays
from portkit.languages.cxx.clang.libclang import load_clang

USE = "#ifdef HOST\nint cudaFree(void *);\n#endif\nvoid f(void *p) { cudaFree(p); }\n"
OWN = "int cudaFree(void *);\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Report on the tree; return the exit code, what was said, and the report."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))

    def report(*options: str) -> tuple[int, str, str]:
        output = tmp_path / "report.json"
        output.unlink(missing_ok=True)
        arguments = [
            "report",
            str(tmp_path / "tree"),
            "--to",
            "musa",
            "--format",
            "json",
            "-o",
            str(output),
        ]
        code = run_line([*arguments, "-j", "1", "--no-cache", *options])
        return (
            code,
            capsys.readouterr().err,
            output.read_text(encoding="utf-8") if output.exists() else "",
        )

    return report


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / ".git").mkdir(parents=True)
    (root / "a.cu").write_text(USE)
    return root


def furnish(host: Path, tree: Path) -> None:
    """Put everything that a tree may ask for into a folder of the machine."""
    (host / "sub").mkdir(parents=True)
    for name in ("x.cu", "h.h", "sub/h.h"):
        (host / name).write_text(OWN)
    (host / "back.h").symlink_to(tree / "real.h")
    (host / "tree").symlink_to(tree)
    (host / "m.csv").write_text("name,target,new_name\ncudaFree,musa,hostFree\n")
    (host / "rsp").write_text("-DHOST\n")
    (host / "portkit.toml").write_text('ignore = ["PK9"]\n')
    entry = {"directory": str(tree), "file": "a.cu", "arguments": ["nvcc", "-DHOST", "a.cu"]}
    (host / "compile_commands.json").write_text(json.dumps([entry]))


def both(run: Run, tree: Path, *options: str) -> tuple[int, str, str]:
    """Report with the host's files and without them; the two must not differ in anything."""
    host = tree.parent / "host"
    without = run(*options)
    furnish(host, tree)
    assert run(*options) == without
    shutil.rmtree(host)
    return without


LINKS = {
    "a source": {"x.cu": "../host/x.cu"},
    "a header": {"h.h": "../host/h.h"},
    "a header, absolute": {"h.h": "{host}/h.h"},
    "a folder": {"sub": "../host/sub"},
    "a folder with a dot": {"sub.d": "../host/sub"},
    "out and in again": {"back.h": "../host/back.h", "real.h": ""},
    "in by a folder": {"back.h": "../host/tree/real.h", "real.h": ""},
    "a link to a link": {"h.h": "l/h.h", "l": "../host/sub"},
    "what is no source": {"notes.txt": "../host/x.cu"},
}


@pytest.mark.parametrize("case", LINKS)
def test_links_that_lead_out(case: str, tree: Path, run: Run) -> None:
    for name, to in LINKS[case].items():
        if to:
            (tree / name).symlink_to(to.format(host=tree.parent / "host"))
        else:
            (tree / name).write_text(OWN)
    names = ("h.h", "sub/h.h", "sub.d/h.h", "back.h", "l/h.h")
    includes = "".join(f'#if __has_include("{n}")\n#include "{n}"\n#endif\n' for n in names)
    (tree / "a.cu").write_text(f"{includes}{USE}")
    code, _, report = both(run, tree)
    assert code == 0
    assert "PK906" in report


@pytest.mark.skipif(load_clang() is None, reason="no libclang here")
@pytest.mark.parametrize("name", ["h.h", "back.h", "deep/back.h"])
def test_an_include_by_a_link_that_leads_out(name: str, tree: Path, run: Run) -> None:
    (tree / "real.h").write_text(OWN)
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).symlink_to(tree.parent / "host" / Path(name).name)
    (tree / "a.cu").write_text(f'#include "{name}"\n{USE}')
    _, _, report = both(run, tree)
    assert "PK906" in report


@pytest.mark.parametrize(
    "to", ["../host/portkit.toml", "{host}/portkit.toml", "l", "../host/tree/own.toml"]
)
def test_settings_that_are_a_link_out(to: str, tree: Path, run: Run) -> None:
    (tree / "l").symlink_to("../host/portkit.toml")
    (tree / "own.toml").write_text("")
    (tree / "portkit.toml").symlink_to(to.format(host=tree.parent / "host"))
    code, said, _ = both(run, tree)
    assert code == 2
    assert "portkit.toml: the configuration is a link out of the tree" in said
    assert said.count("\n") == 1
    assert both(run, tree, "--no-config")[0] == 0


@pytest.mark.parametrize("to", ["../host/portkit.toml", "{host}/none", "../host/tree/own.toml"])
def test_a_pyproject_that_is_a_link_out(to: str, tree: Path, run: Run) -> None:
    (tree / "own.toml").write_text("")
    (tree / "pyproject.toml").symlink_to(to.format(host=tree.parent / "host"))
    code, said, _ = both(run, tree)
    assert code == 2
    assert "pyproject.toml: is a link out of the tree" in said
    assert both(run, tree, "--root", str(tree), "--no-config")[0] == 0


SETTINGS = {
    'maps = ["../host/m.csv"]': "maps: '../host/m.csv' leads out of the tree",
    'maps = ["{host}/m.csv"]': "leads out of the tree",
    'maps = ["l/m.csv"]': "maps: 'l/m.csv' leads out of the tree",
    'compile-db = "../host"': "compile-db: '../host' leads out of the tree",
    'compile-db = "l"': "compile-db: 'l' leads out of the tree",
    'compile-db = "db"': "compile-db: 'db/compile_commands.json' leads out of the tree",
    'compile-db = "../host/tree"': "leads out of the tree",
    'baseline = "l/b.json"': "baseline: 'l/b.json' does not lie below",
}


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_that_name_what_lies_outside(text: str, tree: Path, run: Run) -> None:
    host = tree.parent / "host"
    (tree / "l").symlink_to("../host")
    (tree / "db").mkdir()
    (tree / "db" / "compile_commands.json").symlink_to("../../host/compile_commands.json")
    (tree / "portkit.toml").write_text(f"\n{text.format(host=host)}\n")
    code, said, _ = both(run, tree)
    assert code == 2
    assert SETTINGS[text] in said
    assert f"{tree / 'portkit.toml'}:2: " in said
    assert said.count("\n") == 1


FLAGS = [
    *("@{host}/rsp", "@../host/rsp", "@l/rsp", "--options-file {host}/rsp", "@in.rsp"),
    *("-include ../host/h.h", "-include {host}/h.h", "-include l/h.h", "-include=../host/h.h"),
    *("-I../host", "-isystem {host}", "-I l", "-iquote ../host/tree/../sub", "-include back.h"),
]


@pytest.mark.parametrize("flags", FLAGS)
def test_commands_of_a_database_that_the_tree_names(flags: str, tree: Path, run: Run) -> None:
    host = tree.parent / "host"
    (tree / "l").symlink_to("../host")
    (tree / "real.h").write_text(OWN)
    (tree / "back.h").symlink_to("../host/back.h")
    (tree / "in.rsp").write_text(f"@{host}/rsp\n")
    entry = {
        "directory": str(tree),
        "file": "a.cu",
        "command": f"nvcc {flags.format(host=host)} -c a.cu",
    }
    (tree / "compile_commands.json").write_text(json.dumps([entry]))
    (tree / "portkit.toml").write_text('compile-db = "."\n')
    code, said, report = both(run, tree)
    assert code == 0
    assert "hostFree" not in report
    if "rsp" in flags:
        assert "lies outside of the tree" in said
    else:
        assert any(f["rule"] == "PK906" for f in findings(report))


@pytest.mark.parametrize("key", ["directory", "file"])
def test_a_way_over_the_machine_to_a_file_of_the_tree(key: str, tree: Path, run: Run) -> None:
    entry = {
        "directory": str(tree),
        "file": str(tree / "a.cu"),
        "arguments": ["nvcc", "-DHOST", "a.cu"],
    }
    entry[key] = {"directory": "../host/tree", "file": "../host/tree/a.cu"}[key]
    (tree / "compile_commands.json").write_text(json.dumps([entry]))
    (tree / "portkit.toml").write_text('compile-db = "."\n')
    assert both(run, tree)[0] == 0


def findings(report: str) -> list[dict[str, str]]:
    plan = json.loads(report)["plans"][0]
    return [*plan["findings"], *(f for file in plan["files"] for f in file["findings"])] if "findings" in plan else [
        f for file in plan["files"] for f in file["findings"]
    ]  # fmt: skip


# --- what the user names counts wherever it lies --------------------------------------------------


def test_what_the_user_names_counts(tree: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    host = tree.parent / "host"
    furnish(host, tree)
    (tree / "portkit.toml").symlink_to("../host/portkit.toml")
    assert run("--config", str(tree / "portkit.toml"))[0] == 0
    (tree / "portkit.toml").unlink()
    assert run("--config", str(host / "portkit.toml"))[0] == 0
    (host / "more.toml").write_text('compile-db = "."\n')
    plain = run()[2]
    for options in (("-p", str(host)), ("--config", str(host / "more.toml"))):
        code, said, report = run(*options)
        assert (code, said) == (0, "")
        assert report != plain
    monkeypatch.setenv("PORTKIT_COMPILE_DB", str(host))
    assert run()[2] != plain


def test_settings_of_the_checkout_count_for_a_folder_in_it(tree: Path, run: Run) -> None:
    (tree / "maps").mkdir()
    (tree / "build").mkdir()
    entry = {
        "directory": str(tree),
        "file": "sub/b.cu",
        "command": "nvcc @maps/rsp -include own.h sub/b.cu",
    }
    (tree / "own.h").write_text("#define OWN\n")
    (tree / "maps" / "rsp").write_text("-DHOST\n")
    (tree / "build" / "compile_commands.json").write_text(json.dumps([entry]))
    (tree / "sub").mkdir()
    (tree / "sub" / "portkit.toml").write_text('compile-db = "../build"\n')
    (tree / "sub" / "b.cu").write_text(USE)
    assert run(str(tree / "sub"))[:2] == (0, "")


# --- the way of a path ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "path", "answer"),
    [
        ({}, "a/b", True),
        ({}, "../host/x", False),
        ({}, "a/../../tree/b", True),
        ({"l": "a"}, "l/b", True),
        ({"l": "../host"}, "l", False),
        ({"l": "../host"}, "l/../b", False),
        ({"l": "{tree}/a"}, "l/b", True),
        ({"l": "../host/back"}, "l", False),
        ({"l": "/proc/self/cwd"}, "l/b", False),
        ({"l": "m", "m": "l"}, "l", True),
        ({"l": "m", "m": "../../x"}, "l", False),
        ({"l": "../tree/a"}, "l", True),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_stays(
    links: dict[str, str], path: str, answer: bool, exists: bool, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    if exists:
        (tmp_path / "host").mkdir()
        (tmp_path / "host" / "back").symlink_to(tree)
    for name, to in links.items():
        (tree / name).symlink_to(to.format(tree=tree))
    assert stays(os.path.join(tree, path), [tree]) is answer  # noqa: PTH118 - the dots stay

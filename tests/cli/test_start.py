# SPDX-License-Identifier: Apache-2.0
"""Quick answers are those of the full program, and importing stays small where a user waits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit import __version__
from portkit.cli.explain import command as explain
from portkit.quick.answer import answer
from portkit.report.i18n import choose_language, languages
from portkit.rules.registry import all_rules
from portkit.rules.summary import FILE, summary_text

ROOT = Path(__file__).resolve().parents[2]


def test_summary_says_nothing_wrong_of_a_rule() -> None:
    """A rule that it lacks is explained the long way."""
    stale = set(FILE.read_text(encoding="utf-8").splitlines()) - set(summary_text().splitlines())
    assert not stale, "run python -m portkit.rules.summary"


@pytest.mark.parametrize("language", languages())
def test_quick_explanations_are_the_full_ones(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for rule in all_rules():
        explain.main([rule, "--lang", language], standalone_mode=False)
        full = capsys.readouterr().out
        assert answer(["explain", rule.lower()], {"LANG": language}) in (
            (full, None) if rule not in FILE.read_text() else (full,)
        )


def test_what_is_unusual_is_left_to_the_full_program() -> None:
    for arguments in (
        ["explain", "PK999"],
        ["explain", "../x"],
        ["explain"],
        ["explain", "PK201", "--lang", "zh"],
        ["--help"],
        [],
        ["rules"],
    ):
        assert answer(arguments, {}) is None
    assert answer(["--version"]) == f"portkit, version {__version__}\n"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LANG": "zh_CN.UTF-8"},
        {"LANG": "fr_FR"},
        {"LC_ALL": "C", "LANG": "zh_CN"},
        {"PORTKIT_LANG": "zh", "LANG": "en_US"},
        {"LANG": "zh-Hans"},
    ],
)
def test_quick_language_is_that_of_reports(environ: dict[str, str]) -> None:
    assert answer(["explain", "PK201"], environ) == answer(
        ["explain", "PK201"], {"LANG": choose_language(None, environ)}
    )


def loaded_by(*arguments: str) -> set[str]:
    code = f"import atexit, sys, runpy\nsys.argv[1:] = {list(arguments)!r}\n"
    # the full program ends its process itself
    code += "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code += "runpy.run_module('portkit', run_name='__main__')\n"
    env = {**os.environ, **({"PYTHONPATH": str(ROOT / "src")} if (ROOT / "src").is_dir() else {})}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [("--version",), ("explain", "PK201")])
def test_quick_answers_import_next_to_nothing(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)
    assert "portkit.quick.answer" in loaded and not loaded & {
        "click",
        "msgspec",
        "rich",
        "tomllib",
        "portkit.cli.main",
        "portkit.model",
    }


def test_query_and_check_leave_out_what_they_do_not_need(tmp_path: Path) -> None:
    source = tmp_path / "a.cu"
    source.write_text("#include <cuda_runtime.h>\nint f(void *p) { return cudaFree(p); }\n")
    heavy = {"rich", "jinja2", "pygls", "lsprotocol"}
    assert not loaded_by("query", "cudaFree", "--to", "musa") & (
        heavy | {"clang.cindex", "multiprocessing", "portkit.run", "tree_sitter"}
    )
    assert not loaded_by("check", str(source), "--to", "musa", "-j", "1") & heavy


def test_version_of_the_installed_program(portkit: Callable[..., Any]) -> None:
    assert portkit("--version").stdout == f"portkit, version {__version__}\n"
    assert (
        "no text" in portkit("explain", "PK999", code=2).stderr
        or "PK999" in portkit("explain", "PK999", code=2).stderr
    )

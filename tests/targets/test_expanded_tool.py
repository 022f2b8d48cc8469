# SPDX-License-Identifier: Apache-2.0
"""The diff of the expanded tables: one line of a naming rule shows as all the names that it
changes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portkit.targets.target import available_targets

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "expanded_table.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not TOOL.is_file():
        pytest.skip("tools/ is not there")
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the mappings without the line of the rule that makes topspti of cupti."""
    folder = tmp_path_factory.mktemp("other") / "mappings"
    shutil.copytree(ROOT / "mappings", folder)
    path = folder / "enflame" / "target.toml"
    text = path.read_text(encoding="utf-8")
    assert "['^cupti(?=[A-Z])', 'topspti']," in text
    path.write_text(text.replace("['^cupti(?=[A-Z])', 'topspti'],", ""), encoding="utf-8")
    return folder


def test_equal_tables_differ_in_nothing() -> None:
    done = run("--against", str(ROOT / "mappings"), "--target", "enflame@gcu400", "--exit-code")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "enflame@gcu400: the same files\n"


def test_another_wording_of_equal_tables_differs_in_nothing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    with (tmp_path / "mappings" / "enflame" / "target.toml").open("a", encoding="utf-8") as file:
        file.write("\n# a comment\n")
    done = run("--against", str(tmp_path / "mappings"), "--target", "enflame@gcu400", "--exit-code")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("enflame@gcu400: ") and line.endswith("0 lines gone, 0 come")


def test_one_line_of_the_rule_is_many_names(other: Path) -> None:
    done = run("--against", str(other), "--target", "enflame@gcu300", "--exit-code", "--limit", "5")
    assert done.returncode == 1, done.stderr
    head, *lines, rest = done.stdout.splitlines()
    come = int(head.rpartition(", ")[2].split()[0])
    assert come > 50 and len(lines) == 5
    assert all(line.startswith("+ cupti") and line.endswith("\tderived") for line in lines)
    assert rest == f"  ... and {come - 5} more"


def test_an_unknown_revision_is_said_in_a_line() -> None:
    done = run("--against", "no-such-revision")
    assert (
        done.returncode != 0
        and "no-such-revision" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_the_lists_of_ambiguous_names_are_current(other: Path) -> None:
    before = {p.parent.name: p.read_bytes() for p in (ROOT / "mappings").glob("*/ambiguous.tsv")}
    assert before and before.keys() <= {*available_targets()}
    assert all(
        len(line.split(b"\t")) == 3 for text in before.values() for line in text.splitlines()
    )

# SPDX-License-Identifier: Apache-2.0
"""The wheel and the source archive hold what they must: code, tables, texts, schemas, and nothing
of the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent


def files_below(folder: Path, pattern: str = "*") -> set[str]:
    """Return the POSIX paths of the files below `folder` that are part of the project."""
    return {
        p.relative_to(folder).as_posix()
        for p in folder.rglob(pattern)
        if p.is_file()
        and "__pycache__" not in p.parts
        and not any(x.startswith(".") for x in p.parts)
    }


def test_wheel_holds_code_tables_and_texts(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tables = {f"portkit/_data/mappings/{p}" for p in files_below(ROOT / "mappings")}
    code = {f"portkit/{p}" for p in files_below(ROOT / "src" / "portkit")}
    assert tables and tables <= names, sorted(tables - names)[:5]
    assert code <= names, sorted(code - names)[:5]
    assert {n.split("/")[0] for n in names} == {
        "portkit",
        wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_sdist_holds_tables_and_fixtures(archives: Path) -> None:
    (sdist,) = archives.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {m.name.split("/", 1)[-1] for m in archive.getmembers()}
    assert {f"mappings/{p}" for p in files_below(ROOT / "mappings")} <= names
    assert {f"fixtures/{p}" for p in files_below(ROOT / "fixtures")} <= names
    assert {"LICENSE", "README.md", "README.zh-CN.md", "pyproject.toml"} <= names


def test_the_wheel_has_ready_answers_of_its_tables(archives: Path, tmp_path: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import sys\nfrom portkit.quick.answer import answer\n"
    code += "print(answer(['query', 'cudaMalloc', '--to', 'musa']), 'click' in sys.modules)"
    env = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=True,
    )
    assert "musa@mp_31: musaMalloc (" in done.stdout and done.stdout.endswith(" False\n")

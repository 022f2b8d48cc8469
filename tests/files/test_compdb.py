# SPDX-License-Identifier: Apache-2.0
"""Compile databases as CMake and Bazel write them: nvcc's flags, response files, several entries,
and broken ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portkit.files.compdb import load_compile_database
from portkit.files.compflags import CompileFlags
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.model.errors import PortkitError
from portkit.model.words import Proof
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions


def database(folder: Path, *entries: Any) -> Path:
    path = folder / "compile_commands.json"
    path.write_text(json.dumps(list(entries)), encoding="utf-8")
    return path


def flags(folder: Path, command: str | list[str], name: str = "a.cu", **more: Any) -> CompileFlags:
    key = "command" if isinstance(command, str) else "arguments"
    path = database(folder, {"directory": str(folder), key: command, "file": name, **more})
    return load_compile_database(path).flags_for(folder / name)


def test_cmakes_command_for_nvcc(tmp_path: Path) -> None:
    (tmp_path / "CMakeFiles").mkdir()
    (tmp_path / "CMakeFiles" / "includes_CUDA.rsp").write_text(
        '-I/opt/first -I"second dir" -isystem third\n', encoding="utf-8"
    )
    found = flags(
        tmp_path,
        "/usr/local/cuda/bin/nvcc -forward-unknown-to-host-compiler -ccbin=/usr/bin/g++ "
        '-DNAME=\\"x\\" -DUSE_FAST -DTWICE=1 -UTWICE '
        "--options-file CMakeFiles/includes_CUDA.rsp --generate-code=arch=compute_80,code=[compute_80,sm_80] "
        "-gencode arch=compute_90a,code=sm_90a "
        "--expt-extended-lambda -Xcompiler=-Wall,-fopenmp,-DHOST_SIDE -lineinfo --use_fast_math -std=c++17 -x cu "
        "-rdc=true -MD -MT a.o -MF a.d "
        "-c a.cu -o a.o",
    )
    assert found.includes == ("/opt/first", str(tmp_path / "second dir"))
    assert found.isystem == (str(tmp_path / "third"),)
    assert found.defines == ('NAME="x"', "USE_FAST", "HOST_SIDE")
    assert found.undefines == ("TWICE",)
    assert (found.std, found.arch, found.language) == ("c++17", "sm_90a", "cuda")
    assert found.flags == ("-fopenmp",)
    assert "--use_fast_math" in found.ignored and not any("a.o" in word for word in found.ignored)


def test_lists_long_names_and_flags_in_two_words(tmp_path: Path) -> None:
    found = flags(
        tmp_path,
        [
            "nvcc",
            "--include-path",
            "one,two",
            "-I",
            "three",
            "--define-macro=A=1",
            "-D",
            "B",
            "--pre-include",
            "force.h",
            "--std",
            "c++14",
            "a.cu",
        ],
    )
    assert found.includes == tuple(str(tmp_path / d) for d in ("one", "two", "three"))
    assert found.defines == ("A=1", "B")
    assert found.forced_includes == ("force.h",)
    assert found.std == "c++14"


def test_response_files_within_response_files_and_missing_ones(tmp_path: Path) -> None:
    (tmp_path / "outer.rsp").write_text("-DOUTER @inner.rsp\n", encoding="utf-8")
    (tmp_path / "inner.rsp").write_text("-DINNER -Iinc\n", encoding="utf-8")
    found = flags(tmp_path, "g++ @outer.rsp @gone.rsp -c a.cu")
    assert found.defines == ("OUTER", "INNER")
    assert found.includes == (str(tmp_path / "inc"),)
    assert found.ignored == ("@gone.rsp",)


def test_a_response_file_that_names_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "loop.rsp").write_text("-DX @loop.rsp\n", encoding="utf-8")
    assert flags(tmp_path, "g++ @loop.rsp -c a.cu").defines == ("X",)


def test_a_launcher_before_the_compiler(tmp_path: Path) -> None:
    assert flags(tmp_path, "ccache nvcc -Ia,b -c a.cu").includes == (
        str(tmp_path / "a"),
        str(tmp_path / "b"),
    )
    assert flags(tmp_path, "ccache g++ -Ia,b -c a.cu").includes == (str(tmp_path / "a,b"),)


def test_the_first_entry_of_a_file_counts_and_a_directory_may_be_missing(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        {"command": "nvcc -DFIRST -c src/a.cu", "file": "src/a.cu"},
        {"directory": str(tmp_path / "src"), "command": "nvcc -DSECOND -c a.cu", "file": "a.cu"},
        {"directory": "src", "arguments": ["g++", "-DTHIRD", "-c", "b.cpp"], "file": "b.cpp"},
    )
    known = load_compile_database(tmp_path)
    assert load_compile_database(path).flags_for(tmp_path / "src" / "a.cu").defines == ("FIRST",)
    assert known.flags_for(tmp_path / "src" / "b.cpp").defines == ("THIRD",)
    assert known.flags_for(tmp_path / "src" / "unknown.cu") == CompileFlags()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '[{"file": "a.cu"}]',
        '["a.cu"]',
        '[{"file": 3, "command": "g++"}]',
        '[{"file": "a", "command": "\\""}]',
    ],
)
def test_what_is_no_database_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "compile_commands.json").write_text(text, encoding="utf-8")
    with pytest.raises(PortkitError, match="not a compile database"):
        load_compile_database(tmp_path)


def test_a_missing_database_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(PortkitError, match="no compile database") as caught:
        load_compile_database(tmp_path)
    assert "CMAKE_EXPORT_COMPILE_COMMANDS" in (caught.value.hint or "")


def test_a_units_flags_decide_which_branch_is_read(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pick.h").write_text(
        "inline int pick() { return (int)cudaGetLastError(); }\n", encoding="utf-8"
    )
    (tmp_path / "a.cu").write_text(
        "#include <pick.h>\n#ifdef FAST\nint f() { return (int)cudaFree(0); }\n#else\nint f() { "
        "return (int)cudaFreeHost(0); }\n#endif\n",
        encoding="utf-8",
    )
    database(
        tmp_path,
        {"directory": str(tmp_path), "command": "nvcc -DFAST -Iown -c a.cu", "file": "a.cu"},
    )
    known = load_compile_database(tmp_path)

    def unit(path: Path) -> UnitFlags:
        found = known.flags_for(path)
        return UnitFlags(include_dirs=found.includes, defines=found.defines)

    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1, compile_flags=unit))
    proofs = {r.name: r.proof for f in tree.scan.files for r in f.references}
    assert proofs == {
        "cudaFree": Proof.PROVED,
        "cudaFreeHost": Proof.LIKELY,
        "cudaGetLastError": Proof.PROVED,
    }

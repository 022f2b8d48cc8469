# SPDX-License-Identifier: Apache-2.0
"""Settings and lists that a stranger wrote: each is taken, or refused in one line with the file."""

from __future__ import annotations

import functools
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.config.effective import effective
from portkit.config.load import load_config
from portkit.files.compdb import load_compile_database
from portkit.files.compflags import split_command
from portkit.files.discovery import discover as _discover
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.plan.baseline import load_baseline
from portkit.targets.user import load_user_rows
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))

TOML = b"""\
targets = ["musa"]
accept = {exists = "doc", pairs = "usage"}
select = ["PK1"]
maps = ["rows.csv"]
include = ["*.def", "!x.def"]
exclude = ["old/", "*.gen.cu"]
include-dirs = ["inc"]
defines = ["USE_GPU=1"]
compile-db = "."
jobs = 1
fail-under = 0
baseline = "known.json"
[effort]
hours = {minutes = [0.2, 1]}
rules = {PK4 = [2, 12]}
[[overrides]]
paths = ["legacy/", "a?.cu"]
ignore = ["PK3"]
include-dirs = ["inc"]
"""
ROWS = b'name,target,kind,status,note\ncudaMalloc,myMalloc,function,mapped,\ncudaFree,,function,none,"not ours, no"\n'
JSON_ROWS = b'{"cudaMalloc": "xMalloc", "cudaFree": "xFree", "cudaA": ""}\n'
KNOWN = (
    b'{"schema":"portkit/baseline/1",\n"tool":{"version":"1","vocabulary":"1","tables":{"musa":"1"}},\n'
    b'"findings":[\n{"target":"musa@mp_31","path":"a.cu","rule":"PK101","name":"x",'
    b'"fingerprint":"0","content":"1"}\n]}\n'
)
COMMANDS = (
    b'[{"directory":".","file":"a.cu","command":"nvcc @x.rsp -DA=1 -I inc --std c++17 -c a.cu"},\n'
    b'{"directory":"src","file":"b.cu","arguments":["g++","-I","../inc","@../x.rsp"]}]'
)
RESPONSE = b'-DNAME=\\"x\\" -I"a b" -isystem inc --options-file y.rsp -Xcompiler=-Wall,-DX -gencode arch=compute_80\n'
IGNORE = b"*.o\nbuild/\n!keep/\n/out\n**/gen/*.h\n[a-c]x?\n# c\n\\#d\n"
ATTRIBUTES = b'gen/* linguist-generated\n*.x linguist-vendored=true\n"a b" -linguist-generated\n[attr]foo bar\n'
PIECES = [
    *(
        b"\0",
        b"\xff",
        b"\xd6\xd0",
        "中".encode(),
        b'"',
        b"'",
        b"\\",
        b"[",
        b"]",
        b"{",
        b"}",
        b"[z-a]",
        b"!",
        b"\n",
        b"\r",
        b",",
    ),
    *(
        b"=",
        b"*",
        b"**/",
        b"*a" * 30,
        b"../",
        b"/dev/zero",
        b"9" * 5000,
        b"[[" * 3000,
        b"\\u0000",
        b"\\ud800",
        b"nan",
        b"1e999",
    ),
    *(
        b"-1",
        b"true",
        b"@x.rsp ",
        b"#",
        b":",
        b"\xe2\x80\xa8",
        b"\x1b[31m",
        b"x" * 5000,
        b"null",
        b"[[:foo:]]",
        b".",
        b"\t",
    ),
]


def settings(folder: Path) -> object:
    return effective(load_config(folder / "portkit.toml"), {})


def commands(folder: Path) -> object:
    known = load_compile_database(folder)
    return [known.flags_for(folder / name) for name in ("a.cu", "src/b.cu")]


READERS: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    "portkit.toml": (TOML, settings),
    "rows.csv": (ROWS, lambda folder: load_user_rows(folder / "rows.csv")),
    "rows.json": (JSON_ROWS, lambda folder: load_user_rows(folder / "rows.json")),
    "known.json": (KNOWN, lambda folder: load_baseline(folder / "known.json")),
    "compile_commands.json": (COMMANDS, commands),
    "x.rsp": (RESPONSE, commands),
    ".gitignore": (IGNORE, lambda folder: discover([folder], root=folder)),
    ".gitattributes": (ATTRIBUTES, lambda folder: discover([folder], root=folder)),
}


def mutated(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, kind = rng.randrange(len(found) + 1), rng.random()
        if kind < 0.5:
            found[at:at] = rng.choice(PIECES)
        elif kind < 0.65:
            del found[at : at + rng.randint(1, 8)]
        elif kind < 0.8:
            found[at : at + rng.randint(1, 3)] = rng.choice(PIECES)
        else:
            found[at : at + 1] = bytes([rng.randrange(256)])
    return bytes(found)


@pytest.mark.parametrize("name", READERS)
def test_a_file_with_anything_in_it_is_taken_or_refused_in_one_line(
    tmp_path: Path,
    name: str,
) -> None:
    (tmp_path / "a.cu").write_text("int x;\n")
    (tmp_path / "compile_commands.json").write_bytes(COMMANDS)
    (tmp_path / "x.rsp").write_bytes(RESPONSE)
    data, read = READERS[name]
    rng, refused, taken = random.Random(name), 0, 0
    for _ in range(250):
        (tmp_path / name).write_bytes(mutated(data, rng))
        try:
            read(tmp_path)
            taken += 1
        except PortkitError as error:
            refused += 1
            assert "\n" not in str(error) and name in str(error)
    assert taken
    assert refused or name in (
        "x.rsp",
        ".gitignore",
        ".gitattributes",
    )  # what git goes on with, and a build


WRONG: list[tuple[str, str]] = [
    ('exclude = ["[z-a]"]', "portkit.toml:2: exclude[0]: '[z-a]' has the range z-a"),
    ('include = ["ok", "a["]', "portkit.toml:2: include[1]: 'a[' has a [ without its ]"),
    ('exclude = ["!"]', "portkit.toml:2: exclude[0]: '!' matches nothing"),
    ("exclude = ['\\']", "portkit.toml:2: exclude[0]: '\\\\' ends in a backslash"),
    (
        '\n[[overrides]]\npaths = ["x", "[z-a]"]',
        "portkit.toml:4: overrides[0].paths[1]: '[z-a]' has the range",
    ),
    ('maps = ["x\\u0000"]', "portkit.toml:2: maps[0]: holds a zero byte"),
    ('baseline = "x\\u0000"', "portkit.toml:2: baseline: holds a zero byte"),
    ('include-dirs = ["a", "x\\u0000"]', "portkit.toml:2: include-dirs[1]: holds a zero byte"),
    ('compile-db = "\\u0000"', "portkit.toml:2: compile-db: holds a zero byte"),
    ('defines = ["A\\u0000"]', "portkit.toml:2: defines[0]: holds a zero byte"),
    (
        '\n[[overrides]]\npaths = ["x"]\ninclude-dirs = ["\\u0000"]',
        "portkit.toml:5: overrides[0].include-dirs[0]: holds a zero",
    ),
    ('effort = {rules = {"a\\u0000" = [1, 2]}}', "effort.rules: holds a zero byte"),
    ("jobs = " + "9" * 5000, "portkit.toml: not TOML: Exceeds the limit"),
    ("x = " + "[" * 3000, "portkit.toml: not TOML that can be read: nested too deeply"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[text[:30] for text, _ in WRONG])
def test_a_setting_that_cannot_be_is_told_with_file_and_line(
    tmp_path: Path,
    text: str,
    said: str,
) -> None:
    (tmp_path / "portkit.toml").write_text(f'targets = ["musa"]\n{text}\n')
    with pytest.raises(PortkitError) as caught:
        load_config(tmp_path / "portkit.toml")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_settings_and_maps_in_gbk_are_told_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "portkit.toml").write_bytes('targets = ["musa"]\nexclude = ["旧"]\n'.encode("gbk"))
    with pytest.raises(
        PortkitError,
        match=r"portkit\.toml:2: the configuration is not UTF-8 \(save it as UTF-8\)",
    ):
        load_config(tmp_path / "portkit.toml")
    (tmp_path / "rows.csv").write_bytes("name,target,note\ncudaA,xA,\ncudaB,,没有\n".encode("gbk"))
    with pytest.raises(PortkitError, match=r"rows\.csv:3: cannot read the map: not UTF-8"):
        load_user_rows(tmp_path / "rows.csv")


def test_a_configuration_with_the_line_ends_of_any_system_reads(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        (tmp_path / "portkit.toml").write_bytes(
            f'targets = ["musa"]{end}jobs = 2{end}'.encode("utf-8-sig"),
        )
        read = load_config(tmp_path / "portkit.toml")
        assert read.config.jobs == 2 and read.lines["jobs"] == 2


def test_pyproject_whose_tool_is_no_table_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = 3\n")
    assert load_config(tmp_path / "pyproject.toml").config.targets is None


def test_several_bad_entries_of_a_map_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(f"name,target\ncudaA,{'x y' * 100}\ncudaB,z z\n")
    with pytest.raises(PortkitError) as caught:
        load_user_rows(tmp_path / "rows.csv")
    assert "rows.csv:2: 'x yx y" in str(caught.value) and str(caught.value).endswith("(and 1 more)")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < len(str(tmp_path)) + 150


def test_a_baseline_whose_form_breaks_is_told_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "known.json").write_bytes(KNOWN.replace(b'"path"', b"path"))
    with pytest.raises(PortkitError, match=r"known\.json:4: not a baseline"):
        load_baseline(tmp_path / "known.json")
    (tmp_path / "known.json").write_bytes(
        KNOWN.replace(b'{"schema"', b'{"x":' + b"[" * 100_000 + b',"schema"'),
    )
    with pytest.raises(PortkitError, match="not a baseline"):
        load_baseline(tmp_path / "known.json")


ENTRIES: list[tuple[str, str]] = [
    ('{"file": "a\\u0000", "command": "g++"}', "entry 1: `file` holds a zero byte"),
    (
        '{"file": "a.cu", "command": "g++"}, {"file": "\\ud800", "command": "g++"}',
        "entry 2: `file` holds a character",
    ),
    (
        '{"file": "a.cu", "arguments": ["g++", "-I\\u0000"]}',
        "entry 1: `arguments` holds a zero byte",
    ),
    ('{"file": "a.cu", "arguments": "g++"}', "entry 1: `arguments` is no list"),
    ('{"file": "a.cu", "arguments": [1]}', "entry 1: `arguments` is no string"),
    ('{"file": "a.cu", "command": 3}', "entry 1: `command` is no string"),
    ('{"file": "a.cu", "directory": [1], "command": "g++"}', "entry 1: `directory` is no string"),
    ('{"file": "a.cu", "command": "g++ \'"}', "entry 1: a quotation or an escape is not ended"),
    ("[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("entries", "said"), ENTRIES, ids=[e[:40] for e, _ in ENTRIES])
def test_an_entry_of_a_compile_database_that_cannot_be_is_told(
    tmp_path: Path,
    entries: str,
    said: str,
) -> None:
    (tmp_path / "compile_commands.json").write_text(f"[{entries}]")
    with pytest.raises(PortkitError) as caught:
        load_compile_database(tmp_path)
    assert said in str(caught.value) and "compile_commands.json" in str(caught.value)


@pytest.mark.parametrize("number", ["9" * 5000, "²", "٣", "-1", ""])
def test_an_architecture_that_is_no_number_is_left_out(tmp_path: Path, number: str) -> None:
    command = f"nvcc -arch=sm_80 --generate-code=arch=compute_{number} -c a.cu"
    entry = json.dumps([{"file": "a.cu", "command": command}])
    (tmp_path / "compile_commands.json").write_text(entry)
    flags = load_compile_database(tmp_path).flags_for(tmp_path / "a.cu")
    assert flags.arch == "sm_80"
    assert flags.ignored == (f"--generate-code arch=compute_{number}",)


def test_commands_are_split_as_a_shell_does() -> None:
    import shlex

    rng = random.Random(3)
    for _ in range(5000):
        parts = [
            "a",
            "b",
            "-I",
            '"',
            "'",
            "\\",
            " ",
            "\t",
            "\n",
            '\\"',
            "中",
            "''",
            "#",
            "\x0b",
            "\udcd6",
        ]
        text = "".join(rng.choice(parts) for _ in range(rng.randint(0, 12)))
        try:
            expected: list[str] | None = shlex.split(text)
        except ValueError:
            expected = None
        try:
            assert split_command(text) == expected
        except ValueError:
            assert expected is None, text


@pytest.mark.parametrize(
    "text",
    ['"' + "a" * 500_000, "a" * 500_000 + '"', '"\\' * 200_000, "'\"'\"" * 100_000 + "'"],
)
def test_a_quotation_that_never_ends_takes_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="not ended"):
        split_command(text)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "build").mkdir(parents=True)
    (folder / "a.cu").write_text("#ifdef FAST\nvoid f(void* p) { cudaFree(p); }\n#endif\n")
    (folder / "build" / "compile_commands.json").write_text(
        '[{"directory": "..", "file": "a.cu", "command": "nvcc -DFAST -c a.cu"}]',
    )
    (folder / "sub").mkdir()
    return folder


def proof(done: Any) -> str:
    return str(json.loads(done.stdout)["plans"][0]["files"][0]["references"][0]["proof"])


def test_a_compile_database_works_from_option_variable_and_file(
    portkit: Callable[..., Any],
    tree: Path,
) -> None:
    ask = ("report", "--to", "musa", "--format", "json", "-j", "1")
    assert proof(portkit(*ask, tree, "--no-config")) == "likely"
    assert proof(portkit(*ask, tree, "-p", tree / "build")) == "proved"
    assert proof(portkit(*ask, ".", cwd=tree, PORTKIT_COMPILE_DB="build")) == "proved"
    file = "build/compile_commands.json"
    assert proof(portkit(*ask, ".", cwd=tree, PORTKIT_COMPILE_DB=file)) == "proved"
    (tree / "portkit.toml").write_text('compile-db = "build"\n')
    # relative to the file, not to where one is
    assert proof(portkit(*ask, ".", cwd=tree / "sub" / "..")) == "proved"
    assert proof(portkit(*ask, "../a.cu", cwd=tree / "sub")) == "proved"
    assert proof(portkit(*ask, "../a.cu", "--no-config", cwd=tree / "sub")) == "likely"
    (tree / "portkit.toml").write_text('compile-db = "gone"\n')
    error = portkit(*ask, ".", cwd=tree, code=2).stderr
    assert f"{tree / 'gone'}: no compile database here" in error and error.count("\n") == 1


def test_the_editor_takes_the_compile_database_of_the_settings(
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from portkit.lsp.document import analyse

    monkeypatch.setenv("XDG_CACHE_HOME", str(tree.parent))
    (tree / "portkit.toml").write_text('targets = ["musa"]\ncompile-db = "build"\n')
    analysis = analyse(tree / "a.cu", (tree / "a.cu").read_text(), ())
    assert [str(ref.proof.name) for *_, ref, _ in analysis.references(0, 1000) if ref.proof] == [
        "PROVED",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("name", ["pyproject.toml", "portkit.toml"])
def test_the_editor_does_not_wait_for_settings_that_are_a_pipe(tree: Path, name: str) -> None:
    from portkit.lsp.document import analyse

    os.mkfifo(tree / name)
    with pytest.raises(PortkitError, match="a pipe, not a regular file"):
        analyse(tree / "a.cu", "int x;\n", ("musa",))

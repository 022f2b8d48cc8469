# SPDX-License-Identifier: Apache-2.0
"""target.toml: every fault is one line with file, line, key and what is wrong; nothing that is
misspelt passes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from portkit.cli import targets
from portkit.files.toml_lines import key_lines, line_of
from portkit.model.errors import PortkitError
from portkit.model.words import Kind
from portkit.targets import schema
from portkit.targets.checks import check_target
from portkit.targets.json_schema import json_schema
from portkit.targets.other_rows import KINDS
from portkit.targets.parts import OTHER_LANGUAGES
from portkit.targets.patterns import fault_of
from portkit.targets.rows import COLUMNS, TableError, split
from portkit.targets.target import available_targets, load_file, load_target
from portkit.targets.target_file import TargetFileError, read_target_file
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]
HEAD = 'id = "toy"\n'
TAIL = '[name]\nen = "Toy"\n[profiles.one]\narch_value = 10\n'
FULL = """\
id = "toy" # the folder
own_prefixes = ["toy"]
[name]
en = "Toy"
[profiles.one]
arch_value = 10
[profiles.two.naming]
rules = [['^cuda', 'toy']]
[facts]
warp_size = 32
[guards.__CUDA_ARCH__]
target = "__TOY_ARCH__"
fact = "arch_value"
[naming.unchanged_libraries]
cub = "doc"
[[naming.header_prefixes]]
prefix = "cub/"
[[missing]]
libraries = ["nvrtc"]
source = "doc"
note = "no compiler at run time"
"""


def faults(folder: Path, text: str) -> list[str]:
    """Return the faults of a target.toml, without its folder."""
    path = folder / "toy" / "target.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    try:
        read_target_file(path)
    except TargetFileError as error:
        assert "\n" not in str(error) and str(error).startswith(error.problems[0])
        return [problem.replace(str(path.parent), "toy") for problem in error.problems]
    return []


def test_the_good_file_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, FULL) == []
    assert faults(tmp_path, HEAD + TAIL) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key"),
    [
        ("own_prefixes", "own_prefix", 2, "own_prefix"),
        ("en =", "een =", 4, "name.een"),
        ("arch_value = 10", "arch_vlaue = 10", 6, "profiles.one.arch_vlaue"),
        ("[profiles.two.naming]", "[profiles.two.nameing]", 7, "profiles.two.nameing"),
        ("rules =", "rule =", 8, "profiles.two.naming.rule"),
        ("warp_size", "warpsize", 10, "facts.warpsize"),
        ("fact =", "facts =", 13, "guards.__CUDA_ARCH__.facts"),
        (
            "[naming.unchanged_libraries]",
            "[naming.unchanged_library]",
            14,
            "naming.unchanged_library",
        ),
        ("prefix =", "prefixes =", 17, "naming.header_prefixes[1].prefixes"),
        ("libraries =", "library =", 19, "missing[1].library"),
        ("[[missing]]", "[[mising]]", 18, "mising"),
    ],
)
def test_a_misspelt_key(tmp_path: Path, right: str, wrong: str, line: int, key: str) -> None:
    assert FULL.count(right) == 1
    found = [f for f in faults(tmp_path, FULL.replace(right, wrong)) if "unknown key" in f]
    meant = re.search(r"\w+", right.rpartition(".")[2])
    assert meant is not None
    assert found == [f"toy/target.toml:{line}: {key}: unknown key; did you mean {meant[0]}?"]


def test_a_key_like_no_other_gets_no_advice(tmp_path: Path) -> None:
    assert faults(tmp_path, HEAD + "xyz = 1\n" + TAIL) == ["toy/target.toml:2: xyz: unknown key"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('suffixes = ".toy"', "2: suffixes: want a list, not text"),
        ("own_prefixes = ['a', 1]", "2: own_prefixes[2]: want text, not a whole number"),
        ("default_profile = true", "2: default_profile: want text, not true or false"),
        ("facts = []", "2: facts: want a table, not a list"),
        ("facts.warp_size = '32'", "2: facts.warp_size: want a whole number, not text"),
        ("facts.warp_size = true", "2: facts.warp_size: want a whole number, not true or false"),
        ("facts.warp_size = 32.0", "2: facts.warp_size: want a whole number, not a number"),
        ("facts.warp_size = 0", "2: facts.warp_size: want a number above 0, not 0"),
        ("facts.simt = 'no'", "2: facts.simt: want true or false, not text"),
        ("facts.cards = 1979-05-27", "2: facts.cards: want text, not a date or time"),
        ("naming.rules = [['a']]", "2: naming.rules[1]: want a list of 2, not of 1"),
        ("naming.rules = ['a']", "2: naming.rules[1]: want a list, not text"),
        ("naming.unchanged_libraries = ['cub']", "2: naming.unchanged_libraries: want a table, not a list"),
        ("suffixes = ['toy']", r"2: suffixes[1]: 'toy' is not of the form ^\.[A-Za-z0-9_.+-]+$"),
        ("vendor_macros = ['__TOY -D']", "2: vendor_macros[1]: '__TOY -D' is not of the form ^[A-Za-z_][A-Za-z0-9_]*$"),
        ("guards.A = {}", "2: guards.A: the key target is needed here"),
        ("guards.A = { target = '', thresholds = { '8x' = 1 } }", '2: guards.A.thresholds.8x: '
                                                                  '\'8x\' is not of the form ^[0-9]+$'),
    ],
)  # fmt: skip
def test_a_wrong_type(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, f"{HEAD}{text}\n{TAIL}") == [f"toy/target.toml:{fault}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "id = 'other'\n[name]\nen = 'x'\n[profiles.a]\n",
            "1: id: want 'toy', the name of the target's folder, not 'other'",
        ),
        ("id = 'toy'\n", "1: the key name is needed here"),
        ("id = 'toy'\nname.en = 'x'\n[profiles]\n", "3: profiles: the table is empty"),
        (
            HEAD + "default_profile = 'on'\n" + TAIL,
            "2: default_profile: no profile is called 'on'; did you mean one?",
        ),
        (
            HEAD + TAIL + "[profiles.'a b']\n",
            '6: profiles."a b": a profile\'s name has letters, digits, `_`, `.` and `-` only',
        ),
        (
            HEAD + "identity_macros = ['__TOY__']\n" + TAIL,
            "2: identity_macros[1]: __TOY__ is none of vendor_macros",
        ),
        (
            HEAD + TAIL + "[guards.A]\ntarget = ''\nfact = 'arch'\n",
            "8: guards.A.fact: no fact with a number is called 'arch'",
        ),
        (
            HEAD + TAIL + "[[missing]]\nsource = 's'\nnote = 'n'\n",
            "6: missing[1]: needs libraries or names, a source and a note",
        ),
        (
            HEAD
            + TAIL
            + "[[missing]]\nnames = 'x'\nsource = 's'\nnote = 'n'\nprofiles = [\n  'one',\n  'onne',\n]\n",
            "12: missing[1].profiles[2]: no profile is called 'onne'; did you mean one?",
        ),
        (
            HEAD + TAIL + "[naming]\nunchanged_kinds = ['bultin']\n",
            "7: naming.unchanged_kinds[1]: 'bultin' is none of ",
        ),
        (
            HEAD + TAIL + "[[naming.header_prefixes]]\nprefix = 'a'\nexists = 'seen'\n",
            "8: naming.header_prefixes[1].exists: 'seen'",
        ),
        ("id = ", "1: broken target file: Invalid value"),
        (HEAD + "suffixes = [\n", "3: broken target file: "),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, text)[0].startswith(f"toy/target.toml:{fault}")


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("own_patterns = ['a', '(']", 2, "own_patterns[2]"),
        ("vendor_headers = ['toy/.+',\n # more\n 'b[']", 4, "vendor_headers[2]"),
        ("naming.rules = [\n  ['^a', 'b'],\n  ['(c)', 'd'],\n]", 4, "naming.rules[2][1]"),
        ("own_patterns = ['(?i)toy']", 2, "own_patterns[1]"),
        (r"own_patterns = ['(?:toy\w*)+']", 2, "own_patterns[1]"),
        ("missing = [{ names = '(a+)+', source = 's', note = 'n' }]", 2, "missing[1].names"),
        ("own_patterns = ['(?P<x>a)', '(?P<x>b)']", 2, "own_patterns"),
    ],
)
def test_a_bad_pattern(tmp_path: Path, text: str, line: int, key: str) -> None:
    (only,) = faults(tmp_path, f"{HEAD}{text}\n{TAIL}")
    assert only.startswith(f"toy/target.toml:{line}: {key}: ") and "pattern" in only


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w+)*",
        "(?:a*b)*",
        "(?:(?:a+)?b)+",
        "(?:a{2,}){3,}",
        r"(?:[)]\w*)*",
        "(?:a+){40}",
        "((a|b+))*",
    ],
)
def test_a_repeat_in_a_repeat(pattern: str) -> None:
    assert "repeats a repeat" in fault_of(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"a+b*",
        r"(?:a+b)?",
        "(?:ab)*",
        r"\(a+\)*",
        "[(]a+[)]*",
        "(?:a+){2}",
        "(?:a{2,3})*",
        r"(?:x\w*|y)(?=[A-Z])",
        "",
    ],
)
def test_a_pattern_that_is_fit(pattern: str) -> None:
    assert fault_of(pattern) == ""


def test_all_faults_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = HEAD + "sufixes = []\n" + TAIL + "warp_size = 'x'\n[guards.A]\ntarget = 1\nbad = 2\n"
    found = faults(tmp_path, text)
    assert [re.sub(r".*toml:(\d+): ([^:]*):.*", r"\1 \2", f) for f in found] == [
        "2 sufixes", "7 profiles.one.warp_size", "9 guards.A.target", "10 guards.A.bad",
    ]  # fmt: skip


LINES = '''\
# a comment = 1
top = """
[not.a.table]
x = 1
"""  # and after
a.b.c = 1
a.b."d.e" = 2
'q r' = [ # items
  1, [2,
  3], # comment with ]
  { x = 1, "y z".w = '#' },
  1979-05-27 07:32:00,
]
[t.u]
k = 'it''s'
[[list]]
one = 1
[list.sub]
two = 2
[[list]]
[[list.inner]]
three = """a\\"""b"""
["x.y"]
empty = {}
'''.replace("'it''s'", '"it\'s # no"')


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_of_a_key(end: str) -> None:
    lines = key_lines(LINES.replace("\n", end))
    assert {path: line for path, line in lines.items() if len(path) == 1} == {
        ("top",): 2, ("a",): 6, ("q r",): 8, ("t",): 14, ("list",): 16, ("x.y",): 23,
    }  # fmt: skip
    assert [lines["a", "b", key] for key in ("c", "d.e")] == [6, 7]
    assert [lines["q r", n] for n in range(4)] == [9, 9, 11, 12]
    assert (lines["q r", 1, 1], lines["q r", 2, "y z", "w"]) == (10, 11)
    assert (lines["t", "u"], lines["t", "u", "k"]) == (14, 15)
    assert [lines["list", n] for n in (0, 1)] == [16, 20]
    assert lines["list", 0, "sub", "two"] == 19
    assert lines["list", 1, "inner", 0, "three"] == 22
    assert lines["x.y", "empty"] == 24
    assert line_of(lines, ("list", 1, "gone")) == 20
    assert line_of(lines, ("gone",)) == 1


def test_each_key_of_the_shipped_files_has_the_line_that_spells_it() -> None:
    for name in available_targets():
        text = (mappings_folder() / name / "target.toml").read_text(encoding="utf-8")
        written = text.split("\n")
        for path, line in key_lines(text).items():
            if isinstance(path[-1], str):
                assert path[-1] in written[line - 1], (name, path)


@pytest.mark.parametrize("name", available_targets())
def test_a_shipped_file_has_no_fault_and_comes_back_whole(name: str) -> None:
    file = load_file(name)
    assert file.id == name
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(file), type=schema.TargetFile) == file


@pytest.mark.parametrize("name", available_targets())
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_key_of_a_shipped_file_is_checked(tmp_path: Path, name: str, end: str) -> None:
    """Each key that is a word of the schema is misspelt in turn: a fault on its line, unless the
    table takes any name.
    """
    text = (mappings_folder() / name / "target.toml").read_text(encoding="utf-8")
    lines = text.split("\n")
    tried = 0
    for number, line in enumerate(lines):
        match = re.match(r"(\w+) = ", line)
        if match is None or match[1] not in KEYS or match[1] in ("cub", "thrust"):
            continue
        wrong = [*lines[:number], f"z{line}", *lines[number + 1 :]]
        path = tmp_path / "toy.toml"
        path.write_bytes(end.join(wrong).encode())
        with pytest.raises(TargetFileError) as caught:
            read_target_file(path)
        assert any(
            f":{number + 1}: " in p and f"z{match[1]}: unknown key" in p
            for p in caught.value.problems
        )
        tried += 1
    assert tried


def test_a_fault_of_another_target_is_told_too(tmp_path: Path) -> None:
    faults(tmp_path, HEAD + TAIL)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "target.toml").write_text("id = ", encoding="utf-8")
    with pytest.raises(PortkitError, match=r"bad/target\.toml:1: broken"):
        load_target("toy@one", tmp_path)


ROWS = [
    "CUstream,toyStream,type,mapped,doc,alike,book,,other letters",
    "cudaFree,toyFree,function,mapped,doc,alike,book,,other name",
    "cudaMalloc,toyMalloc,function,mapped,doc,alike,book,,other name",
    "cudaMemcpy,,function,manual,doc,no,book,,by hand",
    "cudaMemset,toyMemset,function,mapped,doc,alike,book,,other name",
]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Return a folder of mappings with a target of five rows and the least keys."""
    faults(tmp_path, HEAD + TAIL)
    folder = tmp_path / "toy"
    (folder / "sources.toml").write_text('book = { what = "a manual" }\n', encoding="utf-8")
    (folder / "runtime.csv").write_text(
        "\n".join([",".join(COLUMNS), *ROWS]) + "\n", encoding="utf-8"
    )
    return tmp_path


def test_a_target_of_five_rows(toy: Path) -> None:
    target = load_target("toy@one", toy)
    assert check_target(target, load_vocabulary()) == []
    row = target.row("cudaMalloc", Kind.FUNCTION, "runtime")
    assert row is not None and row.target == "toyMalloc"


BUILD = [
    "-arch=sm_80,--toy-arch=10,buildflag,mapped,doc,table,book,,",
    "find_package(CUDA),find_package(TOY),cmake,mapped,doc,table,book,,",
]


def write(toy: Path, table: str, rows: list[str]) -> None:
    (toy / "toy" / f"{table}.csv").write_text(
        "\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8"
    )


def test_rows_of_other_languages_are_read_and_decide_nothing_in_cpp(toy: Path) -> None:
    before = load_target("toy@one", toy)
    write(toy, "build", BUILD)
    write(toy, "build@one", ["-arch=sm_80,--toy-arch=11,buildflag,mapped,usage,usage,book,,"])
    write(
        toy,
        "python",
        [
            "cudaFree,toy.free,python,mapped,doc,table,book,,",
            "cudaFree,toy_free,function,mapped,doc,table,book,,",
        ],
    )
    after = load_target("toy@one", toy)
    assert [(library, *split(line)[:5]) for library, _, line in after.others.lines.values()] == [
        ("build", "-arch=sm_80", "--toy-arch=11", "buildflag", "mapped", "usage"),
        ("build", "find_package(CUDA)", "find_package(TOY)", "cmake", "mapped", "doc"),
        ("python", "cudaFree", "toy.free", "python", "mapped", "doc"),
        ("python", "cudaFree", "toy_free", "function", "mapped", "doc"),
    ]
    assert check_target(after, load_vocabulary()) == []
    assert after.table.cells == before.table.cells
    assert after.digest != before.digest  # they decide in Python and in build files
    row = after.row("cudaFree", Kind.FUNCTION, "runtime")
    assert row is not None and row.target == "toyFree"
    assert not after.is_own_name("toy.free")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (
            "-x cu,-x toy,buildflg,mapped,doc,table,book,,",
            "build.csv:2: kind 'buildflg' is none of buildflag, flag,",
        ),
        ("-x cu,-x toy,cooking,mapped,doc,table,book,,", "build.csv:2: kind 'cooking' is none of"),
        ("-x cu,-x toy,flag,maped,doc,table,book,,", "build.csv:2: status 'maped' is none of"),
        ("-x cu,-x toy,flag,mapped,doc,table,blog,,", "build.csv:2: unknown source id 'blog'"),
        ("-x cu,-x toy,flag,mapped,doc,table,,,", "build.csv:2: -x cu names no source"),
        ("-x cu,,flag,manual,doc,no,book,,", "build.csv:2: -x cu is manual: a note must say why"),
        ("-x cu,-x toy,flag,mapped,doc,table,book,turn,", "build.csv:2: unknown recipe 'turn'"),
        ("-x cu, -x toy,flag,mapped,doc,table,book,,", "build.csv:2: ' -x toy' is no name"),
    ],
)
def test_a_faulty_row_of_another_language(toy: Path, row: str, why: str) -> None:
    write(toy, "build", [row])
    (only,) = check_target(load_target("toy@one", toy), load_vocabulary())
    assert why in only


def test_a_malformed_table_of_another_language(toy: Path) -> None:
    write(toy, "python", ["short,row", *(["a,b,python,mapped,doc,table,book,,"] * 2)])
    with pytest.raises(TableError) as caught:
        load_target("toy@one", toy)
    first, second = (p.partition("python.csv:")[2] for p in caught.value.problems)
    assert first == "2: 2 columns, not 9" and second.startswith("4: a is listed twice")


def test_the_shipped_rows_of_other_languages() -> None:
    assert KINDS.keys() == OTHER_LANGUAGES
    files = {
        f.name: f for name in available_targets() for f in (mappings_folder() / name).glob("*.csv")
    }
    assert {"build.csv", "python.csv", "frameworks.csv"} <= files.keys()
    for name in available_targets():
        folder, read = mappings_folder() / name, set[str]()
        for profile in load_file(name).profiles:
            target = load_target(f"{name}@{profile}")
            assert target.others.check() == []
            read |= {Path(file).name for _, file, _ in target.others.lines.values()}
        kept = {f.name for t in ("build", "python", "frameworks") for f in folder.glob(f"{t}*.csv")}
        assert read == kept


@pytest.fixture
def of_toy(toy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have the commands of this process take their tables from the folder of the toy target."""
    monkeypatch.setenv("PORTKIT_MAPPINGS", str(toy))
    mappings_folder.cache_clear()
    yield toy
    monkeypatch.undo()
    mappings_folder.cache_clear()


def test_the_command_shows_every_fault(of_toy: Path) -> None:
    faults(of_toy, HEAD + "sufixes = []\n" + TAIL + "[facts]\nwarpsize = 1\n")
    told = CliRunner().invoke(targets.command, ["--check"], standalone_mode=False)
    assert told.return_value == 1
    assert "target.toml:2: sufixes: unknown key" in told.output
    assert "target.toml:8: facts.warpsize: unknown key" in told.output
    brief = CliRunner().invoke(targets.command, [], standalone_mode=False)
    assert brief.return_value == 1 and "(and 1 more: portkit targets --check)" in brief.output
    assert "warpsize" not in brief.output


FAULTY = {
    "unknown key": (HEAD + "sufixes = []\n" + TAIL).encode(),
    "broken target file": b"id = \n",
    "not UTF-8": b'id = "\xff"\n',
    "the target's folder": ('id = "nothing"\n' + TAIL).encode(),
}


@pytest.mark.parametrize("what", FAULTY)
@pytest.mark.parametrize("words", [[], ["--check"]], ids=["list", "check"])
@pytest.mark.parametrize("other", ["alpha", "zeta"])
def test_a_fault_stands_under_the_name_of_its_target(
    of_toy: Path, what: str, words: list[str], other: str
) -> None:
    """Each target is loaded with what the files of all say of vendors' code."""
    (of_toy / other).mkdir()
    (of_toy / other / "target.toml").write_bytes(FAULTY[what].replace(b"toy", other.encode()))
    told = CliRunner().invoke(targets.command, words, standalone_mode=False)
    assert told.return_value == 1 and told.exception is None
    lines = [line for line in told.output.splitlines() if f"{other}/target.toml" in line]
    assert lines and all(line.startswith(f"{other}: ") for line in lines), told.output
    assert len(lines) == 1 and "toy: Toy" in told.output


def test_the_command_shows_the_faults_of_every_profile(of_toy: Path) -> None:
    faults(of_toy, HEAD + TAIL + "[profiles.two]\n")
    write(of_toy, "build@one", ["short"])
    write(of_toy, "python@two", ["too,short"])
    told = CliRunner().invoke(targets.command, ["--check"], standalone_mode=False)
    assert told.return_value == 1
    assert (
        "build@one.csv:2: 1 columns" in told.output and "python@two.csv:2: 2 columns" in told.output
    )


def keys_of(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


STRUCTS = (
    schema.TargetFile,
    schema.Names,
    schema.Profile,
    schema.Guard,
    schema.HeaderPrefix,
    schema.Naming,
    schema.Missing,
    schema.Assumed,
)
KEYS = {key for kind in STRUCTS for key in keys_of(kind)}


@pytest.mark.parametrize("page", ["docs/target-file.md", "docs/target-file.zh.md"])
def test_every_key_is_described(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in text.split("\n") if line.startswith("| `")]
    described = [row[1:-1] for row in rows if re.fullmatch(r"`\w+`", row)]
    tables = (
        schema.TargetFile,
        schema.Names,
        schema.Facts,
        schema.Guard,
        schema.Naming,
        schema.HeaderPrefix,
        schema.Missing,
        schema.Assumed,
    )
    assert sorted(described) == sorted(key for kind in tables for key in keys_of(kind))
    of_profiles = keys_of(schema.Profile) - keys_of(schema.Facts)
    assert of_profiles and all(f"[profiles.<profile>.{key}" in text for key in of_profiles)


def test_the_shipped_json_schema_is_that_of_the_types(demands: Callable[[Any], Any]) -> None:
    path = ROOT / "src/portkit/targets/target.schema.json"
    shipped = json.loads(path.read_text(encoding="utf-8"))
    made = demands(json.loads(json.dumps(json_schema())))
    assert demands(shipped) == made, (
        f"run `python -m portkit.targets.json_schema > {path.relative_to(ROOT)}`"
    )
    check = jsonschema.Draft202012Validator(shipped)
    jsonschema.Draft202012Validator.check_schema(shipped)
    assert not list(check.iter_errors(tomllib.loads(FULL)))
    assert list(check.iter_errors(tomllib.loads(FULL.replace("warp_size", "warpsize"))))

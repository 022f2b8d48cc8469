# SPDX-License-Identifier: Apache-2.0
"""The configuration: what a file may say, what beats what, and what a mistake is answered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jsonschema
import msgspec
import pytest

from portkit.config.effective import effective
from portkit.config.keys import Accept, Config, file_key, json_schema
from portkit.config.load import key_lines, load_config
from portkit.model.errors import PortkitError
from portkit.model.words import Exists, Pairs, Proof

SOURCE = "#include <cuda_runtime.h>\nint main() { void *p; cudaMalloc(&p, 8); cudaFooBar(p); return 0; }\n"
FULL = """\
targets = ["musa", "maca@native"]
accept = {exists = "doc", pairs = "usage"}
select = ["PK1", "PK3"]
ignore = ["PK102"]
only = ["runtime"]
skip = ["cudnn"]
maps = ["rows.csv"]
include = ["*.def"]
exclude = ["old/"]
include-dirs = ["inc"]
defines = ["USE_GPU=1"]
compile-db = "build"
rung = "syntax"
jobs = 2
lang = "zh"
fail-on = "warning"
fail-under = 80
baseline = "known.json"
build = "beside"

[effort]
hours = {minutes = [0.2, 1]}
rules = {PK4 = [2, 12]}
review = [0.1, 0.2]

[[overrides]]
paths = ["legacy/"]
ignore = ["PK3"]
defines = ["OLD"]

[[overrides]]
paths = ["new/"]
accept = "exists=header"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "sub" / "a.cu").write_text(SOURCE)
    return folder


def config_of(portkit: Callable[..., Any], *arguments: str | Path, **env: str) -> dict[str, Any]:
    return dict(json.loads(portkit("config", *arguments, "--format", "json", **env).stdout)["keys"])


def test_every_key_is_read(tmp_path: Path) -> None:
    path = tmp_path / "portkit.toml"
    path.write_text(FULL)
    read = load_config(path)
    assert {file_key(f) for f in read.lines} == {
        f.encode_name for f in msgspec.structs.fields(Config)
    }
    assert (
        read.lines["baseline"] == 18
        and read.lines["effort"] == 21
        and read.lines["overrides"] == 26
    )
    values = effective(read, {})
    assert (
        values["accept"].value == "exists=doc,pairs=usage"
        and values["accept"].where == "portkit.toml:2"
    )
    assert values["baseline"].value == str(tmp_path / "known.json") and values["maps"].value == (
        str(tmp_path / "rows.csv"),
    )
    assert [o.paths for o in values["overrides"].value] == [["legacy/"], ["new/"]]


def test_same_keys_in_pyproject(tmp_path: Path) -> None:
    nested = FULL.replace("[effort]", "[tool.portkit.effort]").replace(
        "[[overrides]]", "[[tool.portkit.overrides]]"
    )
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\n\n[tool.portkit]\n{nested}')
    (tmp_path / "portkit.toml").write_text(FULL)
    one, other = load_config(tmp_path / "pyproject.toml"), load_config(tmp_path / "portkit.toml")
    assert one.config == other.config
    assert {key: line - 4 for key, line in one.lines.items()} == other.lines


def test_schema_is_shipped_and_agrees(repository: Path, demands: Callable[[Any], Any]) -> None:
    shipped = json.loads((repository / "src/portkit/config/schema/portkit.json").read_text())
    made = demands(json_schema())
    assert demands(shipped) == made, (
        "run `portkit config --schema > src/portkit/config/schema/portkit.json`"
    )
    import tomllib

    check = jsonschema.Draft202012Validator(shipped)
    jsonschema.Draft202012Validator.check_schema(shipped)
    assert not list(check.iter_errors(tomllib.loads(FULL)))
    wrongs: tuple[dict[str, Any], ...] = (
        {"targt": ["musa"]},
        {"fail-on": "bad"},
        {"jobs": -1},
        {"fail-under": 101},
        {"overrides": [{"paths": []}]},
    )
    for wrong in wrongs:
        assert list(check.iter_errors(wrong)), wrong
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Config)


def test_floors_are_those_of_the_model() -> None:
    hints = get_type_hints(Accept)
    for axis, words in (("exists", Exists), ("pairs", Pairs), ("proof", Proof)):
        literal = next(a for a in get_args(hints[axis]) if a is not type(None))
        assert set(get_args(literal)) == {w.name.lower() for w in words}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fail_on = 'error'", "portkit.toml:1: unknown key 'fail_on' (did you mean 'fail-on'?)"),
        ("\n\nbaselin = 'x'", "portkit.toml:3: unknown key 'baselin' (did you mean 'baseline'?)"),
        (
            "[[overrides]]\npaths = ['a']\nignor = ['PK1']",
            "portkit.toml:3: unknown key 'overrides[0].ignor' (did you mean 'ignore'?)",
        ),
        (
            "accept = {exist = 'doc'}",
            "portkit.toml:1: unknown key 'accept.exist' (did you mean 'exists'?)",
        ),
        (
            "fail-on = 'bad'",
            "portkit.toml:1: fail-on: Invalid enum value 'bad' (one of none, info, warning, error)",
        ),
        ("jobs = 'two'", "portkit.toml:1: jobs: Expected `int | null`, got `str`"),
        ("targets = 'musa'", "portkit.toml:1: targets: Expected `array | null`, got `str`"),
        (
            "[[overrides]]\nignore = ['PK1']",
            "portkit.toml:1: overrides[0]: Object missing required field `paths`",
        ),
        ("a = [", "portkit.toml: not TOML"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "portkit.toml").write_text(text)
    with pytest.raises(PortkitError) as error:
        load_config(tmp_path / "portkit.toml")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_command_line_beats_environment_beats_file(portkit: Callable[..., Any], tree: Path) -> None:
    (tree / "portkit.toml").write_text('targets = ["musa"]\nfail-on = "error"\njobs = 1\n')
    keys = config_of(
        portkit,
        tree / "sub",
        "--to",
        "maca",
        PORTKIT_TARGETS="enflame,biren@gen1",
        PORTKIT_FAIL_ON="info",
    )
    assert keys["targets"] == {"value": ["maca"], "origin": "command line", "where": "--to"}
    assert keys["fail-on"] == {"value": "info", "origin": "environment", "where": "PORTKIT_FAIL_ON"}
    assert keys["jobs"] == {"value": 1, "origin": "file", "where": "portkit.toml:3"}
    assert keys["rung"] == {"value": "clang", "origin": "default"}
    keys = config_of(portkit, tree / "sub", PORTKIT_TARGETS="enflame,biren@gen1")
    assert keys["targets"]["value"] == ["enflame", "biren@gen1"]
    assert config_of(portkit, tree, "--no-config")["targets"]["origin"] == "default"


def test_a_bad_variable_is_an_error_and_a_strange_language_is_not(
    portkit: Callable[..., Any], tree: Path
) -> None:
    assert "PORTKIT_JOBS" in portkit("config", tree, code=2, PORTKIT_JOBS="many").stderr
    assert config_of(portkit, tree, PORTKIT_LANG="zh_CN.UTF-8")["lang"]["value"] == "zh"
    assert config_of(portkit, tree, PORTKIT_LANG="xx")["lang"]["value"] == "en"


def test_the_file_is_found_upward_and_rules_the_report(
    portkit: Callable[..., Any], tree: Path
) -> None:
    (tree / "pyproject.toml").write_text(
        '[tool.portkit]\ntargets = ["musa"]\nfail-on = "warning"\n'
    )
    done = portkit("report", "--format", "json", "-j", "1", cwd=tree / "sub", code=1)
    document = json.loads(done.stdout)
    assert document["path_base"] == "config"
    assert [f["path"] for f in document["plans"][0]["files"]] == ["sub/a.cu"]
    portkit("report", "--fail-on", "none", cwd=tree / "sub")
    assert "--to is required" in portkit("report", "--no-config", cwd=tree / "sub", code=2).stderr


def test_explicit_file(portkit: Callable[..., Any], tree: Path, tmp_path: Path) -> None:
    (tree / "portkit.toml").write_text('targets = ["musa"]\n')
    other = tmp_path / "other.toml"
    other.write_text('targets = ["maca"]\n')
    assert config_of(portkit, tree, "--config", other)["targets"]["value"] == ["maca"]
    assert (
        "exclude each other"
        in portkit("config", tree, "--config", other, "--no-config", code=2).stderr
    )


def test_broken_pyproject_is_an_error_only_when_it_is_ours(
    portkit: Callable[..., Any], tree: Path
) -> None:
    (tree / "pyproject.toml").write_text("[tool.portkit]\nx = [\n")
    assert "not TOML" in portkit("config", tree, code=2).stderr
    (tree / "pyproject.toml").write_text("[tool.black]\nx = [\n")
    assert config_of(portkit, tree)["targets"]["origin"] == "default"


def test_migrate_takes_the_one_target(portkit: Callable[..., Any], tree: Path) -> None:
    (tree / "portkit.toml").write_text('targets = ["musa"]\n')
    assert "musaMalloc" in portkit("migrate", ".", "--diff", cwd=tree).stdout
    (tree / "portkit.toml").write_text('targets = ["musa", "maca"]\n')
    assert "choose one with --to" in portkit("migrate", ".", "--diff", cwd=tree, code=2).stderr
    assert "mcMalloc" in portkit("migrate", ".", "--diff", "--to", "maca", cwd=tree).stdout


def test_overrides_change_the_policy_and_flags_of_their_paths(
    portkit: Callable[..., Any], tree: Path
) -> None:
    for name in ("old.cu", "new.cu"):
        (tree / name).write_text(
            "#include <cuda_runtime.h>\nvoid f(void *p) {\n#ifdef OLD\ncudaFree(p);\n#endif\n}\n"
        )
    (tree / "portkit.toml").write_text(
        'targets = ["musa"]\nexclude = ["sub/"]\n[[overrides]]\npaths = ["old.*"]\ndefines = ["OLD"]\n'
        '[[overrides]]\npaths = ["new.*"]\nskip = ["runtime"]\n'
    )
    plan = json.loads(portkit("report", ".", "--format", "json", "-j", "1", cwd=tree).stdout)[
        "plans"
    ][0]
    files = {f["path"]: {r["name"]: r for r in f["references"]} for f in plan["files"]}
    assert (
        files["old.cu"]["cudaFree"]["context"] == "call"
        and files["old.cu"]["cudaFree"]["decision"] == "edit"
    )
    assert (
        files["new.cu"]["cudaFree"]["context"] == "inactive"
        and files["new.cu"]["cudaFree"]["reason"] == "not-selected"
    )


def test_key_lines() -> None:
    text = '# c\na = 1\n[b."x.y"]\nc = 2\n[[d]]\ne = 3\n[[d]]\ne = 4\n'
    assert key_lines(text) == {("a",): 2, ("b",): 3, ("b", "x.y"): 3, ("b", "x.y", "c"): 4, ("d",
    ): 5, ("d", 0): 5, ("d", 0, "e"): 6,
                               ("d", 1): 7, ("d", 1, "e"): 8}  # fmt: skip

# SPDX-License-Identifier: Apache-2.0
"""Options: defaults, what a configuration and the environment say, and whose word it is."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from portkit import Options, Session
from portkit.api.include_folders import IncludeFolders
from portkit.api.policy import make_policy, overridden
from portkit.api.unit_flags import FlagsOfUnits
from portkit.cli.options import plan_options, scan_options
from portkit.config.keys import Override
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.model.errors import PortkitError
from portkit.model.words import Exists, Rung

# What the command line has and a session has not, and what has another name there.
OF_COMMANDS = {"paths", "quiet", "verbose", "config_file", "no_config", "fail_on", "fail_under"}
OTHERWISE = {"no_cache": "cache"}


def test_every_option_of_a_scan_and_a_plan_is_there_with_the_same_default() -> None:
    @click.command()
    @scan_options
    @plan_options
    def command() -> None:
        """Nothing."""

    options = Options()
    for param in command.params:
        name = OTHERWISE.get(param.name or "", param.name or "")
        if name in OF_COMMANDS:
            continue
        assert hasattr(options, name), name
        assert getattr(options, name) in ((), None, "", True, 0, Rung.CLANG)


def test_a_configuration_is_read_as_the_command_line_reads_it(tree: Path) -> None:
    text = 'targets = ["musa"]\ninclude-dirs = ["inc"]\nmaps = ["m.csv"]\nbaseline = "b.json"\n'
    (tree / "portkit.toml").write_text(text + 'rung = "lex"\njobs = 3\nlang = "zh"\n')
    options = Options.load([tree / "a.cu"], environ={})
    assert options.targets == ("musa",) and options.include_dirs == (str(tree / "inc"),)
    assert options.maps == (tree / "m.csv",) and options.baseline == tree / "b.json"
    assert (options.rung, options.jobs, options.language) == (Rung.LEX, 3, "zh")
    assert options.by_tree["include_dirs"] == "portkit.toml" and not options.firm
    assert Options.load(str(tree), environ={}) == options


def test_the_environment_beats_the_file_and_its_overrides(tree: Path) -> None:
    local = '[[overrides]]\npaths = ["*"]\naccept = "exists=rule"\n'
    (tree / "portkit.toml").write_text(f'accept = "exists=doc"\n{local}')
    file = Options.load([tree], environ={})
    env = Options.load([tree], environ={"PORTKIT_ACCEPT": "exists=usage"})
    assert make_policy(file).floors.exists is Exists.DOC and len(overridden(file, "accept")) == 1
    assert make_policy(env).floors.exists is Exists.USAGE and overridden(env, "accept") == []
    assert env.firm == {"accept"} and "accept" not in env.by_tree


def test_a_named_configuration_is_the_users_word(tree: Path) -> None:
    (tree / "portkit.toml").write_text('include-dirs = ["/elsewhere"]\n')
    found = Options.load([tree], environ={})
    named = Options.load([tree], tree / "portkit.toml", {})
    assert found.include_dirs == named.include_dirs == ("/elsewhere",)
    dirs = found.include_dirs
    assert IncludeFolders(found, [tree]).by_key("include_dirs", dirs) == ()
    assert IncludeFolders(named, [tree]).by_key("include_dirs", dirs) == dirs


def test_what_is_given_wins_over_file_and_overrides(tree: Path) -> None:
    local = '[[overrides]]\npaths = ["*"]\ndefines = ["X=1"]\n'
    (tree / "portkit.toml").write_text(f'include-dirs = ["/one"]\n{local}')
    loaded = Options.load([tree], environ={})
    options = loaded.given(include_dirs=["/two"], defines=["Y"], jobs=2)
    assert FlagsOfUnits(loaded, [tree]).of(tree / "a.cu") == UnitFlags(defines=("X=1",))
    flags = FlagsOfUnits(options, [tree])
    assert flags.of(tree / "a.cu") == UnitFlags(include_dirs=("/two",), defines=("Y",))
    assert flags.left_out() == () and loaded.jobs == 0 and options.jobs == 2


def test_a_folder_that_only_the_tree_names_is_told(tree: Path) -> None:
    (tree / "portkit.toml").write_text('include-dirs = ["/elsewhere"]\n')
    scan = Session([tree], Options.load([tree], environ={}).given(jobs=1)).scan()
    assert [(s.path, s.reason) for s in scan.skipped] == [("portkit.toml", "folders-outside")]


def test_what_stands_for_a_type_is_taken() -> None:
    override = Override(paths=["a/*"], skip=["cublas"])
    options = Options(
        root="here",  # type: ignore[arg-type]
        rung="syntax",  # type: ignore[arg-type]
        maps=["m.csv"],  # type: ignore[arg-type]
        overrides=[override],  # type: ignore[arg-type]
    )
    assert (options.root, options.rung) == (Path("here"), Rung.SYNTAX)
    assert options.maps == (Path("m.csv"),)
    assert options.overrides == (override,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"include": "*.cu"}, "include: '*.cu' is one text"),
        ({"rung": "best"}, "rung: unknown word 'best'"),
        ({"strategy": "guess"}, "strategy: unknown word 'guess'"),
    ],
)
def test_what_cannot_be_taken_is_one_line(changes: dict[str, str], said: str) -> None:
    with pytest.raises(PortkitError) as error:
        Options(**changes)  # type: ignore[arg-type]
    assert said in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(PortkitError):
        Options().given(**changes)


def test_a_library_that_is_not_known_is_told_before_any_plan(tree: Path) -> None:
    session = Session([tree], Options(skip=["cublos"], jobs=1), ["musa"])  # type: ignore[arg-type]
    with pytest.raises(PortkitError, match="skip: unknown library 'cublos'"):
        session.plans()

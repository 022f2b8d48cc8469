# SPDX-License-Identifier: Apache-2.0
"""The ready answers of `query` are those of the full program, and there is none where anything
could change them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portkit.cli.query import command as query
from portkit.quick import answer as quick
from portkit.quick import build as answers
from portkit.quick import lookup
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary
from specs import all_profiles

NOWHERE = {"HOME": "/nonexistent"}
SPECS = all_profiles()


def sample() -> list[str]:
    """Return some hundred spellings of every sort: plain, with namespaces and structs, of each kind
    and library, with several meanings.
    """
    vocabulary = load_vocabulary()
    spelled = sorted(answers.spelled_names(vocabulary))
    kinds = {
        (e.kind, e.library, bool(e.deprecated), bool(e.qualifier)): name
        for name in vocabulary.names
        for e in vocabulary.get(name)
    }
    several = sorted(vocabulary.names, key=lambda name: (-len(vocabulary.get(name)), name))[:40]
    return sorted({*spelled[::200], *kinds.values(), *several})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the sample's answers."""
    path = tmp_path_factory.mktemp("answers") / "answers.bin"
    path.write_bytes(answers.make_answers(sample()))
    return path


@pytest.fixture(autouse=True)
def no_sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTKIT_DATA_DIR", str(tmp_path / "data"))


def full(names: list[str], targets: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    query.main(
        [*names, *(word for target in targets for word in ("--to", target))], standalone_mode=False
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "targets", [[], *([spec] for spec in SPECS), ["musa"], ["maca", "musa", "musa"]], ids=" ".join
)
def test_ready_answers_are_the_full_ones(
    targets: list[str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sample()
    assert len(names) > 400
    assert lookup.lookup(names, targets, NOWHERE, str(file)) == full(names, targets, capsys)
    assert lookup.lookup(names[-1:], targets, NOWHERE, str(file)) == full(
        names[-1:], targets, capsys
    )


def test_what_is_unusual_has_no_ready_answer(file: Path) -> None:
    name = sample()[0]
    assert lookup.lookup([name], [], NOWHERE, str(file))
    for names, targets in (
        ([name, "cudaNoSuchName"], []),
        (["cudaNoSuchName"], []),
        ([name], ["nothing"]),
        ([name], ["biren"]),  # it has no default profile
        ([name], ["musa@mp_9"]),
        ([name], ["musa", ""]),
        ([f"{name}\t0"], []),
        ([f"{name}\n"], []),
        (["\udcff"], []),
        (["no::" + name], []),
    ):
        assert lookup.lookup(names, targets, NOWHERE, str(file)) is None, (names, targets)


@pytest.mark.parametrize("environ", [{"PORTKIT_MAPPINGS": "x"}, {"HOME": ""}, {}])
def test_another_environment_is_left_to_the_full_program(
    environ: dict[str, str], file: Path
) -> None:
    assert lookup.lookup(sample()[:1], [], environ, str(file)) is None


@pytest.mark.parametrize("variable", ["PORTKIT_DATA_DIR", "XDG_DATA_HOME", "HOME"])
def test_an_sdk_that_proves_names_is_seen(variable: str, file: Path, tmp_path: Path) -> None:
    own = {"PORTKIT_DATA_DIR": "", "XDG_DATA_HOME": "portkit", "HOME": ".local/share/portkit"}[
        variable
    ]
    environ = NOWHERE | {variable: str(tmp_path)}
    proved = tmp_path / own / "sdk" / "musa@mp_31.json"
    name = sample()[:1]
    assert lookup.lookup(name, ["musa"], environ, str(file)) is not None
    proved.parent.mkdir(parents=True)
    proved.write_text("{}")
    assert lookup.lookup(name, ["musa"], environ, str(file)) is None
    assert lookup.lookup(name, [], environ, str(file)) is None
    assert lookup.lookup(name, ["maca"], environ, str(file)) is not None


def test_a_broken_file_is_none(file: Path, tmp_path: Path) -> None:
    data, broken, name = file.read_bytes(), tmp_path / "answers.bin", sample()[:1]
    whole = lookup.lookup(name, [], NOWHERE, str(file))
    assert lookup.lookup(name, [], NOWHERE, str(broken)) is None and not answers.is_fresh(broken)
    for end in (0, 5, len(lookup.MAGIC), 40, 300, len(data) // 3):
        broken.write_bytes(data[:end])
        assert lookup.lookup(name, [], NOWHERE, str(broken)) in (None, whole)
    broken.write_bytes(data.replace(b"answers 1", b"answers 2", 1))
    assert lookup.lookup(name, [], NOWHERE, str(broken)) is None and not answers.is_fresh(broken)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The package in a checkout of its own, with answers that are fresh."""
    package = tmp_path / "checkout" / "src" / "portkit"
    package.parent.mkdir(parents=True)
    shutil.copytree(lookup.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    shutil.copytree(mappings_folder(), tmp_path / "checkout" / "mappings")
    (package / "_data").mkdir()
    (package / "_data" / "answers.bin").write_bytes(
        answers.make_answers(["cudaMalloc", "cudaFree"])
    )
    return package


def loaded(package: Path, *arguments: str) -> set[str]:
    """Run `query` of a copy; return the modules that it loaded."""
    # the full program ends its process itself
    show = "atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    code = f"import atexit, runpy, sys\n{show}\nrunpy.run_module('portkit', run_name='__main__')"
    env = {**os.environ, "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-c", code, "query", *arguments]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, cwd=package
    )
    assert done.returncode == 0 and done.stdout.startswith(arguments[0]), done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_ready_answers_import_next_to_nothing(copied: Path) -> None:
    assert not loaded(copied, "cudaMalloc", "--to=musa", "cudaFree") & {
        "click",
        "msgspec",
        "tomllib",
        "portkit.model",
        "portkit.cli.main",
    }


def test_a_change_of_the_sources_ends_them(copied: Path) -> None:
    tables, file = copied.parent.parent / "mappings", copied / "_data" / "answers.bin"
    old = file.stat().st_mtime_ns
    table = next(tables.glob("musa/runtime*.csv"))
    for changed in (
        table,
        tables / "cuda" / "runtime.csv",
        copied / "targets" / "naming.py",
        copied / "quick" / "known.py",
    ):
        text, before = changed.read_bytes(), changed.stat()
        assert "click" not in loaded(copied, "cudaMalloc")
        os.utime(changed, ns=(old + 1, old + 1))  # as long as before, and younger
        assert "click" in loaded(copied, "cudaMalloc")
        changed.write_bytes(text + b"\n" * changed.name.endswith(".py"))
        os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert ("click" in loaded(copied, "cudaMalloc")) is changed.name.endswith(".py")
        changed.write_bytes(text)
        os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_command_lines_that_quick_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], list[str]]] = []
    monkeypatch.setattr(
        lookup, "lookup", lambda names, targets, environ: asked.append((names, targets))
    )
    for line in ("a", "a --to musa b", "--to=maca a --to musa"):
        assert quick.answer(["query", *line.split()], {}) is None
    assert asked == [(["a"], []), (["a", "b"], ["musa"]), (["a"], ["maca", "musa"])]
    for line in ("", "a --format json", "--debug a", "a --to", "--to= a", "-h", "a -- b"):
        assert quick.answer(["query", *line.split()], {}) is None
    assert len(asked) == 3


def test_targets_check_says_when_there_are_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path
) -> None:
    from click.testing import CliRunner

    from portkit.cli.targets import command

    # the tables are right
    for check in ("targets.checks.check_target", "cli.reach.unreachable", "cli.reach.unanswered"):
        monkeypatch.setattr(f"portkit.{check}", lambda *_: [])
    monkeypatch.setattr(lookup, "FILE", str(file))
    assert (
        "ready answers"
        not in CliRunner().invoke(command, ["--check"], standalone_mode=False).stderr
    )
    monkeypatch.setattr(lookup, "FILE", str(tmp_path / "none"))
    said = CliRunner().invoke(command, ["--check"], standalone_mode=False)
    assert "python -m portkit.quick.build" in said.stderr and said.return_value == 0


def test_a_fresh_file_is_left_alone_and_a_stale_one_replaced(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "new" / "answers.bin"
    monkeypatch.setattr(answers, "spelled_names", lambda _: ["cudaMalloc"])
    answers.write_answers(own)
    first = own.read_bytes()
    monkeypatch.setattr(answers, "spelled_names", lambda _: ["cudaFree"])
    answers.write_answers(own)
    assert own.read_bytes() == first
    os.utime(own, (0, 0))
    answers.write_answers(own)
    assert (
        own.read_bytes() != first
        and answers.is_fresh(own)
        and [p.name for p in own.parent.iterdir()] == ["answers.bin"]
    )

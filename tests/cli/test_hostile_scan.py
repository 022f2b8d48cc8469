# SPDX-License-Identifier: Apache-2.0
"""A saved scan that somebody changed: it is taken, or refused in one line with the file."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from depth import many
from portkit.cli.main import run_line
from portkit.files.regular import SOURCE_BYTES
from specs import each_target

NAMES = (
    "PK104",
    "PK301",
    "PK401",
    "PK505",
    "PK905",
)  # rules whose fixtures hold all that a scan can
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1,
        7,
        10**6,
        2**31,
        2**63,
        2**64,
        10**30,
        1.5,
        "",
        "x",
        "\0",
        "\n::error::",
        "../x",
        "/etc/passwd",
        "utf-16",
    ),
    *(
        "gb18030",
        "PK999",
        "PK900",
        "PK401",
        [],
        {},
        [0, 0],
        [5, 1],
        [-3, 2],
        [0, 10**9],
        [[]],
        "cudaMalloc",
        "a" * 3000,
        "zz",
        "ff",
    ),
    *("clang", "failed", "limit", "user"),
]
SCAN = ["scan", "tree", "--root", "tree", "-o", "scan.json", "-j", "1", "--no-cache"]
REPORT = ["report", "tree", "--root", "tree", "--to", "musa", "--from-scan"]
COMMANDS = [
    ("report", "--format", "json"),
    ("report", "--format", "html"),
    ("report", "--format", "junit"),
    ("report", "--format", "text", "-v"),
    ("migrate", "--diff", "--comments", "--rename-files", "--fix", "--unsafe-fixes"),
    ("migrate", "--diff", "--strategy", "header"),
    ("check", "--format", "sarif"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Path:
    """A folder with a tree and its saved scan, as the working directory."""
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CACHE_HOME", "PORTKIT_STATE_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    (tmp_path / "tree").mkdir()
    for name in NAMES:
        shutil.copy(
            repository / "fixtures" / "rules" / name / "bad.cu",
            tmp_path / "tree" / f"{name}.cu",
        )
    assert run_line(SCAN) == 0
    return tmp_path


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a document."""
    if not isinstance(value, (dict, list)):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        yield from nodes(item, (*path, key))


def mutate(
    document: dict[str, Any],
    ways: list[tuple[Any, ...]],
    rng: random.Random,
) -> dict[str, Any]:
    """Return a copy with one to three things taken out, doubled, moved or replaced."""
    made = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        holder: Any = made
        *way, last = rng.choice(ways)
        try:
            for key in way:
                holder = holder[key]
            old = holder[last]
        except (KeyError, IndexError, TypeError):
            continue  # gone by an earlier change
        if not isinstance(holder, (dict, list)):
            continue
        kind = rng.random()
        if kind < 0.1:
            del holder[last]
        elif kind < 0.2 and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(old))
        elif kind < 0.3 and isinstance(holder, list):
            rng.shuffle(holder)
        elif kind < 0.6 and type(old) is int:
            holder[last] = old + rng.choice([-1, 1, -2, 5, 100, -100, 10**5])
        else:
            like = [v for v in VALUES if type(v) is type(old)] if rng.random() < 0.85 else VALUES
            holder[last] = copy.deepcopy(rng.choice(like or VALUES))
    return made


def test_a_changed_scan_is_taken_or_refused_in_one_line(
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = json.loads((place / "scan.json").read_text(encoding="utf-8"))
    ways, rng, targets = list(nodes(document)), random.Random(8937), each_target()
    codes: dict[int, int] = {}
    for number in range(many(150)):
        made = mutate(document, ways, rng)
        (place / "changed.json").write_text(json.dumps(made), encoding="utf-8")
        command, *options = rng.choice(COMMANDS)
        target = rng.choice(targets)
        given = [
            command,
            "tree",
            "--root",
            "tree",
            "--to",
            target,
            *options,
            "--fail-on",
            "none",
            "--from-scan",
            "changed.json",
        ]
        capsys.readouterr()
        code = run_line([*given, "--no-cache", "-j", "1"])
        told = capsys.readouterr().err
        assert "fault of portkit" not in told and "Traceback" not in told, (number, given, told)
        if code == 2:
            (line,) = [t for t in told.splitlines() if "made by portkit" not in t]
            assert "changed.json" in line or ".cu: byte" in line, (
                number,
                line,
            )  # the latter: an edit that does not fit
        codes[code] = codes.get(code, 0) + 1
    assert codes.keys() == {0, 2} and codes[0] > 20 and codes[2] > 40
    assert sorted(p.name for p in place.iterdir()) == ["changed.json", "scan.json", "tree"]


Change = Callable[[dict[str, Any]], object]
WRONG: list[tuple[Change, str]] = [
    (
        lambda d: d["files"][0]["references"][0].update(span=[0, 10**9]),
        "'PK104.cu': reference 1 lies outside of its",
    ),
    (
        lambda d: d["files"][0]["references"][0].update(span=[-1, 2]),
        "'PK104.cu': reference 1 lies outside of its",
    ),
    (
        lambda d: d["files"][0]["references"][0].update(span=[9, 2]),
        "'PK104.cu': reference 1 lies outside of its",
    ),
    (lambda d: d["files"][0]["references"].reverse(), "comes before the one ahead of it"),
    (lambda d: d["files"].append(d["files"][0]), "'PK104.cu' is listed twice"),
    (lambda d: d["files"][0].update(encoding="nonsense"), "PK104.cu (otherwise described)"),
    (lambda d: d["files"][0].update(encoding="utf-16"), "PK104.cu (otherwise described)"),
    (lambda d: d["files"][0].update(path_bytes="ff"), "PK104.cu (otherwise described)"),
    (lambda d: d["files"][0].update(path_bytes="zz"), "'PK104.cu': 'zz' are no bytes of a name"),
    (lambda d: d["files"][0].update(size=10**6), "PK104.cu (changed)"),
    (lambda d: d["files"][0].update(size=-1), "no file has"),
    (lambda d: d["files"][0].update(lines=10**9), "no file has 1000000000 lines"),
    (
        lambda d: d["files"][0]["issues"].append({"rule": "PK999", "span": [0, 0], "args": {}}),
        "there is no rule 'PK999'",
    ),
    (
        lambda d: d["files"][0]["issues"].append({"rule": "PK900", "span": [0, 10**9], "args": {}}),
        "a issue lies outside",
    ),
    (
        lambda d: d["skipped"].append({"path": "x", "reason": "binary", "files": -1}),
        "'x': less than no files",
    ),
    (lambda d: d.update(paths=["/etc"]), "the path '/etc' leaves the root"),
    (lambda d: d.update(paths=["a/../../b"]), "leaves the root"),
    (lambda d: d.update(paths=["a\0b"]), "leaves the root"),
    (lambda d: d.update(exclude=["[z-a]"]), "exclude: '[z-a]' has the range"),
    (lambda d: d.update(include=["ok", "\0"]), "include: '\\x00' holds a zero byte"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_a_scan_cannot_say_is_told(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    change: Change,
    said: str,
) -> None:
    document = json.loads((place / "scan.json").read_text(encoding="utf-8"))
    change(document)
    (place / "changed.json").write_text(json.dumps(document), encoding="utf-8")
    told = refused(capsys)
    assert said in told and "changed.json" in told and told.count("\n") == 1


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """Report from the changed scan, which must be refused; return what is told."""
    capsys.readouterr()
    assert run_line([*REPORT, "changed.json"]) == 2
    return capsys.readouterr().err


def test_what_is_no_document_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [
        b"",
        b"\xff",
        b"{",
        b"[" * 100_000,
        b'{"schema":"portkit/scan/1","x":' + b"[" * 100_000,
    ]
    for text in texts:
        (place / "changed.json").write_bytes(text)
        told = refused(capsys)
        assert "changed.json: not a portkit/scan/1 document" in told and told.count("\n") == 1
    assert run_line([*REPORT, "/dev/zero"]) == 2
    told = capsys.readouterr().err
    assert "/dev/zero: cannot read the scan: a device, not a regular file" in told


def test_a_file_that_was_too_large_to_scan_is_known_again(
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (place / "tree" / "big.cu").write_bytes(b"")
    os.truncate(place / "tree" / "big.cu", SOURCE_BYTES + 1)
    assert run_line(SCAN) == 0
    given = [
        "report",
        "tree",
        "--root",
        "tree",
        "--to",
        "musa",
        "--format",
        "text",
        "--from-scan",
        "scan.json",
    ]
    assert run_line(given) == 0
    told = capsys.readouterr().out
    assert "big.cu:1:1: PK900 the file could not be read: larger than 64 MiB" in told
    os.truncate(place / "tree" / "big.cu", SOURCE_BYTES + 2)
    assert run_line(given) == 2
    assert "big.cu (changed)" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a" * 4000, "b" * 255 + "/x.cu", "\x00.cu"])
@pytest.mark.parametrize("every", [True, False])
def test_a_name_that_no_file_can_have(
    place: Path, capsys: pytest.CaptureFixture[str], name: str, every: bool
) -> None:
    document = json.loads((place / "scan.json").read_text(encoding="utf-8"))
    for file in document["files"] if every else document["files"][:1]:
        file["path"] = name
    (place / "changed.json").write_text(json.dumps(document), encoding="utf-8")
    given = ["report", "tree", "--root", "tree", "--to", "musa", "--from-scan", "changed.json"]
    assert run_line([*given, "--no-cache", "-j", "1"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "changed.json" in told

# SPDX-License-Identifier: Apache-2.0
"""The planted trees of fixtures/shadowing: every reference is expected, and every expectation is
met.

A line says what it must hold in a comment at its end (`// expect: NAME=edit:REPLACEMENT,
NAME=keep:REASON`), or a file beside the source (`<file>.expect`, lines `NUMBER: NAME=...`) does. A
line that says nothing must hold nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "shadowing"
CASES = sorted(p.name for p in FIXTURES.iterdir() if p.is_dir())
_COMMENT = re.compile(rb"(?://|/\*) expect: (?P<items>.*?)(?:\*/.*)?$")
Expected = dict[int, list[str]]


def expectations(source: Path) -> Expected:
    """Return what `source` must hold, by 1-based line: sorted `NAME=edit:REPLACEMENT` or
    `NAME=ACTION:REASON`.
    """
    found: Expected = {}
    for number, text in _expect_lines(source):
        items = [item.strip() for item in text.split(",")]
        for item in items:
            assert re.fullmatch(r"\S+=(edit|keep|manual):\S+", item), (
                f"{source.name}:{number}: {item!r}"
            )
        found[number] = sorted(items)
    return found


def _expect_lines(source: Path) -> Iterator[tuple[int, str]]:
    sidecar = source.with_name(source.name + ".expect")
    if sidecar.exists():
        for line in sidecar.read_text(encoding="utf-8").splitlines():
            number, _, items = line.partition(": ")
            yield int(number), items
        return
    for at, code in enumerate(source.read_bytes().split(b"\n"), 1):
        if match := _COMMENT.search(code):
            yield at, match["items"].decode()


def found_references(file: dict[str, Any]) -> Expected:
    """Return the references of one file of the JSON report in the form of `expectations`."""
    found: Expected = {}
    for ref in file["references"]:
        if ref["context"] != "comment":
            what = ref["replacement"] if ref["decision"] == "edit" else ref["reason"]
            found.setdefault(ref["line"], []).append(f"{ref['name']}={ref['decision']}:{what}")
    return {line: sorted(items) for line, items in found.items()}


@pytest.mark.parametrize("case", CASES)
def test_every_reference_is_as_expected(
    case: str, tmp_path: Path, run_report: Any, copy_tree: Any
) -> None:
    tree = copy_tree(FIXTURES / case, tmp_path / case, leave_out=("*.expect",))
    plan = run_report(tree)
    files = {f["path"]: found_references(f) for f in plan["files"]}
    sources = [
        p for p in sorted((FIXTURES / case).rglob("*")) if p.is_file() and p.suffix != ".expect"
    ]
    assert len(sources) > 0
    wrong = []
    for source in sources:
        path = source.relative_to(FIXTURES / case).as_posix()
        assert path in files, f"{path} was not read"
        expected, found = expectations(source), files[path]
        wrong += [
            f"{path}:{line}: expected {expected.get(line, [])}, found {found.get(line, [])}"
            for line in sorted(expected.keys() | found.keys())
            if expected.get(line) != found.get(line)
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", CASES)
def test_the_output_differs_by_the_expected_edits_only(
    case: str, tmp_path: Path, run_migrate: Any, copy_tree: Any
) -> None:
    tree = copy_tree(FIXTURES / case, tmp_path / case, leave_out=("*.expect",))
    written = run_migrate(tree, tmp_path / "out")
    for source in sorted(p for p in tree.rglob("*") if p.is_file()):
        path = source.relative_to(tree)
        edits: dict[int, list[tuple[str, str]]] = {}
        for line, items in expectations(FIXTURES / case / path).items():
            pairs = [item.split("=", 1) for item in items]
            edits[line] = [
                (name, what.removeprefix("edit:"))
                for name, what in pairs
                if what.startswith("edit:")
            ]
        before, after = source.read_bytes().split(b"\n"), (written / path).read_bytes().split(b"\n")
        assert len(before) == len(after), path
        for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
            changed = edits.get(number, [])
            assert len(new) - len(old) == sum(len(b) - len(a) for a, b in changed), (
                f"{path}:{number}: {new!r}"
            )
            if not changed:
                assert old == new, f"{path}:{number}"

# SPDX-License-Identifier: Apache-2.0
"""What makes a run fail: levels, readiness, a baseline, changed lines."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from portkit.report.formats import all_formats

Run = Callable[..., Any]
SOURCE = "#include <cuda_runtime.h>\nint main() {{ void *p; cudaMalloc(&p, 8); cudaFooBar{}(p); return 0; }}\n"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(SOURCE.format(1))
    (folder / "clean.cu").write_text(
        "#include <cuda_runtime.h>\nint main() { return cudaDeviceSynchronize(); }\n"
    )
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def test_levels(portkit: Run, tree: Path) -> None:
    done = portkit("check", ".", "--to", "musa", cwd=tree)
    assert "a.cu:2:" in done.stdout and "PK102" in done.stdout and "1 warnings" in done.stdout
    done = portkit("check", ".", "--to", "musa", "--fail-on", "warning", cwd=tree, code=1)
    assert "portkit: musa@mp_31: 1 finding at or above warning" in done.stderr
    portkit("check", "clean.cu", "--to", "musa", "--fail-on", "info", cwd=tree)
    portkit(
        "report",
        ".",
        "--to",
        "musa",
        "--to",
        "maca",
        "--fail-on",
        "warning",
        "-q",
        cwd=tree,
        code=1,
    )


def test_fail_under(portkit: Run, tree: Path) -> None:
    done = portkit("report", ".", "--to", "musa", "--fail-under", "99", cwd=tree, code=1)
    assert "readiness 80.0 is under 99" in done.stderr
    portkit("report", ".", "--to", "musa", "--fail-under", "80", cwd=tree)
    (tree / "empty.cpp").write_text("int x;\n")
    portkit("report", "empty.cpp", "--to", "musa", "--fail-under", "100", cwd=tree)
    portkit("report", ".", "--to", "musa", "--fail-under", "101", cwd=tree, code=2)


def write_many(folder: Path, files: int, each: int) -> None:
    """Write `files` files with `each` unknown names apiece, every name once a file."""
    for number in range(files):
        calls = "".join(f"  cudaMadeUp{number}x{i}(p);\n" for i in range(each))
        (folder / f"f{number:02}.cu").write_text(
            f"#include <cuda_runtime.h>\nvoid f{number}(void *p) {{\n{calls}}}\n"
        )


def drift_of(done: Any) -> tuple[str, list[str]]:
    first, *rest = done.stdout.splitlines()
    return first, rest


def test_baseline_of_a_thousand_findings(portkit: Run, tmp_path: Path) -> None:
    """Insert lines, rename a file, fix one, add one: exactly one new, exactly one gone."""
    tree = tmp_path / "tree"
    tree.mkdir()
    write_many(tree, 20, 50)
    common = ("--to", "musa", "-j", "1", "--rung", "syntax")
    portkit("baseline", ".", *common, "--write", cwd=tree)
    data = (tree / "portkit-baseline.json").read_text()
    document = json.loads(data)
    assert len(document["findings"]) == 1000
    lines = data.splitlines()[3:-1]
    assert (
        [json.loads(line.rstrip(",")) for line in lines]
        == document["findings"]
        == sorted(document["findings"], key=lambda k: [*k.values()])
    )
    assert drift_of(portkit("baseline", ".", *common, cwd=tree)) == (
        "musa@mp_31: 1000 known, 0 new, 0 gone",
        [],
    )
    portkit(
        "check",
        ".",
        *common,
        "--fail-on",
        "warning",
        "--baseline",
        "portkit-baseline.json",
        cwd=tree,
    )

    for path in tree.glob("f*.cu"):  # lines inserted above, between and inside
        text = path.read_text().splitlines(keepends=True)
        for place in (30, 10, 2, 0):
            text.insert(place, "// a new line\n\n")
        path.write_text("".join(text))
    (tree / "f03.cu").rename(tree / "renamed.cu")
    fixed = tree / "f05.cu"
    fixed.write_text(fixed.read_text().replace("  cudaMadeUp5x7(p);\n", ""))
    added = tree / "f09.cu"
    added.write_text(
        added.read_text().replace(
            "  cudaMadeUp9x3(p);\n", "  cudaMadeUp9x3(p);\n  cudaBrandNew(p);\n"
        )
    )

    first, rest = drift_of(portkit("baseline", ".", *common, cwd=tree))
    assert first == "musa@mp_31: 999 known, 1 new, 1 gone, 50 moved"
    assert [line.split(":")[0] for line in rest] == [
        "new   f09.cu",
        "gone  f05.cu",
        "moved f03.cu -> renamed.cu",
    ]
    assert "cudaBrandNew" in rest[0] and "cudaMadeUp5x7" in rest[1]
    done = portkit(
        "check",
        ".",
        *common,
        "--fail-on",
        "warning",
        "--baseline",
        "portkit-baseline.json",
        cwd=tree,
        code=1,
    )
    assert "1 finding at or above warning" in done.stderr
    assert [line for line in done.stdout.splitlines() if "PK102" in line] == [
        next(x for x in done.stdout.splitlines() if "cudaBrandNew" in x)
    ]

    portkit("baseline", ".", *common, "--prune", cwd=tree)
    after = json.loads((tree / "portkit-baseline.json").read_text())["findings"]
    assert len(after) == 999 and sum(k["path"] == "renamed.cu" for k in after) == 50
    assert not any(k["name"] in ("cudaMadeUp5x7", "cudaBrandNew") for k in after)
    portkit("baseline", ".", *common, "--write", cwd=tree)
    assert drift_of(portkit("baseline", ".", *common, cwd=tree)) == (
        "musa@mp_31: 1000 known, 0 new, 0 gone",
        [],
    )


def test_baseline_is_per_target_and_keeps_what_was_not_read(portkit: Run, tree: Path) -> None:
    portkit("baseline", ".", "--to", "musa", "--write", "--baseline", "known.json", cwd=tree)
    portkit(
        "check",
        "a.cu",
        "--to",
        "musa",
        "--fail-on",
        "warning",
        "--baseline",
        "known.json",
        cwd=tree,
    )
    portkit(
        "check",
        "a.cu",
        "--to",
        "maca",
        "--fail-on",
        "warning",
        "--baseline",
        "known.json",
        cwd=tree,
        code=1,
    )
    one = json.loads((tree / "known.json").read_text())["findings"]
    portkit(
        "baseline",
        "clean.cu",
        "--to",
        "musa",
        "--to",
        "maca",
        "--write",
        "--baseline",
        "known.json",
        cwd=tree,
    )
    assert [
        k for k in json.loads((tree / "known.json").read_text())["findings"] if k["path"] == "a.cu"
    ] == one
    portkit("baseline", ".", "--to", "maca", "--write", "--baseline", "known.json", cwd=tree)
    assert {k["target"] for k in json.loads((tree / "known.json").read_text())["findings"]} == {
        "musa@mp_31",
        "maca@native",
    }


def test_baseline_is_the_same_file_whatever_the_order(portkit: Run, tree: Path) -> None:
    (tree / "b.cu").write_text(SOURCE.format(2))
    portkit("baseline", ".", "--to", "musa", "--write", "--baseline", "one.json", cwd=tree)
    portkit(
        "baseline",
        "clean.cu",
        "b.cu",
        "a.cu",
        "--to",
        "musa",
        "--write",
        "--baseline",
        "two.json",
        cwd=tree,
    )
    assert (tree / "one.json").read_bytes() == (tree / "two.json").read_bytes()


def test_baseline_mistakes(portkit: Run, tree: Path) -> None:
    assert (
        "--write"
        in portkit("check", ".", "--to", "musa", "--baseline", "none.json", cwd=tree, code=2).stderr
    )
    (tree / "bad.json").write_text("{}")
    assert (
        "not a baseline"
        in portkit("check", ".", "--to", "musa", "--baseline", "bad.json", cwd=tree, code=2).stderr
    )
    assert "--to is required" in portkit("baseline", ".", cwd=tree, code=2).stderr


def test_baseline_in_reports(portkit: Run, tree: Path) -> None:
    portkit("baseline", ".", "--to", "musa", "--write", "--baseline", "known.json", cwd=tree)
    (tree / "b.cu").write_text(SOURCE.format(2))
    portkit(
        "report", ".", "--to", "musa", "--baseline", "known.json", "--format", "json=r.json",
        "--format", "sarif=r.sarif",
        "--format", "github=r.txt", "--format", "text=t.txt", cwd=tree,
    )  # fmt: skip
    files = {
        f["path"]: f["findings"]
        for f in json.loads((tree / "r.json").read_text())["plans"][0]["files"]
    }
    assert {f.get("exempt") for f in files["a.cu"]} == {"baseline"} and not any(
        "exempt" in f for f in files["b.cu"]
    )
    states = {
        (r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], r["baselineState"])
        for r in json.loads((tree / "r.sarif").read_text())["runs"][0]["results"]
    }
    assert {("a.cu", "unchanged"), ("b.cu", "new")} <= states
    assert "b.cu" in (tree / "r.txt").read_text() and "a.cu" not in (tree / "r.txt").read_text()
    assert "known to the baseline" in (tree / "t.txt").read_text()


def exempt_by_format(tree: Path, text: Callable[[str], str]) -> dict[str, set[str]]:
    """Return, by format, which files' findings it lists as what counts.

    A table (a format with `SEPARATOR`) is read by the columns `path` and `exempt` of its first
    line; any other format wants lines of its own here.
    """
    listed: dict[str, set[str]] = {}
    document = json.loads(text("json"))
    listed["json"] = {
        f["path"] for f in document["plans"][0]["files"] for i in f["findings"] if "exempt" not in i
    }
    results = json.loads(text("sarif"))["runs"][0]["results"]
    places = [
        (r, r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for r in results
    ]
    listed["sarif"] = {path for r, path in places if "exempt" not in r["properties"]}
    listed["gitlab"] = {i["location"]["path"] for i in json.loads(text("gitlab"))}
    listed["junit"] = {
        str(c.get("classname"))
        for c in ElementTree.fromstring(text("junit")).iter("testcase")
        if c.find("skipped") is None
    }
    listed["github"] = set(re.findall(r"file=([^,]+),", text("github")))
    listed["markdown"] = set(re.findall(r"^\| (\S+\.cu):\d+ \|", text("markdown"), re.M))
    listed["csv"] = {r["path"] for r in csv.DictReader(io.StringIO(text("csv"))) if not r["exempt"]}
    listed["text"] = set(re.findall(r"^(\S+\.cu):\d+:", text("text"), re.M))
    listed["html"] = set(re.findall(r'<td class="path">(\S+?\.cu):', text("html")))
    for name, module in all_formats().items():
        if name not in listed and (separator := getattr(module, "SEPARATOR", "")):
            rows = [line.split(separator) for line in text(name).splitlines()]
            cells = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
            listed[name] = {cell["path"] for cell in cells if not cell["exempt"]}
    return listed


@pytest.mark.parametrize("why", ["baseline", "since"])
def test_every_format_says_what_is_new(portkit: Run, tree: Path, why: str) -> None:
    portkit("baseline", ".", "--to", "musa", "--write", "--baseline", "known.json", cwd=tree)
    (tree / "b.cu").write_text(SOURCE.format(2))
    option = ("--baseline", "known.json") if why == "baseline" else ("--since", "HEAD")
    # a format of several files lists as `csv` does
    formats = tuple(n for n, module in all_formats().items() if not hasattr(module, "FILES"))
    into = [word for name in formats for word in ("--format", f"{name}=r.{name}")]
    portkit("report", ".", "--to", "musa", *option, *into, cwd=tree)
    listed = exempt_by_format(tree, lambda name: (tree / f"r.{name}").read_text(encoding="utf-8"))
    assert listed.keys() == {*formats}, (
        "say in exempt_by_format, above, how a new format shows which findings are exempt: "
        f"{', '.join(sorted({*formats} - listed.keys()))}"
    )
    # GitLab compares with the target branch by itself
    kept = {"gitlab"} if why == "since" else set()
    assert {name for name, paths in listed.items() if paths != {"b.cu"}} == kept, listed
    said = {"baseline": "known to the baseline", "since": "lines that did not change"}[why]
    for name in ("markdown", "text", "html"):
        assert said in (tree / f"r.{name}").read_text(encoding="utf-8"), name
    last = portkit(
        "check", ".", "--to", "musa", "--fail-on", "none", *option, cwd=tree
    ).stdout.splitlines()[-1]
    assert re.search(
        {
            "baseline": r"; [1-9]\d* known to the baseline",
            "since": r"; [1-9]\d* on unchanged lines",
        }[why],
        last,
    ), last


def test_since(portkit: Run, tree: Path) -> None:
    check = ("check", ".", "--to", "musa", "--fail-on", "warning", "--since", "HEAD")
    portkit(*check, cwd=tree)
    (tree / "a.cu").write_text("// moved down\n" + SOURCE.format(1))
    portkit(*check, cwd=tree)
    (tree / "a.cu").write_text(
        "// moved down\n" + SOURCE.format(1) + "void g(void *p) { cudaOtherOne(p); }\n"
    )
    done = portkit(*check, cwd=tree, code=1)
    assert (
        "a.cu:4:" in done.stdout
        and "cudaOtherOne" in done.stdout
        and "cudaFooBar1" not in done.stdout
    )
    git(tree, "commit", "-qam", "two")
    portkit(*check, cwd=tree)
    portkit(*check[:-1], "HEAD~1", cwd=tree, code=1)
    (tree / "new file é.cu").write_text(SOURCE.format(3))
    assert "cudaFooBar3" in portkit(*check, cwd=tree, code=1).stdout  # untracked
    git(tree, "add", "-A")
    assert "cudaFooBar3" in portkit(*check, cwd=tree, code=1).stdout
    sub = tree / "sub"
    sub.mkdir()
    git(tree, "mv", "new file é.cu", "sub/x.cu")
    git(tree, "commit", "-qm", "three")
    git(tree, "mv", "sub/x.cu", "sub/y.cu")
    portkit(*check, cwd=tree)  # a rename alone changes no line
    assert "no revision" in portkit(*check[:-1], "nowhere", cwd=tree, code=2).stderr


def test_since_the_fork(portkit: Run, tree: Path) -> None:
    git(tree, "checkout", "-qb", "topic")
    git(tree, "checkout", "-q", "-")
    (tree / "a.cu").write_text(SOURCE.format(1).replace("return 0", "return 1"))
    git(tree, "commit", "-qam", "upstream goes on")
    upstream = git(tree, "rev-parse", "HEAD").strip()
    git(tree, "checkout", "-q", "topic")
    check = ("check", ".", "--to", "musa", "--fail-on", "warning", "--since")
    portkit(*check, upstream, cwd=tree, code=1)  # what upstream did shows as a change of ours
    portkit(*check, f"{upstream}...", cwd=tree)


def test_matching_by_content_needs_the_old_file_gone() -> None:
    from portkit.plan.baseline import BaselineEntry, compare

    def entry(path: str, name: str) -> BaselineEntry:
        return BaselineEntry("t@p", path, "PK101", name, f"{path}/{name}", name)

    before = [entry("a", "x"), entry("a", "y")]
    copied = compare(before, [entry("a", "y"), entry("b", "x")], ["a", "b"], lambda _: True)
    assert (copied.new, copied.gone, copied.moved) == ((entry("b", "x"),), (entry("a", "x"),), ())
    moved = compare(before, [entry("b", "x"), entry("b", "y")], ["b"], lambda _: False)
    assert not moved.new and not moved.gone and len(moved.moved) == 2
    unread = compare(before, [], [], lambda _: True)
    assert not unread.gone and len(unread.unread) == 2


def test_every_item_lands_in_one_group() -> None:
    from portkit.plan.baseline import BaselineEntry, compare

    numbers = random.Random(7)
    for _ in range(300):
        pool = [BaselineEntry("t@p", p, "PK101", n, f"{p}{n}", n) for p in "abc" for n in "xyz"]
        before, found = (numbers.choices(pool, k=numbers.randrange(9)) for _ in range(2))
        there = set(numbers.sample("abc", numbers.randrange(4))) | {k.path for k in found}
        drift = compare(before, found, {k.path for k in found}, there.__contains__)
        assert sorted([*drift.known, *(b for _, b in drift.moved), *drift.new]) == sorted(found)
        assert len(drift.known) + len(drift.moved) + len(drift.gone) + len(drift.unread) == len(
            before
        )
        assert all(one.path not in there for one, _ in drift.moved)

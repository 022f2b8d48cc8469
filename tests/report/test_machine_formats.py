# SPDX-License-Identifier: Apache-2.0
"""SARIF, GitLab, JUnit, GitHub, Markdown and CSV of one report: form, places, limits, hostile
names.
"""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from portkit.report import github, sarif
from portkit.report.listing import gravest

SOURCE = b"""#include <cuda_runtime.h>
// \xe4\xb8\xad\xe6\x96\x87
#if __CUDA_ARCH__ >= 800
#endif
__global__ void k(unsigned *p) {
  asm volatile("membar.gl;" ::: "memory");
  asm volatile("bar.sync 1, 64;");  // portkit: ignore[PK401] by hand
}
"""


@pytest.fixture
def run(tmp_path: Path, portkit: Any) -> Any:
    tree = tmp_path / "tree"
    (tree / "a,b").mkdir(parents=True)
    (tree / "a,b" / "x%20 |<i>.cu").write_bytes(SOURCE)

    def make(*options: str) -> str:
        text: str = portkit(
            "report", tree, "--root", tree, "--to", "musa", "-j", "1", *options
        ).stdout
        return text

    return make


def test_sarif(run: Any) -> None:
    document = json.loads(run("--format", "sarif"))
    (made,) = document["runs"]
    rules = [r["id"] for r in made["tool"]["driver"]["rules"]]
    by_rule = {r["ruleId"]: r for r in made["results"] if "suppressions" not in r}
    assert all(rules[r["ruleIndex"]] == r["ruleId"] for r in made["results"])
    assert (
        made["automationDetails"]["id"] == "portkit/musa-mp_31/"
        and made["columnKind"] == "unicodeCodePoints"
    )
    guard = by_rule["PK201"]["locations"][0]["physicalLocation"]
    assert guard["artifactLocation"]["uri"] == "a%2Cb/x%2520%20%7C%3Ci%3E.cu"
    assert guard["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 25}
    fix = by_rule["PK401"]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert (
        fix["insertedContent"]["text"] == "__threadfence()"
        and fix["deletedRegion"]["startLine"] == 6
    )
    (silent,) = (r for r in made["results"] if "suppressions" in r)
    assert silent["suppressions"] == [{"kind": "inSource", "justification": "by hand"}]


def test_gitlab(run: Any) -> None:
    issues = json.loads(run("--format", "gitlab"))
    assert {tuple(sorted(i)) for i in issues} == {
        ("check_name", "description", "fingerprint", "location", "severity")
    }
    assert len({i["fingerprint"] for i in issues}) == len(issues)
    assert {i["severity"] for i in issues} <= {"info", "minor", "major", "critical", "blocker"}
    (guard,) = (i for i in issues if i["check_name"] == "PK201")
    assert guard["location"] == {"path": "a,b/x%20 |<i>.cu", "lines": {"begin": 3}} and guard[
        "description"
    ].startswith("PK201: ")
    assert next(i for i in issues if i["check_name"] == "PK401")["location"]["lines"]["begin"] == 6


def test_junit(run: Any) -> None:
    (suite,) = ET.fromstring(run("--format", "junit"))
    cases = {c.get("name"): c for c in suite}
    assert len(cases) == int(suite.get("tests", "0"))
    assert (
        cases["PK201 3:5"].find("failure") is not None
        and cases["PK201 3:5"].get("classname") == "a,b/x%20 |<i>.cu"
    )
    assert cases["PK401 7:3"].find("skipped") is not None
    assert int(suite.get("skipped", "0")) == 1


def test_a_clean_tree_has_one_passing_case(tmp_path: Path, portkit: Any) -> None:
    (tmp_path / "a.cu").write_text("int x;\n")
    (suite,) = ET.fromstring(
        portkit("report", tmp_path, "--to", "musa", "--format", "junit").stdout
    )
    assert [c.get("name") for c in suite] == ["no findings"]


def test_github(run: Any) -> None:
    lines = run("--format", "github").splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    (guard,) = (line for line in lines if "title=PK201" in line)
    assert guard.startswith(
        "::error file=a%2Cb/x%2520 |<i>.cu,line=3,endLine=3,col=5,endColumn=25,title=PK201::"
    )


def test_github_shows_ten_of_a_level(
    monkeypatch: pytest.MonkeyPatch, run: Any, tmp_path: Path
) -> None:
    (tmp_path / "tree" / "many.cu").write_text(
        "__global__ void k() {\n" + '  asm volatile("bar.sync 1, 64;");\n' * 30 + "}\n"
    )
    errors = [line for line in run("--format", "github").splitlines() if line.startswith("::error")]
    assert len(errors) == github.SHOWN and "more findings" in errors[-1]


def test_markdown_escapes(run: Any) -> None:
    text = run("--format", "markdown")
    assert (
        "<code>a&#44;b&#47;x&#37;20 &#124;&#60;i&#62;&#46;cu&#58;3</code> |" in text
        and "<i>" not in text
    )
    assert "就绪度" in run("--format", "markdown", "--lang", "zh")


def test_csv(run: Any, tmp_path: Path) -> None:
    (tmp_path / "tree" / "=1+1.cu").write_bytes(SOURCE)
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv"))))
    assert {r["path"] for r in rows} == {"a,b/x%20 |<i>.cu", "'=1+1.cu"}
    assert {r["line"] for r in rows if r["rule"] == "PK201"} == {"3"}


def test_the_gravest_stay_in_order() -> None:
    class Item:
        def __init__(self, severity: int, exempt: str) -> None:
            self.severity, self.suppressed, self.exempt = severity, "", exempt

    class Entry:
        def __init__(self, number: int, severity: int, exempt: str = "") -> None:
            self.number, self.finding = number, Item(severity, exempt)

    found: Any = [Entry(0, 1), Entry(1, 3), Entry(2, 2), Entry(3, 3)]
    kept, left = gravest(found, 3)
    assert ([e.number for e in kept], left) == ([1, 2, 3], 1)  # type: ignore[attr-defined]
    found[1].finding.exempt = "baseline"
    assert [e.number for e in gravest(found, 3)[0]] == [0, 2, 3]  # type: ignore[attr-defined]


def test_sarif_is_cut_at_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from portkit.cli.main import cli

    monkeypatch.setattr(sarif, "MOST", 4)
    (tmp_path / "many.cu").write_text(
        "__global__ void k() {\n" + '  asm volatile("bar.sync 1, 64;");\n' * 30 + "}\n"
    )
    result = CliRunner().invoke(
        cli, ["report", str(tmp_path), "--to", "musa", "--format", "sarif", "-j", "1"]
    )
    (made,) = json.loads(result.stdout)["runs"]
    assert len(made["results"]) == 4 and "left out" in made["results"][-1]["message"]["text"]

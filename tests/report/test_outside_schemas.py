# SPDX-License-Identifier: Apache-2.0
"""Each machine format against the schema of those who read it, on a tree with hostile names and two
targets.

Where the schemas come from: schemas/README.md.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from plans_by_hand import SOURCE, file_plan, found, manual, ref
from portkit.assess.readiness import assess
from portkit.model.plans import Finding, Plan
from portkit.model.reading import Scan
from portkit.model.spans import Span
from portkit.model.words import Effort, Reason, Severity
from portkit.report import junit, markdown, sarif
from portkit.report.formats import all_formats
from portkit.report.model import Report
from reports_by_hand import rendered, report

SCHEMAS = Path(__file__).parent / "schemas"
CODE = b"""#include <cuda_runtime.h>
#if __CUDA_ARCH__ >= 800
#endif
__global__ void k() { asm volatile("bar.sync 1, 64;"); }
__global__ void l() { asm volatile("membar.gl;"); }  // portkit: ignore[PK401] by "hand" <&> ]]>
void f(void* p) { cudaMalloc(&p, 4); cudaFooBarUnknown(p); }
"""
NAMES = (
    b"\xff\xfe<b>.cu",
    b"a\nb\r.cu",
    b"\x01\x1b[31m.cu",
    b"=cmd|x.cu",
    "中文 100%.cu".encode(),
    b"]]>&\"'.cu",
    b"::error file=x::y.cu",
    b"d/##[error]z.cu",
)
FORMATS = tuple(
    name for name, module in all_formats().items() if not hasattr(module, "FILES")
)  # what is one file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every format of one run over the hostile tree."""
    folder = tmp_path_factory.mktemp("hostile")
    tree = os.fsencode(folder / "tree")
    os.makedirs(os.path.join(tree, b"d"))  # noqa: PTH103, PTH118  pathlib has no bytes
    for name in NAMES:
        Path(os.fsdecode(os.path.join(tree, name))).write_bytes(CODE)  # noqa: PTH118
    formats = [f"--format={name}={folder / name}" for name in FORMATS]
    command = [
        sys.executable,
        "-m",
        "portkit",
        "report",
        "tree",
        "--root",
        "tree",
        "--to",
        "musa",
        "--to",
        "maca",
        "-j",
        "1",
        "--rung",
        "lex",
    ]
    done = subprocess.run(
        [*command, *formats], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert done.stdout == ""
    return {name: (folder / name).read_bytes().decode("utf-8") for name in FORMATS}


def sarif_faults(document: Any) -> list[str]:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(document)]


def empty_strings(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [x for key, item in value.items() for x in empty_strings(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [x for item in value for x in empty_strings(item, f"{path}[]")]
    return [path] if value == "" else []


def test_sarif_is_valid_and_within_what_code_scanning_takes(made: dict[str, str]) -> None:
    document = json.loads(made["sarif"])
    assert sarif_faults(document) == []
    broken = json.loads(made["sarif"])
    del broken["runs"][0]["results"][0]["message"]
    assert sarif_faults(broken)  # the schema does look
    ids = [run["automationDetails"]["id"] for run in document["runs"]]
    assert ids == ["portkit/musa-mp_31/", "portkit/maca-native/"]
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for rule in rules:
            assert (
                rule["shortDescription"]["text"]
                and len(rule["fullDescription"]["text"]) <= 1024
                and rule["help"]["text"]
            )
            assert (
                "security-severity" not in rule["properties"]
                and len(rule["properties"]["tags"]) <= 20
            )
        assert (
            run["columnKind"] == "unicodeCodePoints"
            and not empty_strings(run["results"])
            and not empty_strings(rules)
        )
        for result in run["results"]:
            assert (
                rules[result["ruleIndex"]]["id"] == result["ruleId"]
                and len(result["locations"]) == 1
            )
            assert list(result["partialFingerprints"]) == ["portkit/v1"]
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[\w./~%-]+", uri, re.A)
        uris = {
            r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]
        }
        assert {"%FF%FE%3Cb%3E.cu", "a%0Ab%0D.cu", "%E4%B8%AD%E6%96%87%20100%25.cu"} <= uris
        (reason,) = {s["justification"] for r in run["results"] for s in r.get("suppressions", ())}
        assert reason.startswith('by "hand"')


def test_sarif_says_what_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST", 2)
    a = ref("cudaA")
    plan = Plan(
        "toy",
        "one",
        (
            file_plan(
                "a.cu",
                [(a, manual(a, Reason.UNKNOWN))] * 5,
                [found("PK102", a, i) for i in range(5)],
            ),
        ),
    )
    document = json.loads(
        rendered(
            "sarif",
            Report(Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: SOURCE),
        )
    )
    assert sarif_faults(document) == []
    *_, cut = document["runs"][0]["results"]
    assert (
        len(document["runs"][0]["results"]) == 2
        and "4 milder findings are left out" in cut["message"]["text"]
    )
    assert cut["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a.cu"
    assert (
        "left out"
        in document["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    )


def test_gitlab_takes_every_issue(made: dict[str, str]) -> None:
    schema = json.loads((SCHEMAS / "gitlab-codeclimate.json").read_text(encoding="utf-8"))
    issues = json.loads(made["gitlab"])
    assert issues and not made["gitlab"].startswith("\ufeff")
    for issue in issues:
        jsonschema.Draft202012Validator(schema).validate(issue)
        assert (
            issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
            and issue["location"]["lines"]["begin"] >= 1
        )
        assert not issue["location"]["path"].startswith(("./", "/"))
    assert len({i["fingerprint"] for i in issues}) == len(issues)


def test_jenkins_takes_the_junit_file(made: dict[str, str], tmp_path: Path) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))
    file = tmp_path / "junit.xml"
    file.write_text(made["junit"], encoding="utf-8")
    schema.validate(str(file))
    file.write_text(made["junit"].replace(' tests="', ' test="', 1), encoding="utf-8")
    assert not schema.is_valid(str(file))
    assert "\x01" not in made["junit"] and "\x1b" not in made["junit"]


def test_junit_stays_below_what_gitlab_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "MOST", 1)
    text = rendered("junit", report())
    assert (
        "1 milder findings are left out" not in rendered("markdown", report())
        and "milder findings are left out" in text
    )
    assert text.count("<failure") == 1 and 'type="PK101"' in text


def test_github_orders_are_escaped(made: dict[str, str]) -> None:
    lines = made["github"].split("\n")[:-1]
    form = re.compile(
        r"::(error|warning|notice) "
        r"(?:file=[^:,]+,line=\d+,endLine=\d+(?:,col=\d+,endColumn=\d+)?,)?title=[^:,]+::[^\r]+"
    )
    assert lines and all(form.fullmatch(line) for line in lines)
    levels = [line[2 : line.index(" ")] for line in lines]
    assert levels == sorted(levels, key=("error", "warning", "notice").index)
    assert all(levels.count(level) <= 10 for level in levels)
    assert any("file=%3A%3Aerror file=x%3A%3Ay.cu," in line for line in lines)


def test_no_line_of_a_log_is_an_order(made: dict[str, str]) -> None:
    for name in ("text", "markdown", "csv"):
        assert not [
            line for line in made[name].splitlines() if line.lstrip().startswith(("::", "##["))
        ], name
    assert "./::error file=x::y.cu:2:5: PK201" in made["text"] and "\x1b" not in made["text"]


def test_markdown_cells_stay_cells(made: dict[str, str]) -> None:
    rows = [line for line in made["markdown"].splitlines() if line.startswith("|")]
    assert rows
    for row in rows:
        assert len(re.split(r"(?<!\\)\|", row)) in (5, 6, 11) and "<b>" not in row
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    html = parser.render(made["markdown"])
    assert html.count("<table>") == 5 and "<b>" not in html and "::error file=x::y.cu:2" in html


def test_markdown_stays_below_a_mebibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "LIMIT", 600)
    text = rendered("markdown", report())
    assert len(text.encode()) <= 700 and text.rstrip().endswith("see the full report.")
    assert markdown.LIMIT < 2**20


def test_csv_runs_nothing(made: dict[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(made["csv"], newline="")))
    assert rows and all(None not in row and None not in row.values() for row in rows)
    cells = [cell for row in rows for cell in row.values()]
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert {r["path"] for r in rows} >= {"'=cmd|x.cu", r"a\x0ab\x0d.cu", "中文 100%.cu"}


def test_json_lists_every_file(made: dict[str, str]) -> None:
    document = json.loads(made["json"])
    files = {f["path"]: f.get("path_bytes") for f in document["plans"][0]["files"]}
    assert len(files) == len(NAMES) and NAMES[0].hex() in files.values()


def fingerprints(name: str, text: str) -> list[str]:
    if name == "gitlab":
        return sorted(i["fingerprint"] for i in json.loads(text))
    return sorted(
        r["partialFingerprints"]["portkit/v1"] for r in json.loads(text)["runs"][0]["results"]
    )


@pytest.mark.parametrize("name", ["sarif", "gitlab"])
def test_fingerprints_outlive_a_move_of_lines(portkit: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "t").mkdir()
    seen = []
    for head in (b"", b"\n// one more line\n\nint unrelated;\n"):
        (tmp_path / "t" / "a.cu").write_bytes(head + CODE)
        seen.append(
            fingerprints(
                name,
                portkit(
                    "report", tmp_path / "t", "--to", "musa", "--format", name, "--rung", "lex"
                ).stdout,
            )
        )
    assert seen[0] == seen[1] and seen[0]


def test_suppressed_and_known_findings(made: dict[str, str]) -> None:
    a = ref("cudaA")
    kept = found("PK102", a, 0)
    known = msgspec.structs.replace(kept, exempt="baseline", fingerprint="1" * 32)
    plan = Plan("toy", "one", (file_plan("a.cu", [(a, manual(a, Reason.UNKNOWN))], [kept, known]),))
    made_here = Report(
        Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: SOURCE, compared=True
    )
    document = json.loads(rendered("sarif", made_here))
    assert sorted(r["baselineState"] for r in document["runs"][0]["results"]) == [
        "new",
        "unchanged",
    ]
    assert rendered("github", made_here).count("::error") == 1
    text = rendered("markdown", made_here)
    assert "1 findings are known to the baseline" in text and "| PK102 |" in text
    assert [r["exempt"] for r in csv.DictReader(io.StringIO(rendered("csv", made_here)))] == [
        "",
        "baseline",
    ]


def test_two_reports_cannot_share_a_place(portkit: Any, tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_bytes(CODE)
    done = portkit(
        "report", tmp_path, "--to", "musa", "--format", "json", "--format", "sarif", code=2
    )
    assert "two reports for standard output" in done.stderr and done.stderr.count("\n") == 1
    done = portkit("report", tmp_path, "--to", "musa", "--format", "jsom=x", code=2)
    assert "unknown format 'jsom'" in done.stderr
    done = portkit(
        "report", tmp_path, "--to", "musa", "--format", f"json={tmp_path / 'no' / 'x'}", code=2
    )
    assert "cannot write the report" in done.stderr


def test_a_report_replaces_an_older_one_whole(portkit: Any, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.cu").write_bytes(CODE)
    out = tmp_path / "r.json"
    out.write_text("x" * 1_000_000)
    out.chmod(0o640)
    portkit(
        "report",
        tmp_path / "t",
        "--to",
        "musa",
        "--format",
        f"json={out}",
        "--format",
        "csv",
        "-o",
        tmp_path / "r.csv",
    )
    assert (
        json.loads(out.read_text(encoding="utf-8"))["plans"] and out.stat().st_mode & 0o777 == 0o640
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "r.csv", "r.json", "t"]


def test_tree_findings_have_a_place_everywhere() -> None:
    args = {"path": "", "reason": "r", "case": "vendored", "files": "1"}
    item = Finding(
        "PK906",
        Severity.WARNING,
        Effort.MINUTES,
        Span(0, 0),
        args,
        fingerprint="2" * 32,
    )
    plan = Plan("toy", "one", (), (("", item),))
    made_here = Report(Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: b"")
    assert sarif_faults(json.loads(rendered("sarif", made_here))) == []
    assert json.loads(rendered("gitlab", made_here))[0]["location"]["path"] == "."
    for name in ("junit", "github", "markdown", "csv", "html", "text"):
        assert "PK906" in rendered(name, made_here)

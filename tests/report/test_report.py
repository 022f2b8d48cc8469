# SPDX-License-Identifier: Apache-2.0
"""The formats: shape, schema, determinism, positions, colour and language."""

from __future__ import annotations

import hashlib
import io
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import portkit.report as package
from calls import calls_of
from plans_by_hand import SOURCE, edit, file_plan, found, manual, ref, row, toy_plan
from portkit.assess.readiness import assess
from portkit.model.errors import PortkitError
from portkit.model.plans import Plan
from portkit.model.reading import Scan
from portkit.model.spans import Span
from portkit.model.words import Exists, Kind, Pairs, Reason
from portkit.report.documents import QueryAnswer, QueryDocument, QueryEntity, QueryTarget
from portkit.report.formats import all_formats, format_module
from portkit.report.i18n import Catalog, choose_language, languages
from portkit.report.model import Report, tool_info
from portkit.report.scan_json import decode_scan, scan_of, write_scan
from portkit.report.schema import DOCUMENTS, schema_text
from portkit.report.terminal import use_colour
from reports_by_hand import rendered, report, shipped_schema, validate


def test_json_follows_contract_and_schema() -> None:
    document = json.loads(rendered("json", report()))
    validate("report", document)
    assert list(document) == ["schema", "tool", "path_base", "plans"]
    plan = document["plans"][0]
    parts = ["target", "profile", "files", "findings", "moves", "created", "summary", "verified"]
    parts += ["since_report"]
    assert list(plan) == parts
    file = plan["files"][0]
    assert list(file) == ["path", "encoding", "parse", "references", "findings", "kernels"]
    header, a, *_ = file["references"]
    assert header["proof"] is None and header["decision"] == "keep" and "replacement" not in header
    assert (
        a["replacement"] == "tgtA"
        and a["exists"] == "header"
        and a["pairs"] == "usage"
        and a["status"] == "mapped"
    )
    assert file["findings"][0]["message"].startswith("`cudaB` would become") and file["findings"][
        0
    ]["references"] == [2]
    assert plan["findings"][0]["path"] == "ext" and "vendored" in plan["findings"][0]["message"]
    assert plan["summary"]["references"] == sum(len(f["references"]) for f in plan["files"])
    assert "/nowhere" not in json.dumps(document)


def test_positions_are_code_points_and_one_based() -> None:
    references = json.loads(rendered("json", report()))["plans"][0]["files"][0]["references"]
    header, a, *_, c = references
    assert (header["line"], header["column"], header["end_column"]) == (1, 11, 17)
    assert (a["line"], a["column"], a["end_line"], a["end_column"]) == (2, 10, 2, 15)
    assert a["offset"] == SOURCE.index(b"cudaA") and a["length"] == 5
    assert (c["line"], c["column"]) == (3, 2)


def test_json_is_the_same_twice_and_sorted() -> None:
    plan, scan = toy_plan()
    backwards = msgspec.structs.replace(plan, files=tuple(reversed(plan.files)))
    fields = ({"toy": "abc"}, {"toy": "Toy"}, lambda rel: SOURCE)
    other = Report(scan, ((backwards, assess(plan)),), *fields)
    assert rendered("json", other) == rendered("json", report())


def test_odd_text_in_findings_stays_json() -> None:
    a = ref("cudaA")
    bad = found("PK101", a, 0, args={"name": 'q"\x01\\', "target": "toy"})
    plan = Plan("toy", "one", (file_plan("a\n.cu", [(a, edit(a))], [bad]),))
    made = Report(Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: SOURCE)
    validate("report", json.loads(rendered("json", made)))
    assert "a\\x0a.cu:2:10: PK101" in rendered("text", made)


def test_schemas_are_those_of_the_types(demands: Callable[[Any], Any]) -> None:
    for name in DOCUMENTS:
        shipped, made = shipped_schema(name), json.loads(schema_text(name))
        assert demands(shipped) == demands(made), "run python -m portkit.report.schema"
        assert list(shipped) == list(made)


def test_reason_codes_are_closed_in_the_schema() -> None:
    text = json.dumps(shipped_schema("report"))
    assert all(f'"{reason.value}"' in text for reason in Reason)


def test_scan_round_trip() -> None:
    _, scan = toy_plan()
    out = io.StringIO()
    write_scan(scan, tool_info(scan), out)
    document = json.loads(out.getvalue())
    validate("scan", document)
    assert "/nowhere" not in out.getvalue()
    assert scan_of(decode_scan(out.getvalue().encode()), "/nowhere") == scan
    for broken in (b"{}", b"\xff", b'{"schema":"portkit/scan/2"}'):
        with pytest.raises(PortkitError):
            decode_scan(broken)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_text_fits_80_columns_without_colour(language: str) -> None:
    text = rendered("text", report(language=language))
    assert "\x1b" not in text
    summary = text[: text.rindex("Findings" if language == "en" else "问题\n")]
    assert all(len(line) <= 80 and line == line.rstrip() for line in summary.splitlines())
    assert "src/b.cu:2:16: PK101" in text and "60.0 %" in text


def test_text_names_what_a_reader_asks_for() -> None:
    text = rendered("text", report())
    for part in (
        "Readiness 60.0 %",
        "What blocks",
        "By library",
        "Files that need work",
        "existence unproven: 1 names",
        "--accept exists=rule",
    ):
        assert part in text
    assert "PK906 x1" in text and "ext:1:1" not in text
    assert "ext:1:1: PK906" in rendered("text", report(verbose=1))


def test_text_groups_by_name_and_file() -> None:
    b = ref("cudaB")
    pairs = [(b, manual(b, Reason.NO_EQUIVALENT))] * 3
    plan = Plan("toy", "one", (file_plan("a.cu", pairs, [found("PK101", b, i) for i in range(3)]),))
    made = Report(Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: SOURCE)
    lines = [line for line in rendered("text", made).splitlines() if line.startswith("a.cu:")]
    assert len(lines) == 1 and lines[0].endswith("(x3)")


@pytest.mark.parametrize(
    ("count", "language", "end"),
    [
        (1, "en", "toy"),
        (3, "en", " (x3, also a.cu:2, a.cu:3)"),
        (5, "en", " (x5, also a.cu:2, a.cu:3, a.cu:4, a.cu:5)"),
        (8, "en", " (x8, also a.cu:2, a.cu:3, a.cu:4, a.cu:5 and 3 more)"),
        (8, "zh", "另有 3 处"),
    ],
)
def test_text_shows_places_of_a_finding_that_repeats(count: int, language: str, end: str) -> None:
    refs = [
        msgspec.structs.replace(ref("cudaB"), span=Span(10 * i, 10 * i + 5)) for i in range(count)
    ]
    pairs = [(r, manual(r, Reason.NO_EQUIVALENT)) for r in refs]
    plan = Plan(
        "toy",
        "one",
        (file_plan("a.cu", pairs, [found("PK101", r, i) for i, r in enumerate(refs)]),),
    )
    made = Report(
        Scan("/x", "git", ()),
        ((plan, assess(plan)),),
        {},
        {},
        lambda rel: b"123456789\n" * 9,
        language=language,
    )
    (line,) = [
        line for line in rendered("text", made).splitlines() if line.startswith("a.cu:1:1: PK101")
    ]
    assert line.rstrip("\uff09").endswith(end)


@pytest.mark.parametrize(("language", "name"), [("en", "half precision"), ("zh", "半精度")])
def test_what_blocks_is_named_by_its_feature(language: str, name: str) -> None:
    b = ref("cudaB")
    feature = found("PK603", b, 0, args={"title": "half precision", "title_zh": "半精度"})
    plan = Plan(
        "toy", "one", (file_plan("a.cu", [(b, manual(b, Reason.NO_EQUIVALENT))], [feature]),)
    )
    shown = rendered(
        "text",
        Report(
            Scan("/x", "git", ()),
            ((plan, assess(plan)),),
            {},
            {},
            lambda rel: SOURCE,
            language=language,
        ),
    )
    assert any(" ".join(line.split()) == f"1 1 PK603 {name}" for line in shown.splitlines())


def test_colour_only_when_asked() -> None:
    assert "\x1b[" in rendered("text", report(colour=True))
    assert "\x1b[" not in rendered("json", report(colour=True))


@pytest.mark.parametrize(
    ("choice", "env", "terminal", "wanted"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR": "0"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
    ],
)
def test_colour_decision(choice: str, env: dict[str, str], terminal: bool, wanted: bool) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    assert use_colour(choice, stream, env) is wanted


def test_language_order() -> None:
    assert choose_language("zh", {"LANG": "en_US.UTF-8"}) == "zh"
    assert choose_language("", {"PORTKIT_LANG": "zh", "LC_ALL": "en"}) == "zh"
    assert choose_language("", {"LC_ALL": "zh_CN.UTF-8", "LANG": "en"}) == "zh"
    assert choose_language("", {"LANG": "fr_FR"}) == "en"
    assert choose_language("", {}) == "en"
    with pytest.raises(PortkitError):
        choose_language("xx", {})


def test_catalogs_have_the_same_keys_and_placeholders() -> None:
    import re

    holes = {
        code: {k: sorted(re.findall(r"{(\w+)}", v)) for k, v in Catalog(code).messages.items()}
        for code in languages()
    }
    assert all(h == holes["en"] for h in holes.values())


def test_unknown_format_lists_the_known() -> None:
    with pytest.raises(PortkitError, match="unknown format"):
        format_module("nope")


def test_a_new_format_is_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "counts.py").write_text(
        'NAME, SUFFIX = "counts", ".txt"\n\n\ndef render(report, out):\n    '
        "out.write(str(report.plans[0][1].summary.edit))\n"
    )
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    all_formats.cache_clear()
    try:
        assert rendered("counts", report()) == "3"
    finally:
        all_formats.cache_clear()
        sys.modules.pop("portkit.report.counts", None)


def test_each_of_many_references_takes_as_much_as_the_first() -> None:
    generator = random.Random(5)
    lines = [f"cuda{generator.choice('ABC')}(); /* 中 */" for _ in range(20_000)]
    data = " ".join(lines).encode()  # one line of 20,000 calls
    pairs, findings, offset = [], [], 0
    for number, line in enumerate(lines):
        r = msgspec.structs.replace(ref("cudaA"), span=Span(offset, offset + 5), name=line[:5])
        offset += len(line.encode()) + 1
        pairs.append((r, manual(r, Reason.UNPROVEN, row(r.name, Exists.RULE, Pairs.ALIKE))))
        findings.append(
            found(
                "PK103",
                r,
                number,
                fingerprint=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            )
        )
    plan = Plan("toy", "one", (file_plan("big.cu", pairs, findings),))
    made = Report(Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: data)
    document, calls = calls_of(lambda: rendered("json", made))
    assert json.loads(document)["plans"][0]["summary"]["references"] == 20_000
    text, more = calls_of(lambda: rendered("text", made))
    assert len(text) < 20_000
    assert calls + more < 150 * 20_000


def test_query_documents_follow_their_schema() -> None:
    entity = QueryEntity("cudaA", Kind.FUNCTION, "runtime", since="8.0", flags=["plain"])
    known = QueryTarget(
        "toy@one", "mapped", "tgtA", "header", "usage", False, sources={"src": "a header"}
    )
    answers = [
        QueryAnswer("cudaA", [entity], [known, QueryTarget("other@two", "unknown")]),
        QueryAnswer("cudaAA", [], [], ["cudaA"]),
    ]
    document = json.loads(msgspec.json.encode(QueryDocument("portkit/query/1", answers)))
    validate("query", document)
    assert "exists" not in document["answers"][0]["targets"][1]
    document["answers"][0]["targets"][0]["status"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        validate("query", document)

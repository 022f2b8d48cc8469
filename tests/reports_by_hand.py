# SPDX-License-Identifier: Apache-2.0
"""Reports made by hand, for the tests of formats: a small one, and one of any size whose names and
arguments do harm where they can.
"""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import msgspec

from plans_by_hand import SOURCE, file_plan, found, manual, ref, row, toy_plan
from portkit.assess.readiness import assess
from portkit.model.plans import Finding, Plan
from portkit.model.reading import Scan
from portkit.model.spans import Span
from portkit.model.words import Effort, Exists, Pairs, Reason, Severity
from portkit.report.formats import format_module
from portkit.report.model import Report
from portkit.report.schema import FOLDER

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
NAMES = (
    "src/<img src=x onerror=alert(1)>.cu",
    "a\"b'c/&amp; {{7*7}} ‮x.cu",
    "中文/文件.cu",
    "</script>.cu",
    "src/deep/er/plain.cu",
)


def report(**more: object) -> Report:
    plan, scan = toy_plan()
    fields: dict[str, object] = {
        "tables": {"toy": "abc"},
        "names": {"toy": "Toy"},
        "read": lambda rel: SOURCE,
    }
    return Report(scan, ((plan, assess(plan)),), **(fields | more))  # type: ignore[arg-type]


def rendered(name: str, made: Report) -> str:
    out = io.StringIO()
    format_module(name).render(made, out)
    return out.getvalue()


def shipped_schema(name: str) -> Any:
    """Return the JSON Schema that is shipped for a document: report, scan or query."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def source_of(lines: int) -> bytes:
    return "".join(f'cudaB("{EVIL}", {number}); // 中\n' for number in range(lines)).encode()


def make_report(count: int) -> Report:
    """Two targets; the findings of the first are `count`, over five files with names that try to do
    harm.
    """
    each = count // len(NAMES)
    data = source_of(each)
    starts = [0]
    while (at := data.find(b"\n", starts[-1])) >= 0 and at + 1 < len(data):
        starts.append(at + 1)
    files = []
    for number, path in enumerate(NAMES):
        pairs, findings = [], []
        for index, start_of_line in enumerate(starts):
            r = msgspec.structs.replace(
                ref("cudaB", data), span=Span(start_of_line, start_of_line + 5)
            )
            pairs.append((r, manual(r, Reason.UNPROVEN, row("cudaB", Exists.RULE, Pairs.ALIKE))))
            grade = (Severity.ERROR, Severity.WARNING, Severity.INFO)[index % 3]
            more: dict[str, Any] = {
                "severity": grade,
                "blocking": index % 3 == 0,
                "fingerprint": f"{index:08x}{number:024x}",
            }
            args = {"name": f"{EVIL} {index}", "target": "toy"}
            findings.append(found("PK103" if index % 2 else "PK101", r, index, args=args, **more))
        files.append(file_plan(path, pairs, findings))
    tree = Finding(
        "PK906",
        Severity.INFO,
        Effort.MINUTES,
        Span(0, 0),
        {"path": "ext", "reason": EVIL, "case": "vendored", "files": "3"},
    )
    plan = Plan("toy", "one", tuple(files), (("ext", tree),))
    other = Plan("toy", "two", tuple(files[:1]))
    scan = Scan("/nowhere", "argument", tuple(f.scan for f in files), clang="22.1", vocabulary="v")
    names = {"en": {"toy": f"Toy {EVIL}"}, "zh": {"toy": "玩具"}}
    return Report(
        scan,
        tuple((p, assess(p)) for p in (plan, other)),
        {"toy": "abc"},
        names["en"],
        lambda rel: data,
        all_names=names,
    )


def validate(name: str, document: object) -> None:
    """Hold a document against the schema that is shipped for it."""
    schema = shipped_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)

# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas of the documents, made from their types. schema/*.json is what ships; a test holds
them to the types.

`python -m portkit.report.schema` writes the files anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from portkit.config.json_schema import json_schema_of
from portkit.report.build_check import BuildCheckDocument
from portkit.report.coverage import CoverageDocument
from portkit.report.documents import QueryDocument, ReportDocument
from portkit.report.scan_json import ScanDocument

FOLDER = Path(__file__).parent / "schema"
DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "report": ReportDocument,
    "scan": ScanDocument,
    "query": QueryDocument,
    "coverage": CoverageDocument,
    "build-check": BuildCheckDocument,
}


def build_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document: by its name in DOCUMENTS."""
    head = {"$id": f"urn:portkit:{name}:1", "title": f"portkit/{name}/1"}
    return json_schema_of(DOCUMENTS[name], **head)


def schema_text(name: str) -> str:
    """Return the schema as it is shipped: two blanks of indent, keys in the order of the types."""
    return json.dumps(build_schema(name), indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path = FOLDER) -> list[Path]:
    """Write all schemas into `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in DOCUMENTS:
        path = folder / f"{name}.json"
        path.write_text(schema_text(name), encoding="utf-8", newline="\n")
        written.append(path)
    return written


if __name__ == "__main__":
    write_schemas()

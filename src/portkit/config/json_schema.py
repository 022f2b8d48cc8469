# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of a type, worded alike by every version of msgspec."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema_of(kind: type[msgspec.Struct], **head: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document's type; `head` comes before all but
    `$schema`.

    Descriptions are the docstrings with their indent taken out: msgspec did so up to 0.22 and
    leaves them as they stand in the source since.
    """
    return {"$schema": DRAFT, **head, **_cleaned(msgspec.json.schema(kind))}


def _cleaned(node: Any) -> Any:
    if isinstance(node, list):
        return [_cleaned(item) for item in node]
    if not isinstance(node, dict):
        return node
    text = node.get("description")
    cleaned = {key: _cleaned(value) for key, value in node.items()}
    return cleaned | {"description": inspect.cleandoc(text)} if isinstance(text, str) else cleaned

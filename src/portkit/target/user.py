# SPDX-License-Identifier: Apache-2.0
"""The user's own rows (`--map FILE`): our CSV, or a flat JSON object {CUDA name: target name}. Grade `user`, above all."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from portkit.model import Exists, Kind, Pairs, PortkitError, Row, Status


def load_user_rows(path: Path) -> dict[str, Row]:
    """Return the rows of a user's file by name. Raises PortkitError for a file that cannot be read as either form."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PortkitError(f"cannot read the map: {error}", str(path), "give a UTF-8 CSV or JSON file") from error
    if text.lstrip().startswith("{"):
        return _from_json(text, path)
    reader = csv.DictReader(text.splitlines())
    if not {"name", "target"} <= set(reader.fieldnames or ()):
        raise PortkitError("neither a JSON object nor a CSV with the columns name,target", str(path))
    rows = {}
    for line in reader:
        if not line["name"] or None in line or line["target"] is None:
            raise PortkitError(f"line {reader.line_num}: want name,target", str(path))
        rows[line["name"]] = _row(line["name"], line["target"], path)
    return rows


def _from_json(text: str, path: Path) -> dict[str, Row]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise PortkitError(f"not JSON: {error}", str(path)) from error
    if not all(isinstance(v, str) for v in data.values()):
        raise PortkitError("want a flat object of strings: {\"cudaName\": \"targetName\"}", str(path))
    return {name: _row(name, target, path) for name, target in data.items()}


def _row(name: str, target: str, path: Path) -> Row:
    status = Status.SAME if name == target else (Status.MAPPED if target else Status.MANUAL)
    return Row(name, target, Kind.UNKNOWN, status, Exists.USER, Pairs.USER, "user", (path.name,))

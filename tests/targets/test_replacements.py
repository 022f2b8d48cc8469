# SPDX-License-Identifier: Apache-2.0
"""No name is invented: every replacement in a report is a row of the target's tables, or made by
its rule and marked so.

The tables are read here by plain means, not by portkit's loader.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portkit.targets.naming import NamingRule
from portkit.vocab.data import mappings_folder

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "pairs"


def profiles() -> list[tuple[str, str]]:
    found = []
    for path in sorted(mappings_folder().glob("*/target.toml")):
        found += [
            (path.parent.name, p)
            for p in tomllib.loads(path.read_text(encoding="utf-8"))["profiles"]
        ]
    return found


class Tables:
    """What the files of one target say: listed targets by name, and the naming rule."""

    def __init__(self, target: str, profile: str) -> None:
        folder = mappings_folder() / target
        self.rule = NamingRule.load(folder / "target.toml", profile)
        self.listed: dict[str, set[tuple[str, str]]] = {}
        for path in sorted(folder.glob("*.csv")):
            stem, _, of = path.stem.partition("@")
            if of in ("", profile) and stem != "flags":
                with path.open(encoding="utf-8", newline="") as file:
                    for row in csv.DictReader(file):
                        self.listed.setdefault(row["name"], set()).add(
                            (row["target"], row["exists"])
                        )
        for path in sorted(folder.glob("*.names")):
            head, *names = (
                path.read_text(encoding="utf-8").split()[0],
                *path.read_text(encoding="utf-8").splitlines()[1:],
            )
            assert head.startswith("#exists=")
            for name in names:
                self.listed.setdefault(name, set()).add(
                    (self.rule.derive(name) or name, head.partition("=")[2])
                )
        facts = tomllib.loads((folder / "target.toml").read_text(encoding="utf-8")).get(
            "naming", {}
        )
        self.prefixes = [
            (p["prefix"], p.get("target", p["prefix"])) for p in facts.get("header_prefixes", [])
        ]

    def fault(self, reference: dict[str, Any]) -> str:
        """Return why a reference's replacement has no right to be there, or an empty string."""
        name, new, exists = reference["name"], reference["replacement"], reference["exists"]
        full = f"{reference['qualifier']}::{name}" if reference.get("qualifier") else name
        rows = self.listed.get(full, set()) | self.listed.get(name, set())
        if (new, exists) in {(t.rpartition("::")[2] if "::" in full else t, e) for t, e in rows}:
            return ""
        if reference["kind"] == "header" and any(
            name.startswith(p) and new == t + name[len(p) :] for p, t in self.prefixes
        ):
            return ""
        if exists == "rule" and new == self.rule.derive(name):
            return ""
        return f"{full} -> {new} ({exists}): rows {sorted(rows)}, rule {self.rule.derive(name)}"


def test_every_replacement_is_a_row_or_the_rules_and_marked_so(
    portkit: Callable[..., Any], copy_tree: Any, tmp_path: Path
) -> None:
    for before in sorted(FIXTURES.glob("*/before")):
        copy_tree(before, tmp_path / "tree" / before.parent.name)
    report = tmp_path / "report.json"
    wanted = [
        option for target, profile in profiles() for option in ("--to", f"{target}@{profile}")
    ]
    # so that what the rule makes is written too
    floors = ("--accept", "exists=rule,pairs=alike,proof=spelling")
    portkit(
        "report", tmp_path / "tree", *wanted, *floors, "--format", "json", "-o", report, "-j", "1"
    )
    plans = json.loads(report.read_text(encoding="utf-8"))["plans"]
    assert [(p["target"], p["profile"]) for p in plans] == profiles()
    replaced = 0
    for plan in plans:
        tables = Tables(plan["target"], plan["profile"])
        references = [r for f in plan["files"] for r in f["references"] if r.get("replacement")]
        assert [fault for r in references if (fault := tables.fault(r))] == []
        replaced += len(references)
    assert replaced > 500

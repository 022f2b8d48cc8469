# SPDX-License-Identifier: Apache-2.0
"""Run portkit as a user would and read its JSON; shared by the measuring scripts, which never
import portkit.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def portkit_command() -> list[str]:
    """Return the command that starts portkit: $PORTKIT, else this Python's `-m portkit`."""
    return (
        shlex.split(os.environ["PORTKIT"])
        if os.environ.get("PORTKIT")
        else [sys.executable, "-m", "portkit"]
    )


def split_options(words: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first `--`, and what stands after it: options that are handed
    to portkit.
    """
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def run_report(tree: Path, target: str, output: Path, extra: list[str], within: str = "") -> None:
    """Write `portkit report TREE[/WITHIN] --root TREE --to TARGET --format json` to a file. Exits
    the script when portkit fails.
    """
    command = [
        *portkit_command(),
        "report",
        str(tree / within),
        "--root",
        str(tree),
        "--to",
        target,
        "--format",
        "json",
        "-o",
        str(output),
        *extra,
    ]
    done = subprocess.run(command, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"portkit ended with {done.returncode}: {shlex.join(command)}")


def load_plan(report: Path, index: int = 0) -> Json:
    """Return one plan of a portkit/report/1 document. Exits the script when the schema is another."""
    document: Json = json.loads(report.read_bytes())
    if document.get("schema") != "portkit/report/1":
        sys.exit(f"{report}: not a portkit/report/1 document")
    plan: Json = document["plans"][index]
    return plan


def references(plan: Json) -> dict[str, list[Json]]:
    """Return path -> references of a plan."""
    return {f["path"]: f["references"] for f in plan["files"]}


def show(reference: Json) -> str:
    """Return a decision in a few words: `edit -> name`, `manual (reason)`, `keep (reason)`."""
    if reference["decision"] == "edit":
        return f"edit -> {reference.get('replacement', '?')}"
    return f"{reference['decision']} ({reference['reason']})"

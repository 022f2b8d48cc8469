# SPDX-License-Identifier: Apache-2.0
"""Answers that need a file or two: `--version`, `explain ID`, `query NAME... [--to T]...`. Only
built-in modules are imported here.

Every answer is what the full command prints; anything unusual (an unknown id or name, an odd
option) is left to it.
"""

from __future__ import annotations

import os
import sys

import portkit

TYPE_CHECKING = False  # typing and collections take longer than all of this
if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "zh")
VARIABLES = ("PORTKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def answer(arguments: list[str], environ: Mapping[str, str] | None = None) -> str | None:
    """Return what a command line prints, or None when the full program must run it."""
    if "_PORTKIT_COMPLETE" in os.environ or sys.stdout is None:
        return None
    if arguments == ["--version"]:
        return f"portkit, version {portkit.__version__}\n"
    environ = os.environ if environ is None else environ
    if len(arguments) == 2 and arguments[0] == "explain":
        return _explain(arguments[1].upper(), _language(environ))
    if len(arguments) > 1 and arguments[0] == "query":
        return _query(arguments[1:], environ)
    return None


def _query(arguments: list[str], environ: Mapping[str, str]) -> str | None:
    names, targets = [], []
    words = iter(arguments)
    for word in words:
        if word == "--to":
            targets.append(next(words, ""))
        elif word.startswith("--to="):
            targets.append(word[len("--to=") :])
        elif word.startswith("-") or not word:
            return None
        else:
            names.append(word)
    if "" in targets:
        return None
    from portkit.quick.lookup import lookup

    return lookup(names, targets, environ)


def _language(environ: Mapping[str, str]) -> str:
    for variable in VARIABLES:
        locale = environ.get(variable)
        if locale:
            code = locale.replace("-", "_").split(".")[0].split("@")[0].split("_")[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def _explain(rule: str, language: str) -> str | None:
    if not rule.isalnum():
        return None
    text, known = (
        _read(f"{rule}.{language}.md"),
        f"\n{_read('summary.tsv')}".partition(f"\n{rule}\t")[2].partition("\n")[0],
    )
    if not known:
        return None
    head, *parts = f"\n{text}".split("\n## ")
    title = head.strip().partition("\n")[0]
    if not title.startswith("# ") or len(parts) != 4:
        return None
    lines = [f"{rule}: {title[2:].strip()}", known]
    for part in parts:
        heading, _, body = part.partition("\n")
        lines.append(f"\n{heading.strip()}\n{body.strip()}")
    return "\n".join(lines) + "\n"


def _read(name: str) -> str:
    """Return the text of a file beside the rules' texts; empty when there is none."""
    path = os.path.join(os.path.dirname(portkit.__file__), "rules", "text", name)  # noqa: PTH118, PTH120
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""

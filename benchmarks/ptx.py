# SPDX-License-Identifier: Apache-2.0
"""Inline PTX of real trees: how many statements portkit reads, what it recognises, and which
instructions there are.

    ptx.py TREE... [--target musa] [--top 40]

`portkit scan` gives each asm statement's text; the instructions in it are counted here by a
splitter of this file's own, so that a statement which portkit drops would show. `portkit report`
gives a finding PK401 for each statement of device code, whose arguments say what it recognised:
`unknown` lists instructions that are not in its list, case `other` is no PTX. A statement in
another vendor's branch has no finding and is counted as `ported`; host assembly (x86) has none
either.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import reports

_MNEMONIC = re.compile(
    r"^(?:[\w$%]+\s*:(?!:)\s*)*(?:@!?\s*[%\w\[\]]+\s+)?([a-z][a-z0-9_]*(?:(?:\.|::)[A-Za-z0-9_]+)*)"
)


def instructions(text: str) -> list[str]:
    """Return the mnemonics in a template: what stands first between `;`, braces, labels and
    predicates left out.
    """
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
    found = []
    for piece in re.split(r";|^\s*\{|\}\s*$", text, flags=re.M):
        match = _MNEMONIC.match(piece.strip().lstrip("{} \t\n"))
        if match is not None:
            found.append(match.group(1))
    return found


def portkit(*words: str) -> None:
    """Run portkit; raises CalledProcessError with its message on failure."""
    subprocess.run([*reports.portkit_command(), *words], check=True)


def main() -> int:
    """Scan and report each tree, print counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--target", default="musa")
    parser.add_argument("--top", type=int, default=40)
    options = parser.parse_args()
    mnemonics: collections.Counter[str] = collections.Counter()
    unknown: collections.Counter[str] = collections.Counter()
    cases: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as work:
        for tree in options.trees:
            scan, report = Path(work, "scan.json"), Path(work, "report.json")
            portkit("scan", str(tree), "--root", str(tree), "-o", str(scan), "-j", "1", "-q")
            portkit(
                "report",
                str(tree),
                "--root",
                str(tree),
                "--to",
                options.target,
                "--format",
                "json",
                "-o",
                str(report),
                "-j",
                "1",
                "-q",
            )
            found = {
                (file["path"], item["offset"]): item
                for file in json.loads(report.read_text(encoding="utf-8"))["plans"][0]["files"]
                for item in file["findings"]
                if item["rule"] == "PK401"
            }
            for file in json.loads(scan.read_text(encoding="utf-8"))["files"]:
                for statement in file.get("facts", {}).get("asm", ()):
                    item = found.get((file["path"], statement["span"][0]))
                    if item is None:
                        cases["no finding"] += 1
                        continue
                    named = instructions(statement["text"])
                    mnemonics.update(named)
                    strange = [m for m in item["args"].get("unknown", "").split(", ") if m]
                    unknown.update(strange)
                    kind = item["args"].get("case", "")
                    cases[
                        "empty"
                        if kind == "empty"
                        else "in part"
                        if strange or kind == "other"
                        else "whole"
                    ] += 1
    total = sum(cases.values()) - cases["no finding"] - cases["empty"]
    print(f"asm statements: {sum(cases.values())}")
    print(
        f"no finding (host assembly, other vendors' branches): {cases['no finding']}; empty templates: {cases['empty']}"
    )
    print(
        f"device assembly: {total}; every instruction recognised: {cases['whole']} "
        f"({100 * cases['whole'] / max(1, total):.1f} %)"
    )
    print(
        f"instructions: {sum(mnemonics.values())}, {len(mnemonics)} different; not in portkit's list: {dict(unknown)}"
    )
    for mnemonic, count in mnemonics.most_common(options.top):
        print(f"{count:6d} {mnemonic}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""A baseline: the findings that are known, one a line, and what a run finds beside them.

Findings are matched by fingerprint first. What is left over of a file that is gone is matched with
what is left over elsewhere by content, that is by the fingerprint without the path: a renamed file
brings its findings along.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from portkit.files.regular import BASELINE_BYTES, read_regular
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding, Plan
from portkit.printable import printable_json

SCHEMA = "portkit/baseline/1"


class BaselineEntry(msgspec.Struct, frozen=True, order=True):
    """One finding of a baseline. `target` is spelt id@profile; `path` is empty for the tree; `name`
    is for people.
    """

    target: str
    path: str
    rule: str
    name: str
    fingerprint: str
    content: str


class BaselineTool(msgspec.Struct, frozen=True):
    """Which portkit and which tables (hash by target id) made a baseline."""

    version: str
    vocabulary: str
    tables: dict[str, str]


class Baseline(msgspec.Struct, frozen=True):
    """The file: `findings` are sorted."""

    schema: Literal["portkit/baseline/1"]
    tool: BaselineTool
    findings: list[BaselineEntry]


class Drift(msgspec.Struct, frozen=True):
    """A run beside a baseline, for one target: known findings as they are now, moved ones (before,
    now), and the rest.

    `unread` are entries of files that are there but were not read in this run: nothing is known of
    them.
    """

    known: tuple[BaselineEntry, ...]
    moved: tuple[tuple[BaselineEntry, BaselineEntry], ...]
    new: tuple[BaselineEntry, ...]
    gone: tuple[BaselineEntry, ...]
    unread: tuple[BaselineEntry, ...]


def load_baseline(path: Path) -> Baseline:
    """Read a baseline. Raises PortkitError when it is missing or none, with the line if known."""
    data = b""
    try:
        data = read_regular(path, BASELINE_BYTES)
        return msgspec.json.decode(data, type=Baseline)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        hint = "`portkit baseline --write` makes one" if missing else ""
        raise PortkitError(
            f"cannot read the baseline: {error.strerror}", str(path), hint
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        at = re.search(r"\(byte (\d+)\)", str(error))
        line = f":{_line_at(data, int(at[1]))}" if at else ""
        raise PortkitError(f"not a baseline: {error}", f"{path}{line}") from error
    except RecursionError as error:
        raise PortkitError("not a baseline: nested too deeply", str(path)) from error


def _line_at(data: bytes, offset: int) -> int:
    return data.count(10, 0, offset) + 1


def dump_baseline(tool: BaselineTool, findings: Iterable[BaselineEntry]) -> bytes:
    """Return the bytes of a baseline: one finding a line, sorted, so that two branches merge line
    by line.
    """
    head = json.dumps(msgspec.to_builtins(tool), sort_keys=True, ensure_ascii=False)
    lines = [msgspec.json.encode(k).decode() for k in sorted(set(findings))]
    text = f'{{"schema":"{SCHEMA}",\n"tool":{head},\n"findings":[\n' + ",\n".join(lines) + "\n]}\n"
    return printable_json(text.encode("utf-8", "surrogatepass")).encode()


def findings_of(plan: Plan) -> list[BaselineEntry]:
    """Return the findings of a plan that are not suppressed, as a baseline knows them."""
    found = [(file.scan.path, f) for file in plan.files for f in file.findings] + list(
        plan.findings
    )
    return [known(plan, path, f) for path, f in found if not f.suppressed]


def known(plan: Plan, path: str, item: Finding) -> BaselineEntry:
    """Return one finding as a baseline knows it."""
    name = item.args.get("name") or item.args.get("macro") or ""
    return BaselineEntry(
        f"{plan.target}@{plan.profile}", path, item.rule, name, item.fingerprint, item.content
    )


def compare(
    entries: Iterable[BaselineEntry],
    found: Iterable[BaselineEntry],
    read: Iterable[str],
    exists: Callable[[str], bool],
) -> Drift:
    """Return what a run `found` beside the baseline's `entries`, both of one target.

    `read` are the paths that the run has read; `exists` says whether a path is still there.
    """
    before, now = sorted(entries), sorted(found)
    left = Counter(k.fingerprint for k in before)
    same: list[BaselineEntry] = []
    new: list[BaselineEntry] = []
    for item in now:
        (same if left[item.fingerprint] > 0 else new).append(item)
        left[item.fingerprint] -= left[item.fingerprint] > 0
    over: list[BaselineEntry] = []
    for item in before:
        if left[item.fingerprint] > 0:
            left[item.fingerprint] -= 1
            over.append(item)
    seen = set(read)
    there = {path: path in seen or (bool(path) and exists(path)) for path in {k.path for k in over}}
    moved = _moved([k for k in over if k.path and not there[k.path]], new)
    went, came = Counter(one for one, _ in moved), Counter(other for _, other in moved)
    rest = _without(over, went)
    unread = tuple(k for k in rest if k.path and there[k.path] and k.path not in seen)
    gone = tuple(k for k in rest if not (k.path and there[k.path] and k.path not in seen))
    return Drift(tuple(same), tuple(moved), tuple(_without(new, came)), gone, unread)


def _moved(
    over: Sequence[BaselineEntry], new: Sequence[BaselineEntry]
) -> list[tuple[BaselineEntry, BaselineEntry]]:
    """Pair what is left of files that are gone with new findings, for each such file with the most
    alike file first.
    """
    free: dict[str, dict[str, list[BaselineEntry]]] = {}
    for item in new:
        free.setdefault(item.path, {}).setdefault(item.content, []).append(item)
    pairs: list[tuple[BaselineEntry, BaselineEntry]] = []
    for path in sorted({k.path for k in over}):
        waiting = [k for k in over if k.path == path]
        while waiting:
            wanted = Counter(k.content for k in waiting)
            score = {
                p: sum(min(n, len(have.get(c, ()))) for c, n in wanted.items())
                for p, have in free.items()
            }
            best = min(score, key=lambda p: (-score[p], p), default="")
            if not score or not score[best]:
                break
            rest = []
            for item in waiting:
                partner = free[best].get(item.content)
                if partner:
                    pairs.append((item, partner.pop(0)))
                else:
                    rest.append(item)
            waiting = rest
    return pairs


def _without(
    items: Sequence[BaselineEntry], taken: Mapping[BaselineEntry, int]
) -> list[BaselineEntry]:
    left = Counter(taken)
    rest = []
    for item in items:
        if left[item] > 0:
            left[item] -= 1
        else:
            rest.append(item)
    return rest

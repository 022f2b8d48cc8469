# SPDX-License-Identifier: Apache-2.0
"""Rules by id: how one is declared, how all modules of this package are found, and how they run
over a view.

A rule is a function with the decorator `rule` (one file) or `tree_rule` (the whole scan, in
`rules/tree`), or a bare `issue_rule` for what the reading itself reports. Adding a module to the
package is enough.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import msgspec

import portkit.rules as package
from portkit.languages.cxx.language import Cxx
from portkit.languages.registry import LANGUAGES
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding
from portkit.model.reading import Scan
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.fingerprint import Fingerprints, LineDigests, blanked
from portkit.rules.view import FileSource, FileView, RuleTarget, full_name

__all__ = [
    "FileView", "Rule", "RuleTarget", "all_rules", "finding", "issue_rule", "retired", "rule", "run_file_rules",
    "run_tree_rules", "tree_rule",
]  # fmt: skip

Check = Callable[[FileView, RuleTarget], Iterator[Finding]]
TreeCheck = Callable[[Scan, RuleTarget], Iterator[tuple[str, Finding]]]

NEEDS: dict[str, Callable[[FileView], object]] = {
    "references": lambda v: v.scan.references,
    "conditions": lambda v: v.scan.facts.conditions,
    "launches": lambda v: v.scan.facts.launches,
    "asm": lambda v: v.scan.facts.asm,
    "kernels": lambda v: v.scan.facts.kernels,
    "heads": lambda v: v.scan.facts.kernels or v.scan.facts.heads,
    "macros": lambda v: v.scan.facts.macros,
    "gates": lambda v: v.scan.facts.python and v.scan.facts.python.gates,
}
_TREE_RULES = f"{package.__name__}.tree"
SCOPES = ("place", "name", "file")
_ID = re.compile(r"PK[0-9]{3}")


class Rule(msgspec.Struct, frozen=True):
    """A rule's identity and its defaults.

    `needs` are the parts of a view without which it has nothing to say: the engine skips it then.
    `scope`: one finding per place, per name and file, or per file; only the first is tied to a
    source line.
    """

    id: str
    slug: str
    severity: Severity
    effort: Effort
    blocking: bool = False
    needs: frozenset[str] = frozenset()
    scope: str = "place"
    check: Check | None = None
    tree_check: TreeCheck | None = None
    origin: str = ""
    languages: frozenset[str] = frozenset()  # that it reads; none: any


_rules: dict[str, Rule] = {}


@functools.cache
def retired() -> dict[str, str]:
    """Return the ids that were given up, each with the id that took over (or "")."""
    text = (Path(__file__).parent / "retired.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["retired"])


def _register(new: Rule) -> None:
    old = _rules.get(new.id)
    if not _ID.fullmatch(new.id):
        raise ValueError(f"{new.id!r} is not a rule id (PK and three digits)")
    if old is not None and old.origin != new.origin:
        raise ValueError(f"rule id {new.id} is taken by {old.origin}")
    if new.id in retired():
        raise ValueError(f"rule id {new.id} is retired and is never used again")
    if unknown := new.needs - NEEDS.keys():
        raise ValueError(f"{new.id} needs {', '.join(sorted(unknown))}; known: {', '.join(NEEDS)}")
    if new.scope not in SCOPES:
        raise ValueError(f"{new.id} has scope {new.scope!r}; known: {', '.join(SCOPES)}")
    _rules[new.id] = new


def rule(
    id: str,
    slug: str,
    *,
    severity: Severity,
    effort: Effort = Effort.MINUTES,
    needs: Iterable[str] = (),
    blocking: bool = False,
    scope: str = "place",
    languages: Iterable[str] = ("cxx",),
) -> Callable[[Check], Check]:
    """Declare `check(view, target) -> findings` as a rule over files of some languages, of all for
    none.

    Raises ValueError for a taken, retired or malformed id.
    """

    def register(check: Check) -> Check:
        origin = f"{check.__module__}.{check.__qualname__}"
        _register(
            Rule(
                id,
                slug,
                severity,
                effort,
                blocking,
                frozenset(needs),
                scope,
                check,
                None,
                origin,
                frozenset(languages),
            )
        )
        return check

    return register


def tree_rule(
    id: str,
    slug: str,
    *,
    severity: Severity,
    effort: Effort = Effort.MINUTES,
    blocking: bool = False,
) -> Callable[[TreeCheck], TreeCheck]:
    """Declare `check(scan, target) -> (path, finding)` as a rule over the whole scan; `path` may be
    empty.

    Raises ValueError outside of `rules/tree`: it would be missed where only such rules are needed.
    """

    def register(check: TreeCheck) -> TreeCheck:
        if not check.__module__.startswith(_TREE_RULES):
            raise ValueError(f"a tree rule such as {id} stands in {_TREE_RULES}")
        origin = f"{check.__module__}.{check.__qualname__}"
        _register(
            Rule(id, slug, severity, effort, blocking, frozenset(), "file", None, check, origin)
        )
        return check

    return register


def issue_rule(
    id: str,
    slug: str,
    *,
    severity: Severity,
    effort: Effort = Effort.MINUTES,
    blocking: bool = False,
    scope: str = "place",
) -> None:
    """Declare a rule whose findings are made elsewhere: by the reading (`FileScan.issues`) or by
    the planner.
    """
    _register(
        Rule(id, slug, severity, effort, blocking, frozenset(), scope, None, None, f"issue:{slug}")
    )


@functools.cache
def all_rules() -> Mapping[str, Rule]:
    """Return every rule by id, sorted; imports all modules of the package."""
    _import_all(package)
    return {key: _rules[key] for key in sorted(_rules)}


@functools.cache
def _tree_rules() -> Mapping[str, Rule]:
    """Return the rules over whole scans and those loaded beside them, by id, sorted."""
    _import_all(importlib.import_module(_TREE_RULES))
    return dict(sorted(_rules.items()))


def _import_all(of: ModuleType) -> None:
    for module in sorted(
        pkgutil.walk_packages(of.__path__, f"{of.__name__}."), key=lambda m: m.name
    ):
        importlib.import_module(module.name)


def finding(
    id: str,
    span: Span,
    args: Mapping[str, str] | None = None,
    references: tuple[int, ...] = (),
    *,
    severity: Severity | None = None,
    blocking: bool | None = None,
    effort: Effort | None = None,
) -> Finding:
    """Return a finding with the defaults of rule `id`. `args` fill its text; their `case` chooses a
    variant of it.
    """
    known = _rules.get(id) or _tree_rules().get(id) or all_rules().get(id)
    if known is None:
        raise PortkitError(f"unknown rule {id}")
    return Finding(
        rule=id,
        severity=known.severity if severity is None else severity,
        effort=known.effort if effort is None else effort,
        span=span,
        args=dict(args or {}),
        references=references,
        blocking=known.blocking if blocking is None else blocking,
    )


def run_file_rules(
    view: FileView, target: RuleTarget, also: Iterable[Finding] = ()
) -> list[Finding]:
    """Run every file rule over a view; findings come sorted by place and rule, with fingerprints.

    Of a file take part what its reading ran into, the rules of its language, and what was found
    `also`, while it was planned.
    """
    found = [finding(issue.rule, issue.span, issue.args) for issue in view.scan.issues]
    found += also
    for check in _checks(
        view.scan.language, frozenset(n for n, part in NEEDS.items() if part(view))
    ):
        found.extend(check(view, target))
    if not found:
        return []
    found = [
        f
        if not f.fix or _fixes_what_is_written(view, f)
        else msgspec.structs.replace(f, fix=(), fix_safe=False)
        for f in found
    ]
    found.sort(key=_order)
    marker = Fingerprints(view.scan.path, view.once(_lines))
    return [_marked(f, marker.pair(f.rule, _entity(f, view), _line_of(f))) for f in found]


@functools.cache
def _checks(language: str, present: frozenset[str]) -> tuple[Check, ...]:
    """Return the checks of a file that may have something to say of one with these parts, by the
    rules' ids.
    """
    rules = (r for r in all_rules().values() if not r.languages or language in r.languages)
    return tuple(r.check for r in rules if r.check is not None and r.needs <= present)


def _fixes_what_is_written(view: FileView, found: Finding) -> bool:
    from portkit.rules.cxx.kernels import as_written

    return as_written(view.source, found.fix)


def _lines(source: FileSource) -> LineDigests:
    scan = source.scan
    if scan.language not in LANGUAGES or scan.language == Cxx.NAME:
        return LineDigests(source.data)
    return LineDigests(blanked(source.data, scan.facts.comments), plain=True)


def run_tree_rules(scan: Scan, target: RuleTarget) -> list[tuple[str, Finding]]:
    """Run every tree rule over a scan; returns (path, finding) sorted by path, place and rule, with
    fingerprints.
    """
    found = [
        pair
        for r in _tree_rules().values()
        if r.tree_check is not None
        for pair in r.tree_check(scan, target)
    ]
    found.sort(key=lambda pair: (pair[0], _order(pair[1])))
    markers: dict[str, Fingerprints] = {}
    result = []
    for path, item in found:
        marker = markers.setdefault(path, Fingerprints(path, b""))
        result.append((path, _marked(item, marker.pair(item.rule, _name(item), None))))
    return result


def _marked(item: Finding, marks: tuple[str, str]) -> Finding:
    return msgspec.structs.replace(item, fingerprint=marks[0], content=marks[1])


def _order(item: Finding) -> tuple[Span, str, list[tuple[str, str]]]:
    return item.span, item.rule, sorted(item.args.items())


def _line_of(item: Finding) -> int | None:
    return item.span.start if _rules[item.rule].scope == "place" else None


def _entity(item: Finding, view: FileView) -> str:
    return full_name(view.scan.references[item.references[0]]) if item.references else _name(item)


def _name(item: Finding) -> str:
    return item.args.get("name") or item.args.get("macro") or item.args.get("path") or ""

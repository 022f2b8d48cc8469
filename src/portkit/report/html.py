# SPDX-License-Identifier: Apache-2.0
"""The readiness report as one HTML file that asks for nothing else: style, script and data stand in
it.

The policy in its head allows the one style and the one script by their hashes. Without both it is
still a document.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from portkit.printable import printable
from portkit.report.listing import Entry, gravest, plan_entries
from portkit.report.model import Report
from portkit.report.page.charts import COLOURS, spans
from portkit.report.page.data import page_data
from portkit.report.page.view import PlanView, comparison, fragments, plan_view
from portkit.report.page.words import page_languages, page_words
from portkit.rules.texts import KEYS, SECTIONS, load_text

if TYPE_CHECKING:
    from markupsafe import Markup

NAME = "html"
TEMPLATES = Path(__file__).parent / "templates"
STATIC = 50  # findings of a target in the table that needs no script


def render(report: Report, out: TextIO) -> None:
    """Write the page."""
    import jinja2
    from markupsafe import Markup

    style, script = _text("report.css"), _text("report.js")
    entries = [list(plan_entries(report, plan)) for plan, _ in report.plans]
    links = [
        fragments(plan, listed) for (plan, _), listed in zip(report.plans, entries, strict=True)
    ]
    views = [
        plan_view(report, *pair, *found)
        for pair, found in zip(report.plans, zip(entries, links, strict=True), strict=True)
    ]
    counts = Counter(e.finding.rule for listed in entries for e in listed)
    rules = sorted(counts)
    exempt = Counter(
        e.finding.exempt
        for listed in entries
        for e in listed
        if e.finding.exempt and not e.finding.suppressed
    )
    rows, libraries = comparison(views)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2")
    stream = page.stream(
        language=report.language,
        tool=report.tool,
        tree=views[0].summary if views else None,
        plans=views,
        skipped=report.scan.skipped,
        comparison_rows=rows,
        library_rows=libraries,
        gravest=[item for pair in zip(entries, links, strict=True) for item in _static(*pair)],
        finding_count=sum(map(len, entries)),
        exempt=sorted(exempt.items()),
        rules=[_rule(rule, counts[rule]) for rule in rules],
        colours=COLOURS,
        spans=spans,
        num=_number,
        words=lambda key: page_words(report.language)[key],
        t=_translator(report.language),
        label=_labeller(report.language),
        title=lambda rule: load_text(rule, report.language).title,
        name=lambda view: _name(report, view),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(page_data(report, views, entries, links, rules)),
    )
    for part in stream:
        out.write(part)


def _shown(value: Any) -> Any:
    """Return what a template prints of a value: text with what acts on a terminal escaped; markup
    and numbers as they are.
    """
    return printable(value) if type(value) is str else value


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _number(value: int) -> str:
    return f"{value:,}"


def _translator(language: str) -> Any:
    """Return t(key, ...): the words in an element that the script can fill anew in another
    language.
    """
    from markupsafe import Markup

    def t(key: str, **args: object) -> Markup:
        words = page_words(language)[key].format(**args)
        if not args:
            return Markup('<span data-t="{}">{}</span>').format(key, words)
        filled = json.dumps({k: str(v) for k, v in args.items()}, ensure_ascii=False)
        return Markup('<span data-t="{}" data-a="{}">{}</span>').format(key, filled, words)

    return t


def _labeller(language: str) -> Any:
    """Return label(key): the attribute that names an element for a screen reader."""
    from markupsafe import Markup

    return lambda key: Markup('aria-label="{}" data-l="{}"').format(page_words(language)[key], key)


def _name(report: Report, view: PlanView) -> Markup:
    from markupsafe import Markup

    name = report.names.get(view.target, view.target)
    return Markup('<span data-n="{}">{}</span>').format(view.id, name)


def _static(entries: list[Entry], links: list[str]) -> list[dict[str, Any]]:
    link_of = dict(zip(map(id, entries), links, strict=True))
    kept, _ = gravest(
        (e for e in entries if not e.finding.suppressed and not e.finding.exempt), STATIC
    )
    ordered = sorted(kept, key=lambda e: -e.finding.severity)
    return [
        {
            "link": link_of[id(e)],
            "severity": e.finding.severity.name.lower(),
            "blocking": e.finding.blocking,
            "rule": e.finding.rule,
            "place": e.path if e.whole else f"{e.path}:{e.start[0]}:{e.start[1]}",
            "text": e.text,
            "spec": f"{e.target}@{e.profile}",
            "effort": e.finding.effort.value,
        }
        for e in ordered
    ]


def _rule(rule: str, count: int) -> dict[str, Any]:
    """Return a rule's advice in every language; its Markdown becomes HTML, and HTML in it stays
    text.
    """
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    reader = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"])
    sections = []
    for code in page_languages():
        text = load_text(rule, code)
        parts = zip(KEYS, SECTIONS[code], strict=True)
        sections.append(
            (
                code,
                [
                    (key, heading, Markup(reader.render(text.sections[key])))
                    for key, heading in parts
                ],
            )
        )
    return {"id": rule, "count": count, "sections": sections}

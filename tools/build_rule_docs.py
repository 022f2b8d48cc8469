# SPDX-License-Identifier: Apache-2.0
"""Writes docs/rules/: an index and a page a rule, in English and Chinese, from the rules' texts and
the targets' tables.

`python tools/build_rule_docs.py` writes the pages anew, `--check` says which are not current (exit
1).
"""

from __future__ import annotations

import sys
from pathlib import Path

from portkit.rules.guide import WORDS, advice
from portkit.rules.registry import Rule, all_rules
from portkit.rules.texts import SECTIONS, load_text
from portkit.targets.target import Target, available_targets, load_target

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "rules"
SAID = {
    "en": {
        "index": "Rules", "lead": "Made by `tools/build_rule_docs.py`. `portkit explain ID --to "
                                  "TARGET` prints the same.", "rule": "rule",
        "severity": "severity", "effort": "effort", "title": "title", "targets": "By target",
        "messages": "Messages", "subject": "subject",
        "unseen": "[What no rule can see](unseen.md)", "blocks": "blocks", "yes": "yes", "no": "",
        "back": "[All rules](README.md)",
    },
    "zh": {
        "index": "规则", "lead": "由 `tools/build_rule_docs.py` 生成。`portkit explain ID --to "
                               "TARGET` 输出相同内容。", "rule": "规则",
        "severity": "级别", "effort": "工作量", "title": "标题", "targets": "各目标", "messages": "消息",
        "subject": "对象",
        "unseen": "[规则看不到的内容](unseen.zh.md)", "blocks": "阻塞", "yes": "是", "no": "",
        "back": "[全部规则](README.zh.md)",
    },
}  # fmt: skip
_BACK = {"en": "", "zh": ".zh"}


def profiles() -> list[Target]:
    """Return every target under each of its profiles."""
    return [
        load_target(f"{name}@{profile}")
        for name in available_targets()
        for profile in load_any(name).profiles
    ]


def load_any(name: str) -> Target:
    """Return a target under some profile, for what does not depend on it."""
    import tomllib

    facts = tomllib.loads((ROOT / "mappings" / name / "target.toml").read_text(encoding="utf-8"))
    return load_target(f"{name}@{next(iter(facts['profiles']))}")


def index(language: str) -> str:
    """Return the page that lists all rules."""
    said = SAID[language]
    lines = [f"# {said['index']}", "", f"{said['lead']} {said['unseen']}", ""]
    lines += [
        f"| {said['rule']} | {said['severity']} | {said['effort']} | {said['blocks']} | {said['title']} |",
        "|---|---|---|---|---|",
    ]
    for made in all_rules().values():
        title, link = (
            load_text(made.id, language).title,
            f"[{made.id}]({made.id}{_BACK[language]}.md)",
        )
        blocks = said["yes" if made.blocking else "no"]
        lines.append(
            f"| {link} `{made.slug}` | {made.severity.name.lower()} | {made.effort.value} | {blocks} | {title} |"
        )
    return "\n".join(lines) + "\n"


def page(made: Rule, language: str, targets: list[Target]) -> str:
    """Return the page of one rule."""
    said, text = SAID[language], load_text(made.id, language)
    head = f"`{made.slug}` · {said['severity']}: {made.severity.name.lower()} · {said['effort']}: {made.effort.value}"
    lines = [f"# {made.id}: {text.title}", "", head, ""]
    for heading, body in zip(SECTIONS[language], text.sections.values(), strict=True):
        lines += [f"## {heading}", "", body, ""]
    lines += [
        f"## {said['messages']}",
        "",
        *(f"- {m}" for m in dict.fromkeys(text.messages.values())),
        "",
    ]
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for target in targets:
        for line in advice(made.id, target, language):
            rows.setdefault((line.subject, line.offer, line.note, line.source), []).append(
                target.spec
            )
    if rows:
        lines += [f"## {said['targets']}", ""]
        for (subject, offer, note, source), specs in rows.items():
            tail = f" ({WORDS[language]['source']}: {source})" if source else ""
            lines.append(
                f"- **{', '.join(specs)}** · {subject}: {offer}{'. ' + note if note else ''}{tail}"
            )
        lines.append("")
    return "\n".join([*lines, said["back"]]) + "\n"


def pages() -> dict[str, str]:
    """Return every page by file name."""
    targets = profiles()
    made = {}
    for language, mark in _BACK.items():
        made[f"README{mark}.md"] = index(language)
        made |= {f"{r.id}{mark}.md": page(r, language, targets) for r in all_rules().values()}
    return made


def stale() -> list[str]:
    """Return the names of pages that are missing, differ, or belong to no rule."""
    wanted = pages()
    there = {
        p.name: p.read_text(encoding="utf-8")
        for p in FOLDER.glob("*.md")
        if not p.name.startswith("unseen")
    }
    return sorted(n for n in wanted.keys() | there.keys() if wanted.get(n) != there.get(n))


def main() -> int:
    """Write or check the pages."""
    if "--check" in sys.argv[1:]:
        for name in stale():
            sys.stdout.write(f"docs/rules/{name} is not current\n")
        return int(bool(stale()))
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for name in stale():
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())

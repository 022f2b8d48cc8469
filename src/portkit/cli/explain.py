# SPDX-License-Identifier: Apache-2.0
"""`portkit explain ID`: a rule's text, and what targets have on its subject."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import pass_options, targets_option
from portkit.cli.said import say, say_text


@click.command("explain")
@click.argument("id")
@targets_option("Say what is known on these targets; repeatable.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the text.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """What rule ID means, why, an example, and what to do about it: in general and on a target."""
    from portkit.model.errors import PortkitError
    from portkit.report.terminal import language
    from portkit.rules.guide import WORDS, advice
    from portkit.rules.registry import all_rules, retired
    from portkit.rules.texts import SECTIONS, load_text
    from portkit.targets.target import load_target

    id, lang = options["id"].upper(), language(options["lang"])
    id = retired().get(id, id) or id
    if id not in all_rules():
        raise PortkitError(f"unknown rule {id}", hint="`portkit rules` lists them")
    text, made = load_text(id, lang), all_rules()[id]
    say(f"{id}: {text.title}")
    say(f"{made.slug}, {made.severity.name.lower()}, {made.effort.value}")
    for heading, body in zip(SECTIONS[text.language], text.sections.values(), strict=True):
        say_text(f"\n{heading}\n{body}")
    for spec in options["targets"]:
        target = load_target(spec)
        say_text(f"\n{target.name(lang)} ({target.spec})")
        found = advice(id, target, lang)
        for line in found:
            note = f". {line.note}" if line.note else ""
            say(f"- {line.subject}: {line.offer}{note}")
            if line.source:
                say(f"  {WORDS[lang]['source']}: {line.source}")
        if not found:
            say(f"- {WORDS[lang]['quiet']}")
    return 0

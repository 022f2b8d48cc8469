# SPDX-License-Identifier: Apache-2.0
"""The prose of rules: text/<ID>.<language>.md. Feeds `explain`, the reports and the documentation
alike.

A file starts with a title (`# ...`), then `message: ...` and variants `message[case]: ...` with
{placeholders}, then four sections in a fixed order.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import msgspec

import portkit.rules as package
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding

SECTIONS = {
    "en": ("What it does", "Why", "What to do", "Example"),
    "zh": ("检查内容", "原因", "处理办法", "示例"),
}
KEYS = ("what", "why", "do", "example")
_MESSAGE = re.compile(r"message(?:\[([a-z-]+)\])?: (.+)")


class RuleText(msgspec.Struct, frozen=True):
    """One rule's text in one language. `messages` has the key "" and one per variant; `sections`
    the keys of KEYS.
    """

    id: str
    language: str
    title: str
    messages: dict[str, str]
    sections: dict[str, str]


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


@functools.cache
def load_text(rule: str, language: str = "en") -> RuleText:
    """Return a rule's text. Raises PortkitError when there is none or the file has not the agreed
    form.
    """
    for folder in package.__path__:
        path = Path(folder) / "text" / f"{rule}.{language}.md"
        if path.is_file():
            return parse_text(rule, language, path.read_text(encoding="utf-8"))
    raise PortkitError(f"rule {rule} has no text in {language!r}")


def parse_text(rule: str, language: str, text: str) -> RuleText:
    """Read the text of one file. Raises PortkitError that says what is missing."""
    head, *parts = re.split(r"^## ", text, flags=re.M)
    title, _, rest = head.partition("\n")
    messages = {m.group(1) or "": m.group(2).strip() for m in _MESSAGE.finditer(rest)}
    if not title.startswith("# ") or "" not in messages:
        raise PortkitError(f"the text of {rule} ({language}) needs a title line and a message")
    named = {
        heading.strip(): body.strip() for heading, _, body in (p.partition("\n") for p in parts)
    }
    wanted = SECTIONS[language]
    if tuple(named) != wanted or not all(named.values()):
        raise PortkitError(
            f"the text of {rule} ({language}) needs the sections {', '.join(wanted)}"
        )
    sections = dict(zip(KEYS, named.values(), strict=True))
    return RuleText(rule, language, title[2:].strip(), messages, sections)


def message(item: Finding, language: str = "en") -> str:
    """Return a finding's one-line message. The argument `case` chooses a variant, if the rule has
    it.

    An argument `x_zh` stands in for `x` in a message in that language.
    """
    messages = load_text(item.rule, language).messages
    suffix = f"_{language}"
    spoken = {k.removesuffix(suffix): v for k, v in item.args.items() if k.endswith(suffix)}
    template = messages.get(item.args.get("case", ""), messages[""])
    return template.format_map(_Blank(item.args | spoken))

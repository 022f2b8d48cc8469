# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF001
"""What a rule means on a target: its features, the warp, the guard macros, with where each is known
from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from portkit.rules.any.features import features_of_rule, load_features
from portkit.rules.view import RuleTarget
from portkit.targets.schema import Guard

WORDS = {
    "en": {
        "same": "works after the renames",
        "partial": "a part of it",
        "differs": "there, and behaves otherwise",
        "none": "not there",
        "unknown": "no source speaks of it",
        "warp": "a warp has {width} lanes; masks have {bits} bits",
        "nowarp": "no warps",
        "guard": "`{macro}` becomes `{target}`",
        "noguard": "`{macro}` has no counterpart",
        "value": ", which is {value} there",
        "source": "source",
        "quiet": "nothing known to differ",
        "thresholds": "thresholds: {pairs}",
    },
    "zh": {
        "same": "改名后可用",
        "partial": "只有一部分",
        "differs": "存在但行为不同",
        "none": "没有",
        "unknown": "没有资料说明",
        "warp": "线程束有 {width} 条通道；掩码为 {bits} 位",
        "nowarp": "没有线程束",
        "guard": "`{macro}` 改为 `{target}`",
        "noguard": "`{macro}` 没有对应物",
        "value": "，其值为 {value}",
        "source": "来源",
        "quiet": "未知有差异",
        "thresholds": "阈值：{pairs}",
    },
}


class Advice(msgspec.Struct, frozen=True):
    """One line on one target: what it is about, what the target has, a note, and where it is known
    from.
    """

    subject: str
    offer: str
    note: str = ""
    source: str = ""


def advice(id: str, target: RuleTarget, language: str = "en") -> list[Advice]:
    """Return what the target's tables say on the subject of a rule, in order; empty where they say
    nothing.
    """
    words = WORDS[language]
    return [*_features(id, target, language, words), *_facts(id, target, words)]


def _features(
    id: str, target: RuleTarget, language: str, words: Mapping[str, str]
) -> Iterator[Advice]:
    for name in features_of_rule(id):
        feature, state = load_features()[name], target.features.get(name)
        if state is None:
            yield Advice(feature.title[language], words["quiet" if feature.quiet else "unknown"])
        else:
            yield Advice(
                feature.title[language],
                words[state.status],
                state.note.get(language, ""),
                state.source,
            )


def _facts(id: str, target: RuleTarget, words: Mapping[str, str]) -> Iterator[Advice]:
    source = target.facts.source or ""
    if id.startswith("PK3"):
        width = target.facts.warp_size
        bits = target.facts.mask_bits or width
        text = words["warp"].format(width=width, bits=bits) if width else words["nowarp"]
        yield Advice("warp", text, "", source)
    if id in ("PK201", "PK202", "PK203"):
        for macro, guard in sorted(target.guards.items()):
            yield _guard(macro, guard, target, words)


def _guard(macro: str, guard: Guard, target: RuleTarget, words: Mapping[str, str]) -> Advice:
    name = guard.target
    text = (
        words["guard"].format(macro=macro, target=name)
        if name
        else words["noguard"].format(macro=macro)
    )
    value = guard.value_in(target.facts)
    if name and value is not None:
        text += words["value"].format(value=value)
    pairs = ", ".join(f"{a} -> {b}" for a, b in guard.thresholds.items())
    return Advice(
        macro, text, words["thresholds"].format(pairs=pairs) if pairs else "", guard.source
    )

# SPDX-License-Identifier: Apache-2.0
"""Chinese texts have one word for one thing: a finding is 问题, a kernel 核函数, a name 名称, and what
blocks 阻塞.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "portkit"
# To come upon something, which is no finding: "files are found by themselves".
FOUND = re.compile("更早发现|会发现更多|自动发现|文件发现|发现漏洞|发现错误|发现了什么")
OTHER_WORDS = re.compile("发现|内核|名字|阻碍|阻断")


def texts() -> list[Path]:
    return [
        ROOT / "README.zh-CN.md",
        ROOT / "tools" / "target_pages.toml",
        *ROOT.glob("docs/**/*.zh.md"),
        *ROOT.glob("mappings/**/*.toml"),
        *PACKAGE.glob("rules/**/*.zh.md"),
        *PACKAGE.glob("report/words/**/zh.toml"),
    ]


def test_one_word_for_one_thing() -> None:
    found = texts()
    assert len(found) > 200
    strange = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in found
        for line in path.read_text(encoding="utf-8").splitlines()
        if OTHER_WORDS.search(FOUND.sub("", line))
    ]
    assert not strange, strange

# SPDX-License-Identifier: Apache-2.0
"""No shipped text installs portkit from a package index: the name there is not ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portkit.model.errors import extra_hint

ROOT = Path(__file__).resolve().parent.parent.parent
PLACES = ("docs", "examples", "src", "tools", "benchmarks", "mappings")
TEXTS = ("", ".md", ".py", ".sh", ".toml", ".yml", ".yaml", ".txt", ".html", ".json", ".cfg")
MOST = 1 << 20  # bytes: what is larger is data

# The commands that look a bare name up, and what ends one.
COMMAND = re.compile(
    r"\b(?:pip3?(?:\.exe)?\s+(?:install|download|wheel)|pipx\s+(?:install|run|inject)|uvx|easy_install"
    r"|uv\s+(?:add|tool\s+(?:install|run))|(?:poetry|pdm|hatch|rye)\s+add|(?:conda|mamba)\s+install)\b"
    r"(?P<rest>(?:\\\n|[^\n;&|`])*)"
)
BARE = re.compile(r"portkit(?:\[[^\]]*\])?(?:[=<>~!]=?[^\s@]*)?", re.IGNORECASE)
# A variable of that name, or a list of what an environment holds.
VALUE = re.compile(
    r"^\s*(?:export\s+)?PORTKIT\s*[:=]\s*['\"]?(?P<value>[^'\"\s#]+)"
    r"|additional_dependencies:\s*\[(?P<listed>[^\]]*)\]",
    re.MULTILINE,
)


def _is_bare(word: str) -> bool:
    return bool(BARE.fullmatch(word.rstrip(".,:\u3002\uff0c\uff09"))) or word in (
        "$PORTKIT",
        "${PORTKIT}",
    )


def bare_installs(text: str) -> list[str]:
    """Return the pieces of a text that install portkit by its bare name, or by a variable that may
    hold it.
    """
    found = []
    for match in COMMAND.finditer(text):
        rest = match["rest"].replace("\\\n", " ").partition(" #")[0]
        rest = re.sub(r"portkit(\[[^\]]*\])?\s*@\s*\S+", "", rest)  # a direct reference
        words = re.split(r"[\s'\"()]+", rest)
        found += [match[0].strip() for word in words if _is_bare(word)]
    for match in VALUE.finditer(text):
        words = re.split(r"[\s,'\"]+", match["value"] or match["listed"])
        found += [match[0].strip() for word in words if BARE.fullmatch(word)]
    return found


def shipped() -> Iterator[Path]:
    """Yield every text of the repository that a user may copy from."""
    yield from (
        p for p in ROOT.iterdir() if p.is_file() and p.suffix in (".md", ".toml", ".yaml", ".txt")
    )
    for place in PLACES:
        for path in (ROOT / place).rglob("*"):
            if path.is_file() and path.suffix in TEXTS and path.stat().st_size <= MOST:
                yield path


def test_no_shipped_text_installs_by_bare_name() -> None:
    texts = list(shipped())
    assert {"README.md", "README.zh-CN.md", "Jenkinsfile", "start.zh.md", "lsp.py"} <= {
        p.name for p in texts
    }
    found = {p: bare_installs(p.read_text(encoding="utf-8", errors="replace")) for p in texts}
    assert {p.relative_to(ROOT).as_posix(): f for p, f in found.items() if f} == {}


@pytest.mark.parametrize(
    "text",
    [
        "pip install portkit",
        "pip install 'portkit[lsp]'",
        "python3 -m pip install -U portkit==0.1.0",
        "pip install \\\n  portkit",
        "(`pip install portkit`)\uff0c",
        "pipx install portkit",
        "uvx portkit report .",
        "uv tool install portkit",
        'pip install "$PORTKIT"',
        "    PORTKIT = 'portkit' // what pip installs",
        "  PORTKIT: portkit # what pip installs",
        "export PORTKIT=portkit==1.0",
        "additional_dependencies: [click, portkit]",
        "conda install -c forge portkit",
        "pip download portkit",
    ],
)
def test_the_search_finds_a_bare_name(text: str) -> None:
    assert len(bare_installs(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "pip install .                  # in a clone",
        "pip install '.[lsp]'",
        "pip install ./portkit-0.1.0-py3-none-any.whl",
        'pip install "portkit @ $PORTKIT"',
        "pip install 'portkit @ https://host.example/portkit-0.1.0-py3-none-any.whl#sha256=00'",
        "pip install -e . && portkit report .",
        "pip install pygls; portkit lsp",
        "PORTKIT: https://host.example/portkit-0.1.0-py3-none-any.whl",
    ],
)
def test_the_search_leaves_a_pinned_one_alone(text: str) -> None:
    assert bare_installs(text) == []


@pytest.mark.parametrize("extra", ["lsp", "dask", "sdk"])
def test_a_hint_names_a_clone_and_a_wheel(extra: str) -> None:
    hint = extra_hint(extra)
    assert bare_installs(hint) == [] and hint.count(f"[{extra}]") == 2

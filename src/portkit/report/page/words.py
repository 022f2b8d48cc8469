# SPDX-License-Identifier: Apache-2.0
"""The words of the HTML report: the common catalog and, above it, words/page/<language>.toml."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from portkit.report.i18n import catalog, languages

FOLDER = Path(__file__).parent.parent / "words" / "page"


@functools.cache
def page_words(language: str) -> dict[str, str]:
    """Return every message of a language by key, with its {placeholders}; those of the language
    server are left out.
    """
    own: dict[str, str] = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))[
        "messages"
    ]
    return {
        key: text for key, text in catalog(language).messages.items() if not key.startswith("lsp_")
    } | own


def page_languages() -> tuple[str, ...]:
    """Return the languages that the page can switch between."""
    return languages()

# SPDX-License-Identifier: Apache-2.0
"""The report's own words in each language: words/<language>.toml. Ids, JSON keys, enum values are
never translated.
"""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from portkit.model.errors import PortkitError

FOLDER = Path(__file__).parent / "words"


@functools.cache
def languages() -> tuple[str, ...]:
    """Return the languages that have a catalog."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.toml")))


def choose_language(option: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    """Return the language: the option, else PORTKIT_LANG, LC_ALL, LC_MESSAGES, LANG, else en.

    Raises PortkitError for an option that no catalog serves; the environment is never an error.
    """
    if option:
        if _code(option) not in languages():
            raise PortkitError(
                f"unknown language {option!r}", hint=f"known: {', '.join(languages())}"
            )
        return _code(option)
    env = os.environ if environ is None else environ
    for variable in ("PORTKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(variable):
            return _code(env[variable]) if _code(env[variable]) in languages() else "en"
    return "en"


def _code(locale: str) -> str:
    return locale.replace("-", "_").split(".")[0].split("@")[0].split("_")[0].lower()


class Catalog:
    """The words of one language. `catalog("key", count=3)` fills the placeholders of a message."""

    def __init__(self, language: str) -> None:
        path = FOLDER / f"{language}.toml"
        if not path.is_file():
            raise PortkitError(
                f"unknown language {language!r}", hint=f"known: {', '.join(languages())}"
            )
        self.language = language
        self.messages: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["messages"]

    def __call__(self, key: str, **args: object) -> str:
        return self.messages[key].format(**args)


@functools.cache
def catalog(language: str) -> Catalog:
    """Return a language's catalog, read once."""
    return Catalog(language)

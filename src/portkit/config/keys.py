# SPDX-License-Identifier: Apache-2.0
"""The keys of `[tool.portkit]` and portkit.toml. The JSON Schema is made from these types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Hours = tuple[Annotated[float, msgspec.Meta(ge=0)], Annotated[float, msgspec.Meta(ge=0)]]

Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Accept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Evidence floors: the least that a row, or a reference, needs for an edit."""

    exists: Literal["rule", "table", "doc", "usage", "linked", "header", "user"] | None = None
    pairs: Literal["no", "alike", "table", "usage", "user"] | None = None
    proof: Literal["spelling", "likely", "proved"] | None = None
    assumed: Literal["no", "yes"] | None = None

    def __str__(self) -> str:
        axes = ("exists", "pairs", "proof", "assumed")
        said = ((axis, getattr(self, axis)) for axis in axes)
        return ",".join(f"{axis}={word}" for axis, word in said if word is not None)


class Override(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """What is different for some paths: `accept` and `only` replace, the others add. A later one
    wins.
    """

    paths: Annotated[
        list[str],
        msgspec.Meta(min_length=1, description="Patterns as in .gitignore, relative to the root."),
    ]
    accept: str | Accept | None = None
    ignore: list[str] | None = None
    only: list[str] | None = None
    skip: list[str] | None = None
    include_dirs: list[str] | None = None
    defines: list[str] | None = None


# msgspec says in the schema which keys a table may have since 0.23 only.
_BY_EFFORT = msgspec.Meta(
    description="By effort of the finding.",
    extra_json_schema={"propertyNames": {"enum": ["days", "hours", "minutes"]}},
)


class EffortKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hours [low, high] in place of those of portkit's own table."""

    hours: Annotated[dict[Literal["minutes", "hours", "days"], Hours], _BY_EFFORT] = {}
    rules: Annotated[
        dict[str, Hours], msgspec.Meta(description="By rule id or a prefix of one.")
    ] = {}
    repeat: Annotated[
        Hours | None, msgspec.Meta(description="Share of the first that the same item costs again.")
    ] = None
    review: Annotated[
        Hours | None, msgspec.Meta(description="Reading through one rewritten file.")
    ] = None


def _key(text: str) -> Any:
    return msgspec.Meta(description=text)


class Config(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """Everything that a configuration file may say. What is absent is left to the defaults."""

    targets: Annotated[list[str] | None, _key("Targets, TARGET or TARGET@PROFILE (--to).")] = None
    accept: Annotated[str | Accept | None, _key("Evidence floors (--accept).")] = None
    select: Annotated[
        list[str] | None, _key("Ids, or prefixes of ids, of the rules that count (--select).")
    ] = None
    ignore: Annotated[
        list[str] | None,
        _key("Ids, or prefixes of ids, of the rules that do not count (--ignore)."),
    ] = None
    only: Annotated[list[str] | None, _key("Rewrite only these libraries (--only).")] = None
    skip: Annotated[list[str] | None, _key("Leave these libraries out (--skip).")] = None
    maps: Annotated[
        list[str] | None, _key("Files with your own rows (--map), relative to this file.")
    ] = None
    build: Annotated[
        Literal["replace", "beside", "wrapper"] | None, _key("How build files move (--build).")
    ] = None
    include: Annotated[
        list[str] | None, _key("Read these files too, whatever their suffix (--include).")
    ] = None
    exclude: Annotated[list[str] | None, _key("Leave matching files out (--exclude).")] = None
    include_dirs: Annotated[
        list[str] | None, _key("Include folders for Clang (-I), relative to this file.")
    ] = None
    defines: Annotated[list[str] | None, _key("Macros for Clang (-D), NAME or NAME=VALUE.")] = None
    compile_db: Annotated[
        str | None, _key("compile_commands.json or its folder (-p), relative to this file.")
    ] = None
    rung: Annotated[
        Literal["lex", "syntax", "clang"] | None, _key("Highest rung used (--rung).")
    ] = None
    jobs: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None, _key("Worker processes, 0 for one a core (-j).")
    ] = None
    lang: Annotated[Literal["en", "zh"] | None, _key("Language of messages (--lang).")] = None
    fail_on: Annotated[
        Literal["none", "info", "warning", "error"] | None,
        _key("Exit 1 on a finding at or above (--fail-on)."),
    ] = None
    fail_under: Annotated[
        Percent | None, _key("Exit 1 when the readiness is lower (--fail-under).")
    ] = None
    baseline: Annotated[
        str | None, _key("File of known findings (--baseline), relative to this file.")
    ] = None
    effort: Annotated[EffortKeys | None, _key("Hours of the effort model.")] = None
    overrides: Annotated[list[Override] | None, _key("What is different for some paths.")] = None


PATHS = frozenset({"maps", "include_dirs", "compile_db", "baseline"})
FILE_ONLY = frozenset({"effort", "overrides"})


def file_key(name: str) -> str:
    """Return how a field is spelt in a file: `fail_on` -> `fail-on`."""
    return name.replace("_", "-")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a portkit.toml (or of the table `tool.portkit`)."""
    from portkit.config.json_schema import json_schema_of  # no run but one that asks for it

    return json_schema_of(Config, title="portkit configuration")

# SPDX-License-Identifier: Apache-2.0
"""`portkit query NAME... [--to T]`: what is known of a name."""

from __future__ import annotations

import difflib
from typing import Any

import click
import msgspec

from portkit.cli.options import load_targets, pass_options


@click.command("query")
@click.argument("names", nargs=-1, required=True)
@click.option("--to", "targets", multiple=True, metavar="TARGET[@PROFILE]", help="Target; default: all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_options
def command(options: dict[str, Any]) -> int:
    """Library, versions, target name and evidence of NAMES."""
    from portkit.target.target import available_targets, default_specs
    from portkit.vocab.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    targets = load_targets(options["targets"] or [spec for name in available_targets() for spec in default_specs(name)], [])
    answers, missing = [], 0
    for name in options["names"]:
        qualifier, _, last = name.rpartition("::")
        entities = [e for e in vocabulary.get(last) if not qualifier or e.qualifier == qualifier]
        answer: dict[str, Any] = {"name": name, "entities": [_entity(e) for e in entities], "targets": []}
        if not entities:
            missing += 1
            answer["suggestions"] = difflib.get_close_matches(last, _near(last, vocabulary.names), 5, 0.75)
        for target in targets:
            for e in entities:
                row = target.row(e.name, e.kind, e.library, e.qualifier if e.kind.value != "field" else "")
                if row is not None:
                    answer["targets"].append(_row(target, row))
                    break
            else:
                answer["targets"].append({"target": target.spec, "status": "unknown"})
        answers.append(answer)
    if options["form"] == "json":
        click.echo(msgspec.json.encode({"schema": "portkit/query/1", "answers": answers}).decode())
    else:
        for answer in answers:
            _print(answer)
    return 1 if missing else 0


def _near(name: str, names: frozenset[str]) -> list[str]:
    low = name.lower()
    return sorted(n for n in names if n[:2].lower() == low[:2] and abs(len(n) - len(name)) <= 4)


def _entity(e: Any) -> dict[str, Any]:
    found = msgspec.to_builtins(e)
    found["flags"] = sorted(found["flags"])
    return {k: v for k, v in found.items() if v}


def _row(target: Any, row: Any) -> dict[str, Any]:
    return {
        "target": target.spec,
        "name": row.target,
        "status": row.status.value,
        "exists": row.exists.name.lower(),
        "pairs": row.pairs.name.lower(),
        "derived": row.derived,
        "sources": {s: target.sources.get(s, "") for s in row.sources},
        "note": row.note,
    }


def _print(answer: dict[str, Any]) -> None:
    click.echo(answer["name"])
    for e in answer["entities"]:
        versions = ", ".join(f"{k} {e[k]}" for k in ("since", "deprecated", "removed") if k in e)
        where = f" in {e['header']}" if "header" in e else ""
        click.echo(f"  CUDA: {e['kind']} of {e['library']}{where}{' (' + versions + ')' if versions else ''}")
    if not answer["entities"]:
        hint = f"; did you mean {', '.join(answer['suggestions'])}?" if answer.get("suggestions") else ""
        click.echo(f"  not in the vocabulary{hint}")
    for row in answer["targets"]:
        if row["status"] == "unknown":
            click.echo(f"  {row['target']}: no row (unknown, which is not unsupported)")
            continue
        made = "by the naming rule only" if row["derived"] else f"exists: {row['exists']}, pairs: {row['pairs']}"
        click.echo(f"  {row['target']}: {row['name'] or '-'} ({row['status']}; {made})")
        for source in row["sources"].values():
            click.echo(f"    source: {source}")
        if row["note"]:
            click.echo(f"    note: {row['note']}")

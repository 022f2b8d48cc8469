# SPDX-License-Identifier: Apache-2.0
"""`portkit config [PATH...]`: the values that hold, and where each came from."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from portkit.cli.options import pass_options, plan_options, scan_options, targets_option
from portkit.cli.said import say, say_text
from portkit.printable import printable_json, printable_name


@click.command("config")
@scan_options
@targets_option()
@plan_options
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of messages.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file instead.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """What command line, environment and configuration file say for PATHS."""
    from portkit.cli.settings import configuration
    from portkit.config.effective import shown, variable
    from portkit.config.keys import FILE_ONLY, file_key, json_schema

    if options["schema"]:
        say_text(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode())
        return 0
    file = configuration(options)
    values = options["values"]
    if options["form"] == "json":
        keys = {
            file_key(name): {
                "value": shown(v.value),
                "origin": v.origin,
                **({"where": v.where} if v.where else {}),
            }
            for name, v in values.items()
        }
        document = {
            "schema": "portkit/config/1",
            "file": file.path.name if file else None,
            "keys": keys,
        }
        say_text(printable_json(msgspec.json.format(msgspec.json.encode(document), indent=1)))
        return 0
    say(f"file: {printable_name(file.path) if file else 'none'}")
    width = max(map(len, values))
    for name, value in values.items():
        text = printable_json(msgspec.json.encode(shown(value.value)))
        origin = value.origin if not value.where else f"{value.origin}: {value.where}"
        if value.origin == "default" and name not in FILE_ONLY:
            origin += f"; {variable(name)}"
        say(f"{file_key(name):{width}} = {text}  ({origin})")
    return 0

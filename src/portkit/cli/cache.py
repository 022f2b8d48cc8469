# SPDX-License-Identifier: Apache-2.0
"""`portkit cache info|clear`."""

from __future__ import annotations

import click

from portkit.cli.said import say
from portkit.model.errors import PortkitError


@click.group("cache", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> int:
    """Look at the cache of scan results, or empty it."""
    return 0 if context.invoked_subcommand else int(context.invoke(info))


@command.command("info")
def info() -> int:
    """Where the cache lies, its size and its bound."""
    from portkit.run.cache import Cache

    cache = Cache()
    found = cache.info()
    cache.close()
    facts = {
        "path": found.path,
        "size": f"{found.size} bytes",
        "entries": found.entries,
        "bound": f"{found.bound} bytes",
    }
    if found.unused:
        facts["unused"] = found.unused
    for key, value in facts.items():
        say(f"{key:8} {value}")
    return 0


@command.command("clear")
def clear() -> int:
    """Remove all entries."""
    from portkit.run.cache import Cache

    cache = Cache()
    try:
        size = cache.clear()
    except OSError as error:
        raise PortkitError(
            f"the cache cannot be removed: {error.strerror}", str(cache.path)
        ) from error
    say(f"removed {size} bytes")
    return 0

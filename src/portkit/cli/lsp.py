# SPDX-License-Identifier: Apache-2.0
"""`portkit lsp`: the language server, on standard input and output."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from portkit.cli.ending import take_at_once
from portkit.cli.options import pass_options, targets_option
from portkit.model.errors import PortkitError, extra_hint


@click.command("lsp")
@targets_option("Target; default: those of each file's configuration.")
@click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    help="Language of messages; default: $PORTKIT_LANG, else the editor's.",
)
@click.option(
    "--stdio", is_flag=True, help="Accepted, as many editors pass it: there is no other way."
)
@pass_options
def command(options: dict[str, Any]) -> int:
    """Serve an editor over standard input and output (needs the extra `lsp`)."""
    from portkit.cli.log import show_log
    from portkit.targets.asked import load_targets

    try:
        from portkit.lsp.server import make_server
    except ImportError as error:
        said = f"the language server needs {error.name}"
        raise PortkitError(said, hint=extra_hint("lsp")) from error
    load_targets(options["targets"])
    show_log(logging.WARNING)
    reader, writer = _own_streams()
    take_at_once()
    make_server(options["targets"], options["lang"]).start_io(reader, writer)
    return 0


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Return the protocol's streams, and leave nothing else to write to them.

    The standard input is read by a thread that waits inside it with a lock held: a worker that is
    forked meanwhile would wait for that lock for ever as it closes its standard input. So that is
    another one, and stdout goes to stderr.
    """
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - it is to stay open
    return reader, writer

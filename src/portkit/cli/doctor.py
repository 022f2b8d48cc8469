# SPDX-License-Identifier: Apache-2.0
"""`portkit doctor`: what is available here, and which rungs run."""

from __future__ import annotations

import shutil
from typing import Any

import click

import portkit
from portkit.cli.options import pass_options
from portkit.cli.said import say
from portkit.model.errors import PortkitError


@click.command("doctor")
@pass_options
def command(options: dict[str, Any]) -> int:
    """Say which readers run on this machine and where the tables lie."""
    from portkit.languages.cxx.clang.libclang import ENVIRONMENT, load_clang
    from portkit.targets.target import available_targets
    from portkit.vocab.data import mappings_folder
    from portkit.vocab.vocabulary import load_vocabulary

    say(f"portkit {portkit.__version__}")
    vocabulary = load_vocabulary()
    say(f"tables: {mappings_folder()}")
    say(
        f"CUDA vocabulary: {len(vocabulary.names)} names, CUDA {vocabulary.version}, {vocabulary.digest}"
    )
    say(f"targets: {', '.join(available_targets())}")
    clang, why = None, ""
    try:
        clang = load_clang()
    except PortkitError as error:
        why = str(error)
    if why:
        say(f"rung clang: missing; {why}")
    elif clang is None:
        say(
            f"rung clang: missing; install libclang-ng, or set {ENVIRONMENT} to a libclang "
            f"library. Syntax is used instead"
        )
    else:
        say(f"rung clang: {clang.version} (from {clang.origin})")
    try:
        from portkit.languages.cxx.settle.syntax import SyntaxTree

        SyntaxTree(b"int x;")
        say("rung syntax: tree-sitter with the CUDA grammar")
    except ImportError as error:
        say(f"rung syntax: missing ({error})")
    say("rung lex: always")
    say(f"git: {shutil.which('git') or 'missing; .gitignore files are read directly'}")
    say("CUDA SDK: not needed")
    return 0

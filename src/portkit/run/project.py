# SPDX-License-Identifier: Apache-2.0
"""The tree as readers of languages see it, with what does their jobs, for as long as it is needed."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from portkit.files.discovery import Discovery
from portkit.languages.base import Project
from portkit.languages.cxx.clang.libclang import clang_version, load_clang
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.file_ref import FileRef
from portkit.model.errors import PortkitError
from portkit.model.words import Rung
from portkit.run.cache import Cache, NoCache
from portkit.run.contents import Contents
from portkit.run.executors import executor
from portkit.run.scan_options import ScanOptions
from portkit.vocab.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from portkit.languages.cxx.project.workshop import Workshop


@contextlib.contextmanager
def open_project(
    options: ScanOptions,
    found: Discovery,
    contents: Contents,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[Project]:
    """Yield the tree that was `found`; `contents` gives its bytes. `meanwhile` is called once while
    workers are busy.
    """
    vocabulary = options.vocabulary or load_vocabulary()
    version = clang_version() if options.rung is Rung.CLANG else ""
    rung = options.rung if options.rung is not Rung.CLANG or version else Rung.SYNTAX
    store = Cache() if options.cache and options.vocabulary is None else NoCache()

    def read(ref: FileRef) -> bytes:
        return contents.checked(ref.rel, ref.sha256)

    @functools.cache
    def workshop() -> Workshop:
        from portkit.languages.cxx.project.workshop import Workshop

        if rung is Rung.CLANG and load_clang() is None:
            raise PortkitError(
                "libclang was there a moment ago and cannot be loaded",
                hint="run portkit again, or with --rung syntax",
            )
        return Workshop(found.root, rung, vocabulary, read)

    with executor(options, workshop, meanwhile) as runs, contextlib.closing(store):
        run = options.listen(runs) if options.listen is not None else runs
        flags, links = _flags_as_sent(options), dict(found.links)
        yield Project(
            found.root, found.tree, vocabulary, read, flags, rung, run, store, links, version
        )


def _flags_as_sent(options: ScanOptions) -> Callable[[Path], UnitFlags]:
    """Return what gives a unit's flags, as they are sent, by its path."""
    ask = options.compile_flags or (lambda _: options.flags)
    last: list[UnitFlags] = []  # nearly all units have the same flags

    def flags(path: Path) -> UnitFlags:
        given = ask(path)
        if not last or last[0] is not given:
            last[:] = given, given.encodable()
        return last[1]

    return flags

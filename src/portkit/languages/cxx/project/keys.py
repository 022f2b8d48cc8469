# SPDX-License-Identifier: Apache-2.0
"""Keys of cached results, and files outside the project that a result rests on."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from portkit.files.code import code_digest
from portkit.files.encodable import encodable, native
from portkit.files.links import stays
from portkit.languages.cxx.clang.disk import state_of
from portkit.languages.cxx.project.jobs import UnitJob
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.languages.keys import KEY_BYTES, content_key
from portkit.printable import real_name
from portkit.vocab.vocabulary import Vocabulary

OUT = ">"
# what reads trees: all that these import, and these
_READERS = ("portkit.languages.cxx",)
_GRAMMAR = re.compile(r"tree_sitter(?:_cuda)?-.*\.dist-info")


def scan_stamp(vocabulary: Vocabulary, clang: str, rung: str) -> bytes:
    """Return the stamp of all that every scan depends on: portkit's own code, the vocabulary,
    libclang, the grammar, the highest rung.
    """
    code = code_digest(*_READERS)
    return content_key(code, vocabulary.digest, stubs_digest(), clang, grammar(), rung)


@functools.cache
def grammar() -> tuple[str, ...]:
    """Return the names and versions of the syntax rung's packages; none where they are not
    installed. Read off the folder's names: loading their metadata would cost more than a warm run.
    """
    spec = importlib.util.find_spec("tree_sitter_cuda")
    if spec is None or spec.origin is None:
        return ()
    try:
        names = os.listdir(Path(spec.origin).parents[1])  # noqa: PTH208
    except OSError:
        return ()
    return tuple(sorted(n for n in names if _GRAMMAR.fullmatch(n)))


@functools.cache
def stubs_digest() -> str:
    """Return a digest of the hand-written stubs and hints, and of the words of warps."""
    from portkit.vocab.data import mappings_folder

    folder = mappings_folder() / "cuda"
    digest = hashlib.blake2b(digest_size=KEY_BYTES)
    for path in [
        *sorted((folder / "stubs").glob("*")),
        folder / "stubs.toml",
        folder / "warp.toml",
    ]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def flag_facts(flags: UnitFlags) -> tuple[object, ...]:
    """Return a unit's flags as plain values."""
    folders, macros = (flags.include_dirs, flags.system_dirs), (flags.defines, flags.undefines)
    return *folders, *macros, flags.forced, flags.standard, flags.trigraphs


def unit_facts(job: UnitJob) -> tuple[object, ...]:
    """Return what a unit's parse depends on of the project, as plain values."""
    edges = [
        (rel, [(i.span.start, target) for i, target in edges]) for rel, edges in job.edges.items()
    ]
    contents = [(f.rel, f.sha256, f.encoding) for f in job.files]
    return job.plan.main, job.plan.settles, contents, edges, flag_facts(job.flags)


def faults_key(stamp: bytes, job: UnitJob) -> bytes:
    """Return the key of the faults of a unit (see UnitFaults)."""
    return content_key(stamp, "faults", unit_facts(job))


class Deps:
    """Files beyond the project's own that a unit's result rests on: (path, SHA-256), or (path, "")
    where there was none.

    Paths below the root are kept relative, so that a copy of the tree finds its results again, and
    all are `encodable`. Of one that a link leads out of the root this is noted (OUT before the
    digest); where nothing was opened there, nothing of what lies there is.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._known: dict[str, str] = {}
        self._stay: dict[str, bool] = {}
        self._looks: dict[tuple[str, str], tuple[str, str]] = {}

    def of(self, job: UnitJob, opened: Iterable[str]) -> list[tuple[str, str]]:
        """Return what the unit read elsewhere, and where it looked for files that are not there."""
        found = {self._short(path): self._opened(path) for path in map(real_name, opened)}
        graph, flags = IncludeGraph(job.edges), job.flags.native()
        folders = [
            posixpath.join(self._root, real_name(d))
            for d in graph.include_dirs(f.rel for f in job.files)
        ]
        folders += [*flags.include_dirs, *flags.system_dirs]
        for file in job.files:
            here = posixpath.dirname(posixpath.join(self._root, file.fs_rel))
            for angled, spelling in job.unresolved.get(file.rel, ()):
                for folder in folders if angled else [here, *folders]:
                    found.setdefault(*self._look(folder, spelling))
        return sorted(found.items())

    def _look(self, folder: str, spelling: str) -> tuple[str, str]:
        """Return where a folder is searched for a header, and what is there."""
        known = self._looks.get((folder, spelling))
        if known is None:
            path = posixpath.normpath(posixpath.join(folder, spelling))
            known = self._looks[folder, spelling] = self._short(path), self._looked_for(path)
        return known

    def hold(self, deps: Iterable[tuple[str, str]]) -> bool:
        """Return whether all files are as they were."""
        here = ((posixpath.join(self._root, native(path)), digest) for path, digest in deps)
        return all(
            (self._looked_for(path) if digest == OUT else self._opened(path)) == digest
            for path, digest in here
        )

    def _opened(self, path: str) -> str:
        return self.state(path) if self._stays(path) else f"{OUT}{self.state(path)}"

    def _looked_for(self, path: str) -> str:
        return self.state(path) if self._stays(path) else OUT

    def _stays(self, path: str) -> bool:
        """Does a path below the root stay there with each link on its way? Others have no way."""
        if not path.startswith(f"{self._root}/"):
            return True
        known = self._stay.get(path)
        if known is None:
            folder = posixpath.dirname(path)
            upper = self._stay.get(folder)
            if upper is None:
                upper = self._stay[folder] = stays(folder, [self._root])
            known = upper and (not os.path.islink(path) or stays(path, [self._root]))  # noqa: PTH114
            self._stay[path] = known
        return known

    def state(self, path: str) -> str:
        """Return the SHA-256 of a file as hex, "" when there is none, and "!" for what Clang is
        never shown.
        """
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = state_of(path)
        return known

    def _short(self, path: str) -> str:
        return encodable(path[len(self._root) + 1 :] if path.startswith(self._root + "/") else path)

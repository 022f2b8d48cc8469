# SPDX-License-Identifier: Apache-2.0
"""What a language is to the rest of portkit. C++ is one of them; nothing outside of `languages`
asks for a suffix or reads a file's text by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from portkit.files.code import code_digest
from portkit.files.regular import shown_size
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Run, Store, encode
from portkit.languages.keys import content_key
from portkit.model.reading import FileFacts, FileScan, Issue, Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Parse, Rung
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary

_NO_FACTS = FileFacts()
_MARKS = (b"portkit:", b"MUSIFY_EXCL_")  # start what switches portkit off, see plan/suppress
MOST_BYTES = 2 << 20  # of a file that is read by itself


class Word(msgspec.Struct, frozen=True, gc=False):
    """A name of CUDA's by its letters, at a byte offset. `hard`: it stands in code, and is no plain
    word that means something else as often as not.
    """

    offset: int
    text: str
    hard: bool = True


class Link(msgspec.Struct, frozen=True, gc=False):
    """Another file that a file names. `span`: the bytes of its spelling; `name`: the same with what
    the language makes of it (a continued line, an escape) taken out.

    `role`: include | source | subdirectory | import | tail (what follows a folder that a variable
    names).
    """

    span: Span
    spelling: str
    name: str
    role: str = "include"


class Watch(Protocol):
    """Who wants to know more of a tree that is read anew before all of it is read."""

    def begin(self, summaries: Mapping[str, Any], keys: Mapping[str, bytes]) -> None:
        """All files are lexed and parsed; `keys`: those of the scans that are or could be kept."""

    def add(self, scan: FileScan) -> None:
        """A file is read; files come in any order."""


class Project(msgspec.Struct, frozen=True):
    """All that a reader may ask of the tree that it reads; nothing of any target.

    `names`: every file of the tree, POSIX and relative to `root`, `links`: symbolic links among
    them with what they stand for. `read`: a file's bytes as they were found; raises PortkitError
    when they are others by now. `flags`: what the user and compile databases say of a file. `run`
    does jobs, `store` keeps results. `clang`: the version of libclang, "" for none.
    """

    root: Path
    names: Sequence[str]
    vocabulary: Vocabulary
    read: Callable[[FileRef], bytes]
    flags: Callable[[Path], Any]
    rung: Rung
    run: Run
    store: Store
    links: Mapping[str, str] = msgspec.field(default_factory=dict)
    clang: str = ""
    watch: Watch | None = None
    told: Mapping[bytes, bytes] = msgspec.field(default_factory=dict)  # see Outcome


class Outcome(msgspec.Struct, frozen=True):
    """What reading the files of one language yields. `keys`: of scans that are or could be kept, by
    file; `reused`: scans that were; `parsed`: units that Clang read.
    """

    scans: Sequence[FileScan]
    keys: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    reused: int = 0
    parsed: Sequence[str] = ()
    # what a look at the output wants to know of the reading, where nothing is kept
    told: Mapping[bytes, bytes] = msgspec.field(default_factory=dict)


class Output(msgspec.Struct, frozen=True):
    """What is to be written of a file. `renamed`: CUDA's names that its edits replace, full name ->
    the target's full name.
    """

    edits: tuple[Edit, ...]
    renamed: Mapping[str, str]


class Broken(msgspec.Struct, frozen=True, order=True):
    """A place that a compiler takes as it is and not as it is to be written. `marks`: what the
    compiler points at, (path, bytes of the file as it is); the first is the place itself.

    `words`: the compiler's; "" where `name`, which is to be written, is the project's own there;
    `instead`: what would mean the target's name there, as far as is known.
    """

    marks: tuple[tuple[str, Span], ...]
    words: str
    name: str = ""
    instead: str = ""


class Look(msgspec.Struct, frozen=True):
    """What came of a look at outputs. `units`: those that were read; `read`: files with edits that
    were; `failed`: files with edits of units that could not be.
    """

    broken: tuple[Broken, ...] = ()
    units: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """What is to be looked at. `few`: of each file that many units share, one unit alone; `seen`:
    units that were read, and are again only where one of the `changed` files is in them.
    """

    few: bool = False
    seen: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


class Looker(Protocol):
    """Looks at the outputs of a language's files, for as long as their project is open."""

    def look(self, outputs: Mapping[str, Output], asked: Asked) -> Look:
        """Return what a compiler holds against outputs, by file, and not against the files as they
        are: each place once, sorted.
        """


class Language(Protocol):
    """One language of a tree. Implementations hold no state and load what they need when asked."""

    NAME: ClassVar[str]  # FileScan.language, JSON `language`, keys of the cache

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is of this language, by its name (POSIX path) or its first bytes."""

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a file of this language is worth reading, when it was not named."""

    def read(self, files: Sequence[FileRef], project: Project) -> Outcome:
        """Read files of this language; never raises on their content."""

    def looker(self, files: Sequence[FileRef], project: Project) -> Looker | None:
        """Return what reads outputs of files as a compiler does; None where nothing can."""

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return CUDA's names in a file, in order: what an output is verified by."""

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return what other files a file names: what must follow when those move."""

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a file, in order: no part of what a finding is known again by."""

    def comment(self, text: str) -> str:
        """Return a text as a comment to the end of its line."""

    def spell(self, reference: Reference, replacement: str) -> bytes:
        """Return what is written in a reference's place for a target's name."""


class Parsed(msgspec.Struct, frozen=True):
    """What one file says by itself. `comments`: None where they were not met on the way."""

    parse: Parse
    references: Sequence[Reference] = ()
    facts: FileFacts = _NO_FACTS
    issues: Sequence[Issue] = ()
    comments: Sequence[Span] | None = None


class OneFile:
    """The base of languages whose files are read each by itself. Scans are kept by content.

    A subclass has NAME, `parse` and `comments`, of which it makes the marks. PARTS: the modules
    that its results come from, so that a change of them leaves the results of other languages
    alone; DATA: tables below mappings/cuda.
    """

    NAME: ClassVar[str]
    PARTS: ClassVar[tuple[str, ...]]
    DATA: ClassVar[tuple[str, ...]] = ()

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return what the bytes of a file say. Never raises on content."""
        raise NotImplementedError

    def read(self, files: Sequence[FileRef], project: Project) -> Outcome:
        """Read each file, or take what is known of its bytes."""
        if not files:
            return Outcome(())
        stamp = self._stamp(project.vocabulary) if project.store.keeps else b""
        keys = {f.rel: content_key(stamp, f.rel, f.sha256, f.encoding, f.path_bytes) for f in files}
        known, fresh = project.store.get(list(keys.values())), dict[bytes, FileScan]()
        scans = []
        for file in files:
            scan = _recalled(known.get(keys[file.rel]), file)
            if scan is None:
                read = self._parsed(file, project)
                scan = file.scan(
                    read.parse, read.references, read.facts, read.issues, language=self.NAME
                )
                fresh[keys[file.rel]] = scan
            scans.append(scan)
        if project.store.keeps:
            project.store.put({key: encode(scan) for key, scan in fresh.items()})
        return Outcome(scans, keys, len(scans) - len(fresh))

    def _stamp(self, vocabulary: Vocabulary) -> bytes:
        """Return the part of all keys that stands for what reads the files."""
        beside = tuple(mappings_folder() / "cuda" / name for name in self.DATA)
        code = code_digest(*self.PARTS, __name__, beside=beside)
        # Python's own parser has a say in some of them
        return content_key(code, vocabulary.digest, sys.version_info[:2])

    def _parsed(self, file: FileRef, project: Project) -> Parsed:
        """Return what a file says. What is larger than any that people write is not read here,
        beside no limit of memory: it is said.
        """
        if file.size > MOST_BYTES:
            reason = f"larger than {shown_size(MOST_BYTES)}"
            return Parsed(Parse.LIMIT, issues=[Issue("PK900", Span(0, 0), {"reason": reason})])
        data = project.read(file)
        read = self.parse(data, file.encoding, project.vocabulary)
        if not read.issues and not read.references and not any(mark in data for mark in _MARKS):
            return read
        comments = tuple(
            self.comments(data, file.encoding) if read.comments is None else read.comments
        )
        marks = tuple(_marks(data, comments, file.encoding))
        return msgspec.structs.replace(
            read, facts=msgspec.structs.replace(read.facts, marks=marks, comments=comments)
        )

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a file is worth reading: any, unless a language knows better."""
        return True

    def looker(self, files: Sequence[FileRef], project: Project) -> Looker | None:
        """Return None: no compiler reads this language."""
        return None

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return no names: nothing of a file that is not edited needs to be verified."""
        return ()

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return no links."""
        return ()

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return no comments: then nothing in a file can silence a finding."""
        return ()

    def comment(self, text: str) -> str:
        """Return a text as a comment, as most languages beside C have it."""
        return f"# {text}"

    def spell(self, reference: Reference, replacement: str) -> bytes:
        """Return a name as it is."""
        return replacement.encode()


def _marks(data: bytes, comments: Iterable[Span], encoding: str) -> Iterator[tuple[str, Span]]:
    """Yield the comments that switch portkit off, with their bytes."""
    for span in comments:
        comment = data[span.start : span.end]
        if any(mark in comment for mark in _MARKS):
            yield comment.decode(encoding, "replace"), span


_scans = msgspec.msgpack.Decoder(FileScan)


def _recalled(entry: bytes | None, file: FileRef) -> FileScan | None:
    try:
        scan = _scans.decode(entry) if entry is not None else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return scan if scan is not None and scan.path == file.rel else None

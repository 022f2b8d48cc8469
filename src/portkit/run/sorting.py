# SPDX-License-Identifier: Apache-2.0
"""The files of a tree by their language, and those that nobody reads, each with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from portkit.files.discovery import Discovery, FoundFile
from portkit.files.regular import TooLargeError
from portkit.files.text import detect_encoding, looks_binary
from portkit.languages.file_ref import FileRef
from portkit.languages.registry import Reads
from portkit.model.reading import FileScan, Issue, Skipped
from portkit.model.spans import Span
from portkit.model.words import Parse
from portkit.printable import printable_name
from portkit.run.contents import Contents

_HEAD_BYTES = 4096  # of a file, from which its language may be told


class Sorted(msgspec.Struct):
    """`files`: those to read, by NAME of their language. `unread`: scans of those that are not."""

    files: dict[str, list[FileRef]] = msgspec.field(default_factory=dict)
    unread: list[FileScan] = msgspec.field(default_factory=list)
    skipped: list[Skipped] = msgspec.field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for files in self.files.values() for f in files) + sum(
            f.size for f in self.unread
        )

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield each file with the SHA-256 of its bytes."""
        yield from ((f.rel, f.sha256) for files in self.files.values() for f in files)
        yield from ((f.path, f.sha256) for f in self.unread)


def sort_files(found: Discovery, contents: Contents, reads: Reads) -> Sorted:
    """Read the files that were found, and tell their languages."""
    given = Sorted()
    for source in found.files:
        by_name = reads.of_included() if source.included else reads.language_of(source.rel)
        named = by_name.NAME if by_name is not None else ""
        try:
            content = contents.raw(source.rel)
        except TooLargeError as error:
            contents.hold({source.rel: b""})  # no report quotes it
            given.unread.append(
                _unread(source, b"", error.size, "PK900", error.strerror or "", language=named)
            )
            continue
        except OSError:
            given.skipped.append(Skipped(source.rel, "unreadable"))
            continue
        encoding = detect_encoding(content)
        if encoding == "utf-16" or looks_binary(content):
            reason = "UTF-16 text" if encoding == "utf-16" else "binary content"
            given.unread.append(
                _unread(source, content, len(content), "PK900", reason, encoding, named)
            )
            continue
        language = by_name or reads.language_of(source.rel, content[:_HEAD_BYTES])
        if language is None:
            scan = _unread(source, content, len(content), "PK914", encoding=encoding)
            given.unread.append(scan)
        else:
            files = given.files.setdefault(language.NAME, [])
            files.append(_file(source, content, encoding))
    return given


def _file(source: FoundFile, content: bytes, encoding: str) -> FileRef:
    ends = content.count(b"\n")
    if b"\r" in content:
        ends += content.count(b"\r") - content.count(b"\r\n")
    lines = ends + (1 if content and not content.endswith((b"\n", b"\r")) else 0)
    digest = hashlib.sha256(content).hexdigest()
    return FileRef(
        source.rel,
        printable_name(source.path),
        digest,
        encoding,
        len(content),
        lines,
        source.rel_bytes or "",
    )


def _unread(
    source: FoundFile,
    content: bytes,
    size: int,
    rule: str,
    reason: str = "",
    encoding: str = "utf-8",
    language: str = "",
) -> FileScan:
    """Return the scan of a file of which nothing is known but its bytes, if they were read."""
    args = {"reason": reason} if reason else {}
    return FileScan(
        source.rel,
        hashlib.sha256(content).hexdigest(),
        size,
        0,
        encoding,
        Parse.FAILED,
        issues=(Issue(rule, Span(0, 0), args),),
        path_bytes=source.rel_bytes,
        language=language,
    )

# SPDX-License-Identifier: Apache-2.0
"""The scan document `portkit/scan/1`: what a tree uses of CUDA, with the hash of each file; written
and read back.

The root's absolute path is not written: who reads a scan says which folder it belongs to.
"""

from __future__ import annotations

from typing import Any, Literal, TextIO

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.reading import FileFacts, FileScan, Issue, Reference, Scan, Skipped, Unread
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Parse, Proof, Rung
from portkit.printable import printable_json
from portkit.report.documents import SCAN, PathBase, ProofWord
from portkit.report.model import ToolInfo
from portkit.report.scan_faults import document_faults


class ScanReference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reference; `span` is [start, end) in bytes. `proof` is null for the project's own names
    (`user`).
    """

    span: Span
    name: str
    kind: Kind
    context: Context
    rung: Rung
    proof: ProofWord | None
    library: str = ""
    qualifier: str = ""
    user: bool = False
    project: bool = False
    guard: str = ""


class ScanFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file; `sha256` is of its bytes as read. `language`: the one that read it, "" for none;
    left out for C, C++ and CUDA.
    """

    path: str
    sha256: str
    size: int
    lines: int
    encoding: str
    parse: Parse
    references: list[ScanReference]
    facts: FileFacts
    issues: list[Issue]
    path_bytes: str = ""
    language: str = "cxx"


class ScanDocument(msgspec.Struct, frozen=True):
    """`portkit scan -o scan.json`.

    `paths` are those that were scanned, relative to the root; `include` and `exclude` the patterns
    given.
    """

    schema: Literal["portkit/scan/1"]
    tool: ToolInfo
    path_base: PathBase
    skipped: list[Skipped]
    files: list[ScanFile]
    paths: list[str] = []
    include: list[str] = []
    exclude: list[str] = []
    unread: list[Unread] = []


class Extent(msgspec.Struct, frozen=True):
    """What was asked to be scanned: paths relative to the root, and patterns."""

    paths: tuple[str, ...] = (".",)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


_HINT = "make it with `portkit scan -o FILE`"
_encoder = msgspec.json.Encoder()


def write_scan(scan: Scan, tool: ToolInfo, out: TextIO, extent: Extent | None = None) -> None:
    """Write a scan, one line a file, files sorted by path. `extent`: what was asked for (default:
    all of the root).
    """
    asked = msgspec.structs.asdict(extent or Extent())
    head = {
        "schema": SCAN,
        "tool": tool,
        "path_base": scan.path_base,
        **asked,
        "skipped": scan.skipped,
        "unread": scan.unread,
    }
    out.write(printable_json(_encoder.encode(head))[:-1] + ',\n"files":[')
    for index, file in enumerate(sorted(scan.files, key=lambda f: f.path)):
        out.write(",\n" if index else "\n")
        out.write(printable_json(_encoder.encode(_file(file))))
    out.write("]}\n")


def decode_scan(data: bytes, path: str = "") -> ScanDocument:
    """Return the document that `data` holds. `path` names it in messages.

    Raises PortkitError when it is not a `portkit/scan/1` document.
    """
    try:
        document = msgspec.json.decode(data, type=ScanDocument)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PortkitError(f"not a {SCAN} document: {error}", path, _HINT) from error
    except RecursionError as error:
        raise PortkitError(f"not a {SCAN} document: nested too deeply", path, _HINT) from error
    patterns = (("include", document.include), ("exclude", document.exclude))
    for fault in document_faults(document.files, document.skipped, document.paths, patterns):
        raise PortkitError(f"not a {SCAN} document: {fault}", path, _HINT)
    return document


def scan_of(document: ScanDocument, root: str) -> Scan:
    """Return the scan of a document, for the tree at `root` (an absolute path)."""
    files, tool = tuple(_back(f) for f in document.files), document.tool
    skipped, unread = tuple(document.skipped), tuple(document.unread)
    return Scan(root, document.path_base, files, skipped, tool.clang, tool.vocabulary, unread)


def _file(file: FileScan) -> ScanFile:
    references = [
        ScanReference(
            r.span, r.name, r.kind, r.context, r.rung, None if r.proof is None else r.proof.name.lower(),  # type: ignore[arg-type]
            r.library, r.qualifier, r.user, r.project, r.guard,
        )
        for r in file.references
    ]  # fmt: skip
    return ScanFile(
        file.path, file.sha256, file.size, file.lines, file.encoding, file.parse, references, file.facts,
        list(file.issues), file.path_bytes, file.language,
    )  # fmt: skip


def _back(file: ScanFile) -> FileScan:
    references = tuple(
        Reference(
            r.span, r.name, r.kind, r.context, r.rung, None if r.proof is None else Proof[r.proof.upper()],
            r.library, r.qualifier, r.user, r.project, r.guard,
        )
        for r in file.references
    )  # fmt: skip
    fields: dict[str, Any] = {name: getattr(file, name) for name in ScanFile.__struct_fields__}
    return FileScan(**(fields | {"references": references, "issues": tuple(file.issues)}))

# SPDX-License-Identifier: Apache-2.0
"""What a vendor's SDK on this machine proves: names of a target's tables that its headers declare
or its libraries export.

The result is an overlay in the user's data folder, one a target and profile. It raises `exists` to
header for its names and says nothing of pairing, but for how many arguments a function takes. It
holds names that the tables have, counts and the folder's name: nothing of the vendor's text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from portkit.files.atomic import reason, replacing
from portkit.files.folders import user_folder
from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Status
from portkit.targets.arity import Arity
from portkit.targets.proved import is_open, spelling_there
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity, Vocabulary

SCHEMA = "portkit/sdk/1"
UNKNOWN = "unknown"  # the grade of names that nothing was known of
_UNSEEN = frozenset({Kind.LINK_LIBRARY, Kind.ENVIRONMENT, Kind.NAMESPACE, Kind.BUILTIN})
_THERE = frozenset({Status.MAPPED, Status.MANUAL, Status.SAME})


class Overlay(msgspec.Struct, frozen=True):
    """The names of one SDK that a target's tables speak of."""

    schema: str
    target: str  # id@profile
    sdk: str  # the folder's name
    headers: int
    libraries: int
    names: tuple[str, ...]
    arities: dict[str, Arity] = {}  # of the functions among the names

    @property
    def digest(self) -> str:
        """What identifies it in reports."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    @property
    def label(self) -> str:
        """How reports name it."""
        return f"{self.sdk} ({len(self.names)} names, {self.digest})"


class SdkComparison(msgspec.Struct, frozen=True):
    """An SDK beside the tables: the overlay, what it raises from which grade, and table names that
    it lacks, by library.
    """

    overlay: Overlay
    raised: dict[str, int]
    found: dict[str, int]
    missing: dict[str, tuple[str, ...]]


def read_sdk(folder: Path, target: Target, vocabulary: Vocabulary) -> SdkComparison:
    """Read headers and shared objects below `folder` and hold them against the tables of a target.

    Raises PortkitError when the folder holds neither, or libclang is missing.
    """
    from portkit.languages.cxx.clang.libclang import load_clang
    from portkit.targets.sdk_headers import declared_names, headers_of
    from portkit.targets.sdk_symbols import exported_symbols, libraries_of

    if not folder.is_dir():
        raise PortkitError(
            "no such folder", str(folder), "give the folder that the SDK is installed in"
        )
    headers, libraries = headers_of(folder), libraries_of(folder)
    if not headers and not libraries:
        raise PortkitError(
            "no headers and no shared objects in this folder",
            str(folder),
            "give the folder that the SDK is installed in",
        )
    clang = load_clang()
    if clang is None and headers:
        raise PortkitError(
            "libclang is missing, and headers are read with it", hint="pip install libclang-ng"
        )
    present, arities = set[str](), dict[str, Arity]()
    if clang is not None and headers:
        present, arities = declared_names(clang, folder, headers)
    present |= exported_symbols(libraries) if libraries else set()
    spelled = {p.relative_to(folder).as_posix() for p in headers}
    name = folder.resolve().name
    found = _compare(target, vocabulary, present, spelled, name, len(headers), len(libraries))
    named = {n: arities[n] for n in found.overlay.names if n in arities}
    return msgspec.structs.replace(
        found, overlay=msgspec.structs.replace(found.overlay, arities=named)
    )


def _compare(
    target: Target,
    vocabulary: Vocabulary,
    present: set[str],
    spelled_headers: set[str],
    name: str,
    headers: int,
    libraries: int,
) -> SdkComparison:
    names: set[str] = set()
    raised: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    missing: dict[str, set[str]] = {}
    for entity, row in _rows(target, vocabulary):
        spelled = f"{entity.qualifier}::{entity.name}" if entity.qualifier else entity.name
        wanted = spelling_there(row, spelled, target.as_is)
        there = (
            any(f"/{s}".endswith(f"/{wanted}") for s in spelled_headers)
            if entity.kind is Kind.HEADER
            else wanted in present
        )
        library = entity.library if row is None else row.library or "unknown"
        if there:
            names.add(wanted)
            found.setdefault(library, set()).add(wanted)
            if row is None or is_open(row, target.as_is):
                raised.setdefault(UNKNOWN, set()).add(wanted)
            elif target.can_be_proved(row):
                raised.setdefault(row.exists.name.lower(), set()).add(wanted)
        elif row is not None and row.status is not Status.SAME and not row.derived:
            missing.setdefault(library, set()).add(wanted)
    overlay = Overlay(SCHEMA, target.spec, name, headers, libraries, tuple(sorted(names)))
    return SdkComparison(
        overlay,
        {
            word: len(raised[word])
            for word in (*(e.name.lower() for e in reversed(Exists)), UNKNOWN)
            if word in raised
        },
        {k: len(found[k]) for k in sorted(found)},
        {k: tuple(sorted(missing[k])) for k in sorted(missing)},
    )


def is_seen(kind: Kind, wanted: str) -> bool:
    """Return whether headers and libraries can show a name of a kind. A field is known under its
    struct only.
    """
    return kind not in _UNSEEN and (kind is not Kind.FIELD or "::" in wanted)


def _rows(target: Target, vocabulary: Vocabulary) -> Iterator[tuple[Entity, Row | None]]:
    """Yield every CUDA name that headers can show with the target's row: a name there, CUDA's own,
    or None where nothing is known.
    """
    for name in sorted(vocabulary.names):
        for entity in vocabulary.get(name):
            row = target.row(entity.name, entity.kind, entity.library, entity.qualifier)
            known = row is not None and not is_open(row, target.as_is)
            if row is not None and known and not (row.target and row.status in _THERE):
                continue
            spelled = f"{entity.qualifier}::{entity.name}" if entity.qualifier else entity.name
            if is_seen(entity.kind, spelling_there(row, spelled, target.as_is)):
                yield entity, row


def data_folder() -> Path:
    """Return portkit's data folder: $PORTKIT_DATA_DIR, else $XDG_DATA_HOME/portkit, else
    ~/.local/share/portkit.
    """
    return user_folder("PORTKIT_DATA_DIR", "XDG_DATA_HOME", ".local/share", "what an SDK proves")


def overlay_path(spec: str) -> Path:
    """Return the file of a target's overlay (`id@profile`)."""
    return data_folder() / "sdk" / f"{spec}.json"


def save_overlay(overlay: Overlay) -> Path:
    """Write an overlay to its place; returns the file. Raises PortkitError when it cannot be
    written.
    """
    path = overlay_path(overlay.target)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(overlay), indent=1) + b"\n")
    except OSError as error:
        raise PortkitError(
            f"cannot write what the SDK proves: {reason(error)}", str(path), "set PORTKIT_DATA_DIR"
        ) from error
    return path


def load_overlay(spec: str) -> Overlay | None:
    """Return the overlay of a target, if there is one. Raises PortkitError for a broken file."""
    path = overlay_path(spec)
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PortkitError(f"cannot be read: {error.strerror}", str(path)) from error
    try:
        found = msgspec.json.decode(data, type=Overlay)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PortkitError(
            f"not what portkit wrote: {error}",
            str(path),
            "make it anew with `portkit targets --sdk`",
        ) from error
    return found if found.schema == SCHEMA and found.target == spec else None

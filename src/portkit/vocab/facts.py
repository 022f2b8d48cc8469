# SPDX-License-Identifier: Apache-2.0
"""The hand-kept part of a vocabulary: vocabulary.toml, decoded and validated in one step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from portkit.model.errors import PortkitError


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern (the whole word, ASCII) and the library that it suggests."""

    library: str
    pattern: str


class Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A library as people know it: its display name and the headers that programs include first."""

    title: str
    headers: tuple[str, ...] = ()


class Bundled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A header library that projects bundle. `name`: of the whole; `top`: what its headers' names
    begin with; `marks`: headers that tell it; `parts`: folders that the whole is made of.
    """

    name: str
    top: str
    marks: tuple[str, ...]
    parts: tuple[str, ...]


class UnreadKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of file that no language reads. `suffixes`: of its names, in small letters, "*" for
    all that no other kind has, save `but`: suffixes and whole names of documents and data; `tells`:
    what says that CUDA is in it: a word, the bytes of one of `marks`, or the name alone.
    """

    kind: str
    suffixes: tuple[str, ...]
    tells: Literal["words", "marks", "name"] = "words"
    marks: tuple[str, ...] = ()
    but: frozenset[str] = frozenset()


class Speaks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What says that a file uses a library, and plain words that count there.

    `pattern`: in the text of such a file; `words`: of the library's table; `arguments`: the scope
    in which a macro reads its argument of number `argument`; `key`: how such an argument is spelt.
    """

    pattern: str
    words: tuple[str, ...]
    argument: int = 0
    arguments: dict[str, str] = {}
    key: str = r"(?!)"

    @property
    def told(self) -> frozenset[str]:
        return frozenset(self.words)


class VocabularyFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of vocabulary.toml; the file says what each is for."""

    version: str
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    namespaces: tuple[str, ...]
    arch_macros: tuple[str, ...]
    version_macros: tuple[str, ...]
    compiler_macros: tuple[str, ...]
    feature_macros: tuple[str, ...]
    symbol_loaders: tuple[str, ...]
    source_loaders: tuple[str, ...]
    stems: tuple[str, ...]
    library_file: str
    library_ids: dict[str, str]
    execution_space: dict[str, str]
    shapes: tuple[Shape, ...]
    headers: tuple[Shape, ...]
    libraries: dict[str, Library]
    base_libraries: tuple[str, ...] = ()
    language_libraries: tuple[str, ...] = ()
    implied_header: str = ""
    without_implied: tuple[str, ...] = ()
    foreign_headers: tuple[str, ...] = ()
    shows: dict[str, str] = {}
    bundles: tuple[Bundled, ...] = ()
    vendor_shapes: str = ""  # not of the file: see vendor_words
    library_spaces: dict[str, str] = {}
    environment_functions: tuple[str, ...] = ()
    environment_shape: str = r"(?!)"
    command_functions: tuple[str, ...] = ()
    tools: str = r"(?!)"
    host_maths: tuple[str, ...] = ()
    telling_word: str = r"(?!)"
    unread: tuple[UnreadKind, ...] = ()
    speaks: dict[str, Speaks] = {}
    wraps: dict[str, tuple[str, ...]] = {}


def read_facts(path: Path, digest: Any) -> VocabularyFacts:
    """Read vocabulary.toml and add its bytes to `digest`. Raises PortkitError for a key or pattern
    that is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PortkitError(f"cannot be read: {error.strerror}", str(path)) from error
    digest.update(path.name.encode() + b"\0" + data)
    try:
        facts = msgspec.toml.decode(data, type=VocabularyFacts)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise PortkitError(str(error), _place(path, data, str(error))) from error
    patterns = [
        facts.library_file,
        facts.telling_word,
        facts.tools,
        facts.environment_shape,
        *facts.foreign_headers,
        *(text for s in facts.speaks.values() for text in (s.pattern, s.key)),
        *(s.pattern for s in (*facts.shapes, *facts.headers)),
    ]
    for pattern in patterns:
        try:
            re.compile(pattern, re.A)
        except re.error as error:
            raise PortkitError(
                f"bad pattern {pattern!r}: {error}", _line_of(path, data, pattern)
            ) from error
    for shape in (*facts.shapes, *facts.headers):
        if shape.library not in facts.libraries:
            raise PortkitError(
                f"unknown library {shape.library!r}", _line_of(path, data, shape.pattern)
            )
    return facts


def _place(path: Path, data: bytes, reason: str) -> str:
    """Name the line: the parser's own, or that of the key which the reason mentions."""
    at = re.search(r"at line (\d+)", reason)
    if at is not None:
        return f"{path}:{at.group(1)}"
    key = re.search(r"`\$\.(\w+)|field `(\w+)`", reason)
    return _line_of(path, data, (key.group(1) or key.group(2)) if key is not None else "")


def _line_of(path: Path, data: bytes, text: str) -> str:
    """Return path:line of the first place where `text` stands (line 1 when nowhere)."""
    offset = data.find(text.encode())
    return f"{path}:{data.count(10, 0, max(offset, 0)) + 1}"

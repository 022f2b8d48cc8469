# SPDX-License-Identifier: Apache-2.0
"""Look names up in the file of ready answers that `answers` makes. Only built-in modules are
imported here.

The file speaks for the tables and the code that it was made from: when these are others, or
anything else could change an answer, there is none, and the full program looks into the tables.
Layout:

    portkit answers 1 SIGNATURE TARGETS TEXTS DIRECTORY   lengths in bytes of the four parts that
    follow the signature (see `signature`), compressed the targets: all as `id@profile`, then what
    each spelling means, a line each (an empty spelling: where none is named) the lengths of the
    groups of texts, each of which is compressed: entities, rows with a hole for the name, sets of
    rows the directory: a line a block, with its length and its first name the groups, then the
    blocks, compressed: a line a name, sorted by its bytes
"""

from __future__ import annotations

import os
import zlib

TYPE_CHECKING = False  # typing and collections take longer than all of this
if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = b"portkit answers 1\n"
PACKAGE = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
FILE = os.path.join(PACKAGE, "_data", "answers.bin")  # noqa: PTH118
TABLES = (".csv", ".names", ".toml")
HOLE, END = "\x01", "\x00"  # where a target's name stands in a text; between texts
GROUP = 64  # texts of a group


def lookup(
    names: list[str], targets: list[str], environ: Mapping[str, str], file: str = FILE
) -> str | None:
    """Return the text of the answers, or None when the full program must give them."""
    if (
        "PORTKIT_MAPPINGS" in environ
        or not names
        or any("\t" in name or "\n" in name for name in names)
    ):
        return None
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            data = opened.read()
        made_from, named, directory, texts, start = _parts(data)
        if not fresh(file, made_from):
            return None
        order, *aliases = named.split("\n")
        known = dict([line.split("=", 1) for line in aliases])
        specs = [known[word] for word in targets] if targets else known[""].split()
        if any(_proved(spec, environ) for spec in specs):
            return None
        found = []
        for name in names:
            entry = _entry(name.encode(), directory, data, start)
            if entry is None:
                return None
            found.append(_text(name, entry, order.split(), specs, texts))
    except (
        OSError,
        ValueError,
        IndexError,
        KeyError,
        zlib.error,
    ):  # not there, not what was written, an unknown target
        return None
    return "".join(found)


class Texts:
    """The texts that answers are made of, each once, by their numbers. Groups are unpacked when
    they are asked for.
    """

    def __init__(self, data: bytes, start: int, sizes: list[int]) -> None:
        """Take the groups of `sizes` that begin at `start`."""
        self._groups: dict[int, list[str]] = {}
        self._data, self._start, self._sizes = data, start, sizes

    def __getitem__(self, number: int) -> str:
        index = number // GROUP
        if index not in self._groups:
            start = self._start + sum(self._sizes[:index])
            self._groups[index] = (
                zlib.decompress(self._data[start : start + self._sizes[index]]).decode().split(END)
            )
        return self._groups[index][number % GROUP]


def _parts(data: bytes) -> tuple[str, str, bytes, Texts, int]:
    """Return the signature, the targets, the directory, the texts, and where the blocks begin."""
    if not data.startswith(MAGIC):
        raise ValueError
    at = data.index(b"\n", len(MAGIC)) + 1
    parts = []
    for word in data[len(MAGIC) : at].split():
        parts.append(data[at : at + int(word)])
        at += int(word)
    sizes = [int(word) for word in parts[2].split()]
    return (
        zlib.decompress(parts[0]).decode(),
        parts[1].decode(),
        parts[3],
        Texts(data, at, sizes),
        at + sum(sizes),
    )


def _text(name: str, entry: str, order: list[str], specs: list[str], texts: Texts) -> str:
    """Return the lines of an answer."""
    entities, numbers, targets = entry.split("\t")
    rows = dict(
        zip(order, zip(texts[int(numbers)].split(), targets.split(" "), strict=True), strict=True)
    )
    lines = [name, *[texts[int(number)] for number in entities.split()]]
    for spec in specs:
        number, target = rows[spec]
        lines.append(texts[int(number)].replace(HOLE, target, 1))
    return "\n".join(lines) + "\n"


def _entry(key: bytes, directory: bytes, data: bytes, start: int) -> str | None:
    """Return what the line of a name holds after it."""
    size = 0
    for line in directory.splitlines():
        length, _, first = line.partition(b" ")
        if first > key:
            break
        start += size
        size = int(length)
    block = b"\n" + zlib.decompress(data[start : start + size])
    _, found, rest = block.partition(b"\n" + key + b"\t")
    return rest.partition(b"\n")[0].decode() if found else None


def _proved(spec: str, environ: Mapping[str, str]) -> bool:
    """Return whether an SDK on this machine may prove names of a target (see `target.sdk`)."""
    folder = environ.get("PORTKIT_DATA_DIR", "")
    if not folder:
        xdg, home = environ.get("XDG_DATA_HOME", ""), environ.get("HOME", "")
        if not home.startswith("/"):
            return True  # the full program knows where else to look
        folder = f"{xdg if xdg.startswith('/') else f'{home}/.local/share'}/portkit"
    try:
        os.stat(f"{folder}/sdk/{spec}.json")  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def tables() -> str:
    """Return the folder of the tables, as `vocab.data` finds it."""
    own = os.path.join(PACKAGE, "_data", "mappings")  # noqa: PTH118
    if os.path.isdir(own):  # noqa: PTH112
        return own
    source = os.path.dirname(os.path.dirname(PACKAGE))  # noqa: PTH120
    return os.path.join(source, "mappings")  # noqa: PTH118


def sources(code: list[str]) -> list[tuple[str, int, int]]:
    """Return the files that answers come from: name, size, and time of change in nanoseconds.

    `code`: portkit's modules behind them, as paths within the package. Tables are looked for.
    """
    folder, found = tables(), []
    for target in [*sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()), ""]:
        tables_of = os.path.join(folder, target)  # noqa: PTH118
        found += [(f"{target}/{name}", size, at) for name, size, at in _files(tables_of, TABLES)]
    for name in code:
        known = os.stat(os.path.join(PACKAGE, name))  # noqa: PTH116, PTH118
        found.append((name, known.st_size, known.st_mtime_ns))
    return found


def _files(folder: str, endings: tuple[str, ...]) -> list[tuple[str, int, int]]:
    found = []
    for entry in os.scandir(folder):
        if entry.name.endswith(endings):
            known = entry.stat()
            found.append((entry.name, known.st_size, known.st_mtime_ns))
    return sorted(found)


def signature(files: list[tuple[str, int, int]]) -> str:
    """Return what tells one state of the sources from another: names and sizes."""
    return "".join([f"{name} {size}\n" for name, size, _ in files])


def fresh(file: str, made_from: str) -> bool:
    """Return whether a file of answers is of the sources as they are.

    Beside names and sizes, no source of a checkout may have changed after the file was written. An
    installed package comes as a whole, and its files bear the time of the installation in no order:
    there the sizes must do.
    """
    names = [line.rpartition(" ")[0] for line in made_from.splitlines()]
    files = sources([name for name in names if name.endswith(".py")])
    if signature(files) != made_from:
        return False
    installed = tables().startswith(PACKAGE + os.sep)
    return installed or max([at for _, _, at in files]) <= os.stat(file).st_mtime_ns  # noqa: PTH116

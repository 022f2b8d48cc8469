# SPDX-License-Identifier: Apache-2.0
"""Make the file of ready answers that `lookup` reads: `python -m portkit.quick.build [FILE]`.

It is made where the package is built or installed from a checkout (`hatch_build.py`), never
committed, and lies beside the code. Each text stands once in it, with a hole where the target's
name goes. A file that is fresh is left as it is.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from portkit.files.code import code_behind
from portkit.model.errors import PortkitError
from portkit.quick import lookup
from portkit.quick.known import answer_of, entity_line, target_lines
from portkit.targets.target import Target, available_targets, default_specs, load_file, load_target
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary

BLOCK = 256  # names of a block
_LEVEL = 9


class _Numbers:
    """Gives equal texts one number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        return str(self._numbers.setdefault(text, len(self._numbers)))

    def groups(self) -> list[bytes]:
        texts = list(self._numbers)
        return [
            _packed(lookup.END.join(texts[i : i + lookup.GROUP]))
            for i in range(0, len(texts), lookup.GROUP)
        ]


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), _LEVEL)


def spelled_names(vocabulary: Vocabulary) -> Iterator[str]:
    """Yield every name that a question may spell: each as it is, and with each of its namespaces or
    structs.
    """
    for name in vocabulary.names:
        yield name
        yield from {f"{e.qualifier}::{name}" for e in vocabulary.get(name) if e.qualifier}


def make_answers(names: Iterable[str] | None = None) -> bytes:
    """Return the file's content, of all names or of some. Raises PortkitError for broken tables."""
    vocabulary = load_vocabulary()
    targets = [
        load_target(f"{name}@{profile}")
        for name in available_targets()
        for profile in load_file(name).profiles
    ]
    number = _Numbers()
    lines = []
    for name in sorted(
        {name.encode() for name in (spelled_names(vocabulary) if names is None else names)}
    ):
        answer = answer_of(name.decode(), vocabulary, targets)
        entities = " ".join(number(entity_line(e)) for e in answer["entities"])
        rows, spelled = [], []
        for row in answer["targets"]:
            spelled.append(row.get("name") or "-")
            hole = row if row["status"] == "unknown" else {**row, "name": lookup.HOLE}
            rows.append(number("\n".join(target_lines(hole))))
        lines.append(
            b"%b\t%b\n"
            % (name, f"{entities}\t{number(' '.join(rows))}\t{' '.join(spelled)}".encode())
        )
    blocks, directory = [], []
    for start in range(0, len(lines), BLOCK):
        blocks.append(zlib.compress(b"".join(lines[start : start + BLOCK]), _LEVEL))
        directory.append(b"%d %b\n" % (len(blocks[-1]), lines[start].partition(b"\t")[0]))
    groups = number.groups()
    sizes = " ".join(str(len(group)) for group in groups)
    parts = [
        _packed(lookup.signature(lookup.sources(_code()))),
        _targets(targets).encode(),
        sizes.encode(),
        b"".join(directory),
    ]
    head = " ".join(str(len(part)) for part in parts)
    return b"".join([lookup.MAGIC, f"{head}\n".encode(), *parts, *groups, *blocks])


def _code() -> list[str]:
    """Return the modules that answers come from, as paths within the package."""
    behind = code_behind("portkit.quick.known", "portkit.quick.build")
    return [path.relative_to(lookup.PACKAGE).as_posix() for path in behind]


def _targets(targets: Sequence[Target]) -> str:
    specs = [target.spec for target in targets]
    named = {spec: spec for spec in specs}
    everything = list[str]()
    for name in available_targets():
        defaults = default_specs(name)
        everything += defaults
        if default := load_file(name).default_profile:
            named[name] = f"{name}@{default}"
    named[""] = " ".join(everything)
    return "\n".join([" ".join(specs), *[f"{word}={spec}" for word, spec in named.items()]])


def is_fresh(file: Path) -> bool:
    """Return whether a file of answers speaks for the tables and the code as they are."""
    try:
        data = file.read_bytes()
        head, _, rest = data.removeprefix(lookup.MAGIC).partition(b"\n")
        return data.startswith(lookup.MAGIC) and lookup.fresh(
            str(file), zlib.decompress(rest[: int(head.split()[0])]).decode()
        )
    except (OSError, ValueError, IndexError, zlib.error):
        return False


def write_answers(file: Path) -> None:
    """Write the file unless it is fresh; it is replaced as a whole."""
    if is_fresh(file):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    begun = time.time_ns()
    handle, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(make_answers())
        Path(name).chmod(0o644)
        os.utime(name, ns=(begun, begun))  # a source that changes meanwhile is younger
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise


if __name__ == "__main__":
    try:
        write_answers(Path(sys.argv[1] if len(sys.argv) > 1 else lookup.FILE))
    except PortkitError as error:
        sys.exit(str(error))

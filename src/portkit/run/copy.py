# SPDX-License-Identifier: Apache-2.0
"""`--out-dir`: a full copy of the tree with the changes applied.

The copy holds what git would: every file of the root that is tracked, or untracked and not
ignored, folders that begin with a dot and vendored ones too, links that stay inside. It does not
hold `.git`, ignored files and submodules, nor what a killed run left of a file that it was writing.
What is no regular file (a pipe, a socket, a device) or larger than a limit is left out and told.
Holes of a file stay holes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from portkit.files.atomic import replacing
from portkit.files.discovery import Discovery
from portkit.files.links import stays
from portkit.files.listing import Trees
from portkit.files.regular import NotRegularError, TooLargeError, open_regular, read_open
from portkit.files.roots import real_path
from portkit.model.errors import PortkitError
from portkit.rewrite.change import Change
from portkit.rewrite.place import output_place
from portkit.rewrite.writer import locate, replace_file, shown

_AT_ONCE = 64 << 20  # bytes of a file that is copied in one piece
_PIECE = 1 << 20
LARGEST = 1 << 30  # bytes of a file that is copied: a tree can name any size without having it
_LEFTOVER = re.compile(r"(?:.*/)?\.portkit-[0-9a-f]{16}\.tmp", re.DOTALL)  # see files.atomic


def check_out_dir(out: Path, root: Path, paths: Iterable[Path], force: bool) -> None:
    """Raise PortkitError unless `out` is an empty or absent folder outside of the tree, or `force`
    is given.

    Whatever is forced, a file is no folder, and the tree itself is never the output.
    """
    real = output_place(out, root)
    if real == root or any(real == real_path(p) for p in paths):
        raise PortkitError(
            "the output folder is the tree itself", str(out), "--in-place writes over it"
        )
    above = next((p for p in (real, *real.parents) if p.exists()), real)
    if not above.is_dir():
        raise PortkitError("is not a folder", str(above))
    if not os.access(above, os.W_OK):
        raise PortkitError("no permission to write here", str(above))
    if force:
        return
    if out.exists() and any(out.iterdir()):
        raise PortkitError(
            "the output folder is not empty", str(out), "choose another one, or pass --force"
        )
    if real.is_relative_to(root):
        raise PortkitError(
            "the output folder lies inside the tree",
            str(out),
            "choose one outside, or pass --force",
        )


class Copied(msgspec.Struct, frozen=True):
    """How many files a copy holds, and what was left out (printable names): as no regular file, as
    larger than the limit.
    """

    files: int
    left_out: tuple[str, ...] = ()
    too_large: tuple[str, ...] = ()


def write_out_dir(
    out: Path,
    found: Discovery,
    changes: Sequence[Change],
    created: Sequence[tuple[str, bytes]],
) -> Copied:
    """Copy the tree to `out` with the changes applied; return what was written.

    A copy that fails leaves nothing behind where there was nothing before. Raises PortkitError.
    """
    fresh = not out.exists() or not any(out.iterdir())
    made = _missing(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return _copy(out, found, {c.rel: c for c in changes}, created)
    except BaseException:
        if fresh:
            _clear(out, made)
        raise


def _copy(
    out: Path,
    found: Discovery,
    changes: Mapping[str, Change],
    created: Sequence[tuple[str, bytes]],
) -> Copied:
    names = {f.fs_rel for f in found.files}
    links: set[str] = set()
    if found.tree:
        listing = Trees(found.root, is_project=True).listing(
            found.root, None if found.path_base != "argument" else 20_000
        )
        links = listing.links
        names |= set(listing.names) - links
    inside = real_path(out)
    written, left, large = 0, list[str](), list[str]()
    kept = any(out.iterdir())  # what was there is kept whole; a copy alone can be made again
    for rel in sorted(names, key=os.fsencode):
        source = found.root / rel
        if source.is_relative_to(inside) or _LEFTOVER.fullmatch(rel):
            continue
        change = changes.get(rel)
        to = change.destination if change else rel
        try:
            if change is not None:
                replace_file(out, to, change.after, durable=kept)
            else:
                _copy_file(source, out, to, durable=kept)
        except NotRegularError:
            left.append(shown(rel))
            continue
        except TooLargeError:
            large.append(shown(rel))
            continue
        except OSError as error:
            raise PortkitError(f"cannot be copied: {error.strerror}", shown(rel)) from error
        with contextlib.suppress(OSError):
            shutil.copymode(source, out / to)
        written += 1
    for rel in sorted(links, key=os.fsencode):
        written += _link(out, found.root, rel, changes)
    for rel, data in created:
        replace_file(out, rel, data, durable=kept)
    return Copied(written + len(created), tuple(left), tuple(large))


def _copy_file(source: Path, out: Path, rel: str, *, durable: bool) -> None:
    """Copy one regular file; a large one piece by piece, as long as it was at the start.

    Raises TooLargeError, OSError.
    """
    handle = open_regular(source, follow=False)
    try:
        replace_file(out, rel, read_open(handle, source, _AT_ONCE), durable=durable)
    except TooLargeError as error:
        if error.size > LARGEST:
            raise
        path = locate(out, rel)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            at = _data(handle, 0, error.size)
            while at < error.size and (piece := os.pread(handle, min(error.size - at, _PIECE), at)):
                stream.seek(at)
                stream.write(piece)
                at = _data(handle, at + len(piece), error.size)
            stream.truncate(min(error.size, os.fstat(handle).st_size))
    finally:
        os.close(handle)


def _data(handle: int, at: int, size: int) -> int:
    """Return where the next byte at or behind `at` lies that is in no hole; `size` for none."""
    if not hasattr(os, "SEEK_DATA"):
        return at
    try:
        return os.lseek(handle, at, os.SEEK_DATA)
    except OSError as error:
        return size if error.errno == errno.ENXIO else at  # a file system that knows no holes


def _link(out: Path, root: Path, rel: str, changes: Mapping[str, Change]) -> int:
    """Make a link again that is relative and stays inside of the root; one to a moved file takes
    its new suffix.
    """
    source = root / rel
    try:
        text, real = source.readlink(), source.resolve()
    except (OSError, RuntimeError):
        return 0
    if text.is_absolute() or not stays(source, [root]):
        return 0
    change = changes.get(real.relative_to(root).as_posix())
    moved = change is not None and change.destination != change.rel
    suffix = Path(change.destination).suffix if change is not None else ""
    place = out / (
        Path(rel).with_suffix(suffix) if moved and Path(rel).suffix == real.suffix else rel
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(text.with_suffix(suffix) if moved and text.suffix == real.suffix else text)
    return 1


def _missing(folder: Path) -> list[Path]:
    """Return the folders that must be made for `folder` to exist, innermost first."""
    return [p for p in (folder, *folder.parents) if not p.exists()]


def _clear(out: Path, made: Sequence[Path]) -> None:
    with contextlib.suppress(OSError):
        for path in out.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for folder in made:
        with contextlib.suppress(OSError):
            folder.rmdir()

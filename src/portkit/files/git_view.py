# SPDX-License-Identifier: Apache-2.0
"""What git is shown of a repository: objects, references, index, ignore rules; no configuration.

A configuration names programs: content filters, file system monitors, hooks, text conversions, what
fetches a missing object. It may come from whoever made the tree (an unpacked archive), and a list
of what to switch off is never complete. So git never works with it. Each call gets a git folder of
its own, made in the temporary folder and removed again: links to the parts that are mere data, and
a new configuration of the few settings of _KEPT, none of which names a program. The system's and
the user's settings are read in the same way, since a filter that the user trusts (LFS) reads the
tree's configuration in turn. The one command that sees the real files is `git config --list`,
which starts nothing.

The folder and the work tree are named in the environment, so git searches for no repository, and a
folder that looks like a bare one is a folder like any other. All `GIT_` variables of a hook are
dropped; those that name or hold a configuration count for its list.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from portkit.files.git_dirs import Repository, is_regular
from portkit.files.programs import find_program, run_program
from portkit.model import PortkitError

MOST = 1 << 29  # bytes of an answer that is kept whole
_MOST_ATTRIBUTES = 100 << 20  # bytes: git reads no larger file of attributes
_KEPT = re.compile(
    rb"core\.(ignorecase|precomposeunicode|filemode|symlinks|trustctime|checkstat|autocrlf|eol"
    rb"|sparsecheckout|sparsecheckoutcone)"
)
# What the names `@{upstream}` and `@{push}` are made of; no address among it.
_TRACKING = re.compile(
    rb"branch\..+\.(remote|merge|pushremote)|remote\..+\.(fetch|push)|remote\.pushdefault|push\.default",
    re.DOTALL,
)
_FORMATS = {
    b"extensions.objectformat": (b"sha1", b"sha256"),
    b"extensions.refstorage": (b"files", b"reftable"),
}
# Where the configuration is ours they change nothing: they are for the call that reads the real one,
# and a second lock on the same door.
_GUARDS = {
    "safe.bareRepository": "explicit",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "protocol.allow": "never",
}
_GUARDED = [part for key, value in _GUARDS.items() for part in ("-c", f"{key}={value}")]
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # wins over protocol.NAME.allow of a configuration
    "LC_ALL": "C",
}
_TRUE = (b"true", b"yes", b"on", b"1")

Settings = Mapping[bytes, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What git printed, its exit status, the start of its complaints: all of it the tree's word."""

    output: bytes
    status: int
    complaints: bytes = b""


@dataclass(frozen=True, slots=True)
class View:
    """A repository as git is shown it."""

    repository: Repository
    program: str
    settings: Settings

    @property
    def has_work_tree(self) -> bool:
        """Whether the folder with the `.git` is the work tree: not if it is bare or elsewhere."""
        if self.repository.is_linked:
            return True  # then git does not look at these settings either
        elsewhere = _last(self.settings, b"core.worktree")
        if elsewhere is None:
            return (_last(self.settings, b"core.bare") or b"").lower() not in _TRUE
        try:
            named = (self.repository.git_dir / os.fsdecode(elsewhere)).resolve()
        except (OSError, RuntimeError):
            return False
        return named == self.repository.top

    def ask(
        self,
        arguments: Sequence[str],
        folder: Path | None = None,
        *,
        feed: bytes = b"",
        accept: Sequence[int] = (0,),
        take: Callable[[bytes], None] | None = None,
        attributes: bytes = b"",
        tracking: bool = False,
    ) -> Answer:
        """Run git in `folder` (default: the top); return its answer, without the output that `take` gets.

        `attributes` are lines of .gitattributes that win over all others; `tracking` shows which
        branches follow which. Raises PortkitError for a status that is not of `accept`, an answer
        of more than MOST bytes, and when the time is up.
        """
        with self._shown(attributes, feed, tracking) as (shown, environment):
            return _run(
                [self.program, *_GUARDED, *arguments],
                folder or self.repository.top,
                environment,
                self.repository,
                accept,
                take,
                shown / "feed" if feed else None,
            )

    @contextmanager
    def _shown(
        self, attributes: bytes, feed: bytes, tracking: bool
    ) -> Iterator[tuple[Path, dict[str, str]]]:
        """Make git's folder for one call; yield it and the environment."""
        shown = None
        try:
            shown = Path(tempfile.mkdtemp(prefix="portkit-git-"))
            self._fill(shown, attributes)
            (shown / "config").write_bytes(_configuration(self.settings, tracking))
            if feed:
                (shown / "feed").write_bytes(feed)
        except OSError as error:
            if shown is not None:
                shutil.rmtree(shown, ignore_errors=True)
            said = f"git cannot be shown this repository: {error.strerror}"
            where = os.fspath(error.filename or self.repository.git_dir)
            raise PortkitError(said, where, "TMPDIR names another temporary folder") from error
        repository = self.repository
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("GIT_")
        }
        environment |= _QUIET | {
            "GIT_DIR": os.fspath(shown),
            "GIT_WORK_TREE": os.fspath(repository.top),
            "GIT_INDEX_FILE": os.fspath(repository.git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": os.fspath(repository.common / "objects"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            # An older git does not know the last two.
            "HOME": os.fspath(shown),
            "XDG_CONFIG_HOME": os.fspath(shown),
        }
        try:
            yield shown, environment
        finally:
            shutil.rmtree(shown, ignore_errors=True)

    def _fill(self, shown: Path, attributes: bytes) -> None:
        git_dir, common = self.repository.git_dir, self.repository.common
        (shown / "HEAD").write_bytes(self.repository.head)
        (shown / "refs").symlink_to(common / "refs")
        (shown / "info").mkdir()
        (shown / "logs").mkdir()
        (shown / "logs" / "refs").symlink_to(common / "logs" / "refs")
        links = {
            "logs/HEAD": git_dir,
            "packed-refs": common,
            "shallow": common,
            "info/exclude": common,
        }
        links |= {"info/grafts": common, "info/sparse-checkout": git_dir}
        # FETCH_HEAD and its like are revisions; a split index has its other half beside it.
        beside = os.listdir(git_dir)  # noqa: PTH208
        links |= {n: git_dir for n in beside if re.fullmatch(r"[A-Z_]+_HEAD|sharedindex\.\w+", n)}
        for name, place in links.items():
            if is_regular(place / name):  # git would wait at a pipe
                (shown / name).symlink_to(place / name)
        if (common / "reftable").is_dir() and not self.repository.is_linked:
            (shown / "reftable").symlink_to(common / "reftable")
        own = common / "info" / "attributes"
        if attributes:
            with own.open("rb") if is_regular(own) else BytesIO() as file:
                first = file.read(_MOST_ATTRIBUTES)
            (shown / "info" / "attributes").write_bytes(first + b"\n" + attributes)
        elif is_regular(own):
            (shown / "info" / "attributes").symlink_to(own)


def open_view(repository: Repository) -> View | None:
    """Read the settings of a repository; None when there is no git. Raises PortkitError when git refuses it."""
    program = find_program("git")
    if program is None:
        return None
    environment = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith("GIT_") or k.startswith("GIT_CONFIG_")
    }
    environment |= _QUIET | {
        "GIT_DIR": os.fspath(repository.git_dir),
        "GIT_WORK_TREE": os.fspath(repository.top),
    }
    command = [program, *_GUARDED, "config", "--list", "-z"]
    listed = _run(command, repository.top, environment, repository, (0,), None, None).output
    settings: dict[bytes, list[bytes]] = {}
    for item in listed.split(b"\0"):
        key, equals, value = item.partition(b"\n")
        settings.setdefault(key, []).append(value if equals else b"true")
    return View(repository, program, settings)


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    repository: Repository,
    accept: Sequence[int],
    take: Callable[[bytes], None] | None,
    feed: Path | None,
) -> Answer:
    kept = bytearray()

    def keep(piece: bytes) -> None:
        kept.extend(piece)
        if len(kept) > MOST:
            raise PortkitError(f"git printed more than {MOST >> 20} MiB", os.fspath(repository.top))

    with ExitStack() as files:
        file = files.enter_context(feed.open("rb")) if feed else None
        try:
            status, words = run_program(command, folder, environment, file, take or keep)
        except OSError as error:
            said = f"git cannot be started here: {error.strerror}"
            raise PortkitError(said, os.fspath(folder)) from error
    if status not in accept:
        place = os.fspath(repository.top / ".git")
        hint = "mend what `git status` tells, or move .git away to have the tree read without git"
        raise PortkitError(
            f"git cannot read this repository: {_first_line(words) or status}", place, hint
        )
    return Answer(bytes(kept), status, words)


def _first_line(words: bytes) -> str:
    """Return the first line of git's words, plain characters only: they may hold names of the tree."""
    line = words.strip().split(b"\n", 1)[0][:200]
    return re.sub(r"[^ -~]", "?", line.decode("ascii", "replace"))


def _last(settings: Settings, key: bytes) -> bytes | None:
    return settings[key][-1] if settings.get(key) else None


def _configuration(settings: Settings, tracking: bool) -> bytes:
    """Write the configuration that git is shown."""
    lines = [b"[core]", b"bare = false", b"quotePath = false"]
    for key, name in ((b"core.excludesfile", "ignore"), (b"core.attributesfile", "attributes")):
        place = _users_file(settings, key, name)
        if place is not None:
            lines.append(_line(key.partition(b".")[2], place))
    formats = {key: value for key in _FORMATS if (value := _last(settings, key))}
    lines.append(b"repositoryFormatVersion = 1" if formats else b"repositoryFormatVersion = 0")
    for key, value in formats.items():
        if value not in _FORMATS[key]:
            raise PortkitError(f"portkit does not know git's {key.decode()} {_first_line(value)}")
        section, _, variable = key.partition(b".")
        lines += [b"[" + section + b"]", _line(variable, value)]
    for key, values in settings.items():
        if _KEPT.fullmatch(key) or (tracking and _TRACKING.fullmatch(key)):
            section, _, rest = key.partition(b".")
            subsection, _, variable = rest.rpartition(b".")
            quoted = b' "' + re.sub(rb'(["\\])', rb"\\\1", subsection) + b'"' if subsection else b""
            lines += [b"[" + section + quoted + b"]", *(_line(variable, value) for value in values)]
    return b"\n".join(lines) + b"\n"


def _line(variable: bytes, value: bytes) -> bytes:
    quoted = re.sub(rb'(["\\])', rb"\\\1", value).replace(b"\n", rb"\n").replace(b"\t", rb"\t")
    return variable + b' = "' + quoted + b'"'


def _users_file(settings: Settings, key: bytes, name: str) -> bytes | None:
    """Return the path that `key` sets, or where git looks for the user's own file; `~` stands for the home."""
    value = _last(settings, key)
    if value is not None:
        return os.path.expanduser(value)  # noqa: PTH111 - as it is where there is no such home
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.environ.get("HOME", ""), ".config")  # noqa: PTH118
    place = Path(base) / "git" / name
    return os.fsencode(place) if place.is_absolute() and is_regular(place) else None

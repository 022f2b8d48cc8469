# SPDX-License-Identifier: Apache-2.0
"""What git is shown of a repository: objects, references, index, ignore rules; no configuration.

A configuration names programs: content filters, file system monitors, hooks, text conversions, what
fetches a missing object. It may come from whoever made the tree (an unpacked archive), and a list
of what to switch off is never complete. So git never works with it. Each call gets a git folder of
its own, made in the temporary folder and removed again: links to the parts that are mere data, and
a new configuration of the few settings of `git_settings`, none of which names a program. The
system's and the user's settings are read in the same way, since a filter that the user trusts (LFS)
reads the tree's configuration in turn. The one command that sees the real files is
`git config --list`, which starts nothing.

The folder and the work tree are named in the environment, so git searches for no repository, and a
folder that looks like a bare one is a folder like any other. All `GIT_` variables of a hook are
dropped; those that name or hold a configuration count for its list.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path

import msgspec

from portkit.files.git_dirs import Repository, is_regular
from portkit.files.git_settings import Settings, configuration, last, plain, read_settings, with_own
from portkit.files.programs import find_program, run_program
from portkit.files.regular import SETTINGS_BYTES, TooLargeError, read_regular
from portkit.model.errors import PortkitError

MOST = 1 << 29  # bytes of an answer that is kept whole
_IN_MEMORY = "/dev/shm"
_MOST_ATTRIBUTES = 100 << 20  # bytes: git reads no larger file of attributes
# Where the configuration is ours these change nothing: they are for the call that reads the real
# one, and a second lock on the same door.
_GUARDS = (
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.pager=cat"),
    *("-c", "protocol.allow=never"),
)
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # wins over protocol.NAME.allow of a configuration
    "LC_ALL": "C",
}


class GitAnswer(msgspec.Struct, frozen=True):
    """What git printed, its exit status, the start of its complaints: all of it the tree's word."""

    output: bytes
    status: int
    complaints: bytes = b""


class GitView(msgspec.Struct, frozen=True):
    """A repository as git is shown it."""

    repository: Repository
    program: str
    settings: Settings

    @property
    def has_work_tree(self) -> bool:
        """Whether the folder with the `.git` is the work tree: not if it is bare or elsewhere."""
        if self.repository.is_linked:
            return True  # then git does not look at these settings either
        elsewhere = last(self.settings, b"core.worktree")
        if elsewhere is None:
            bare = last(self.settings, b"core.bare") or b""
            return bare.lower() not in (b"true", b"yes", b"on", b"1")
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
        with_logs: bool = False,
    ) -> GitAnswer:
        """Run git in `folder` (default: the top); return its answer, without what `take` gets.

        `attributes` are lines of .gitattributes that win over all others; `with_logs` shows where
        references were and which branches follow which. Raises PortkitError for a status that is
        not of `accept`, an answer of more than MOST bytes, and when the time is up.
        """
        with self._shown(attributes, with_logs) as environment:
            command = [self.program, *_GUARDS, *arguments]
            place = folder or self.repository.top
            return _run(command, place, environment, accept, take, feed)

    def compare_folders(
        self,
        place: Path,
        old: str,
        new: str,
        take: Callable[[bytes], None],
    ) -> None:
        """Give `take` the diff, line by line, of the folders `old` and `new` of plain files.

        `place`, a folder of portkit's own, holds both; no repository is seen. Carriage returns
        at line ends are not compared. Raises PortkitError.
        """
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            **_QUIET,
            **_unset(os.fspath(place)),
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": os.fspath(place.parent),
            "GIT_WORK_TREE": os.fspath(place),
        }
        options = ["--unified=0", "--text", "--no-renames", "--no-color", "--ignore-cr-at-eol"]
        options += ["--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"]
        command = [self.program, *_GUARDS, "diff", "--no-index", *options, "--", old, new]
        _run(command, place, environment, (0, 1), take, b"")

    @contextmanager
    def _shown(self, attributes: bytes, with_logs: bool) -> Iterator[dict[str, str]]:
        """Make git's folder for one call; yield the environment that leads there."""
        shown = ""
        try:
            try:
                shown = tempfile.mkdtemp(prefix="portkit-git-", dir=temporary_folder())
                self._fill(Path(shown), attributes, with_logs)
            except OSError as error:
                said = f"git cannot be shown this repository: {error.strerror}"
                where = os.fspath(error.filename or self.repository.git_dir)
                raise PortkitError(said, where, "TMPDIR sets the temporary folder") from error
            yield self._environment(shown)
        finally:
            if shown:
                shutil.rmtree(shown, ignore_errors=True)

    def _environment(self, shown: str) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            **_QUIET,
            "GIT_DIR": shown,
            "GIT_WORK_TREE": os.fspath(self.repository.top),
            "GIT_INDEX_FILE": os.fspath(self.repository.git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": os.fspath(self.repository.common / "objects"),
            **_unset(shown),
        }

    def _fill(self, shown: Path, attributes: bytes, with_logs: bool) -> None:
        git_dir, common = self.repository.git_dir, self.repository.common
        (shown / "HEAD").write_bytes(self.repository.head)
        (shown / "config").write_bytes(configuration(self.settings, with_logs))
        (shown / "refs").symlink_to(common / "refs")
        (shown / "info").mkdir()
        links = {name: common for name in ("packed-refs", "shallow", "info/exclude", "info/grafts")}
        links["info/sparse-checkout"] = git_dir
        # FETCH_HEAD and its like are revisions; a split index has its other half beside it.
        for name in os.listdir(git_dir):  # noqa: PTH208
            if name.endswith("_HEAD") or name.startswith("sharedindex."):
                links[name] = git_dir
        if with_logs:
            (shown / "logs").mkdir()
            (shown / "logs" / "refs").symlink_to(common / "logs" / "refs")
            links["logs/HEAD"] = git_dir
        for name, place in links.items():
            if is_regular(place / name):  # at a pipe git would wait
                (shown / name).symlink_to(place / name)
        if not self.repository.is_linked and (common / "reftable").is_dir():
            (shown / "reftable").symlink_to(common / "reftable")
        own = common / "info" / "attributes"
        if attributes:
            with own.open("rb") if is_regular(own) else BytesIO() as file:
                first = file.read(_MOST_ATTRIBUTES)
            (shown / "info" / "attributes").write_bytes(first + b"\n" + attributes)
        elif is_regular(own):
            (shown / "info" / "attributes").symlink_to(own)


def open_view(repository: Repository) -> GitView | None:
    """Read the settings of a repository; None when there is no git.

    Raises PortkitError when git refuses it.
    """
    program = find_program("git")
    if program is None:
        return None
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        **{k: v for k, v in os.environ.items() if k.startswith("GIT_CONFIG_")},
        **_QUIET,
        "GIT_DIR": os.fspath(repository.git_dir),
        "GIT_WORK_TREE": os.fspath(repository.top),
    }
    _check_special(repository)
    listing = [program, *_GUARDS, "config", "--list", "-z"]

    def ask(*options: str) -> GitAnswer:
        return _run([*listing, *options], repository.top, environment, (0,), None, b"")

    own = _with_includes(repository)
    if own:
        # Git follows what a configuration includes before it looks at any option: it may be a pipe.
        environment["GIT_DIR"] = os.devnull
        listed = ask("--no-includes", "--file", os.fspath(own[0]))
        for path in own[1:]:
            more = ask("--no-includes", "--file", os.fspath(path))
            listed = GitAnswer(listed.output + more.output, 0, listed.complaints)
        output = with_own(ask("--show-scope").output, listed.output)
    else:
        listed = ask("--show-scope")
        output = listed.output
    settings = read_settings(output, (repository.top, repository.git_dir, repository.common))
    if listed.complaints and b"core.repositoryformatversion" not in settings:
        # Git lists the user's settings all the same when it does not take the repository for one.
        raise _refusal(plain(listed.complaints), repository.top)
    return GitView(repository, program, settings)


def _with_includes(repository: Repository) -> list[Path]:
    """Return the repository's files of settings when one of them may include a further file."""
    names = [repository.common / "config", repository.git_dir / "config.worktree"]
    paths = [path for path in names if path.is_file()]
    for path in paths:
        try:
            data = read_regular(path, SETTINGS_BYTES)
        except TooLargeError:
            return paths
        except OSError:
            continue  # git will say so
        if b"include" in data.lower():
            return paths
    return []


def _check_special(repository: Repository) -> None:
    """Raise PortkitError for a pipe or a device where git would wait or read without end."""
    names = ["config", "objects/info/alternates", "objects/info/http-alternates"]
    paths = [repository.common / name for name in names]
    paths.append(repository.git_dir / "config.worktree")
    for folder, _, files in os.walk(repository.common / "refs"):
        paths += [Path(folder, name) for name in files]
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # git does not find it either
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise _refusal(f"{plain(os.fsencode(path.name))} is no regular file", path)


def _unset(home: str) -> dict[str, str]:
    """Return what keeps git from settings of the system and of the user."""
    return {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        # An older git does not know the last two.
        "HOME": home,
        "XDG_CONFIG_HOME": home,
    }


def temporary_folder() -> str | None:
    """Return where git's folders are made; None for the usual place.

    In memory where nobody said otherwise: on a disk, removing a folder takes longer than git does.
    """
    is_usual = os.environ.get("TMPDIR") or not os.access(_IN_MEMORY, os.W_OK | os.X_OK)
    return None if is_usual else _IN_MEMORY


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    accept: Sequence[int],
    take: Callable[[bytes], None] | None,
    feed: bytes,
) -> GitAnswer:
    kept = bytearray()
    top = environment["GIT_WORK_TREE"]

    def keep(piece: bytes) -> None:
        kept.extend(piece)
        if len(kept) > MOST:
            raise PortkitError(f"git printed more than {MOST >> 20} MiB", top)

    try:
        with tempfile.TemporaryFile() if feed else nullcontext() as file:
            if file is not None:
                file.write(feed)
                file.seek(0)
            status, words = run_program(command, folder, environment, file, take or keep)
    except OSError as error:
        said = f"git cannot be asked here: {error.strerror}"
        raise PortkitError(said, os.fspath(error.filename or folder)) from error
    if status not in accept:
        raise _refusal(plain(words) or f"exit code {status}", top)
    return GitAnswer(bytes(kept), status, words)


def _refusal(said: str, top: str | Path) -> PortkitError:
    hint = "`git status` tells more; without its .git the tree is read without git"
    return PortkitError(f"git cannot read the repository: {said}", os.fspath(top), hint)

# SPDX-License-Identifier: Apache-2.0
"""The settings of a repository that git is shown: those that say how it reads files.

None of them names a program, an address or a further file to read, but for the user's own ignore
rules and attributes, which are mere data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portkit.files.git_dirs import is_regular
from portkit.model.errors import PortkitError

Settings = Mapping[bytes, Sequence[bytes]]

_KEPT = (
    *(b"core.ignorecase", b"core.precomposeunicode", b"core.filemode", b"core.symlinks"),
    *(b"core.trustctime", b"core.checkstat", b"core.autocrlf", b"core.eol"),
    *(b"core.sparsecheckout", b"core.sparsecheckoutcone"),
)
_USERS = ((b"core.excludesfile", "ignore"), (b"core.attributesfile", "attributes"))
_OWN = frozenset({b"local", b"worktree"})  # scopes that come with the repository
_VERSION = b"core.repositoryformatversion"
_FORMATS = {
    b"extensions.objectformat": (b"sha1", b"sha256"),
    b"extensions.refstorage": (b"files", b"reftable"),
}
# Of no matter for reading, or for what is shown of a repository.
_IDLE = (
    *(b"extensions.noop", b"extensions.noop-v1", b"extensions.preciousobjects"),
    *(b"extensions.partialclone", b"extensions.worktreeconfig", b"extensions.relativeworktrees"),
    *(b"extensions.compatobjectformat", b"extensions.submodulepathconfig"),
)
# What `@{upstream}` and `@{push}` are made of.
_TRACKING = (
    rb"branch\..+\.(remote|merge|pushremote)"
    rb"|remote\..+\.(fetch|push)|remote\.pushdefault|push\.default"
)


def with_own(listed: bytes, own: bytes) -> bytes:
    """Return a list of the user's and the system's settings with the repository's own among them.

    `listed`: see `read_settings`; `own`: the same without scopes.
    """
    scopes: dict[bool, list[bytes]] = {False: [], True: []}
    for scope, key, value in _entries(listed):
        scopes[scope == b"command"].append(b"%s\0%s\n%s\0" % (scope, key, value))
    local = [b"local\0%s\0" % item for item in own.split(b"\0") if item]
    return b"".join([*scopes[False], *local, *scopes[True]])


def read_settings(listed: bytes, places: Sequence[Path] = ()) -> Settings:
    """Read what `git config --list -z --show-scope` prints: {key: values, the last one counts}.

    A file that the repository's own settings name counts when it lies in one of `places`, links
    resolved; the user's own may lie anywhere.
    """
    settings: dict[bytes, list[bytes]] = {}
    names = dict(_USERS)
    for scope, key, said in _entries(listed):
        value = said
        if key in names and said and places:
            # A `~` stands for the home that git is not shown; one without such a home stays.
            home = os.path.expanduser(os.fsdecode(said))  # noqa: PTH111
            path = places[0] / home
            if scope in _OWN and not _lies_in(path, places):
                continue
            value = os.fsencode(path)
        settings.setdefault(key, []).append(value)
    return settings


def _entries(listed: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (scope, key, value) of each setting."""
    fields = listed.split(b"\0")
    for scope, item in zip(fields[0::2], fields[1::2], strict=False):
        key, equals, value = item.partition(b"\n")
        yield scope, key, value if equals else b"true"


def _lies_in(path: Path, places: Sequence[Path]) -> bool:
    try:
        real = Path(os.path.realpath(path))
    except (OSError, ValueError):
        return False
    return any(real.is_relative_to(place) for place in places)


def last(settings: Settings, key: bytes) -> bytes | None:
    """Return the value of a key that counts, None when it is not set."""
    return settings[key][-1] if key in settings else None


def plain(words: bytes) -> str:
    """Return the start of a first line of git's, plain characters only: it may be the tree's."""
    line = words.strip().partition(b"\n")[0]
    return re.sub(r"[^ -~]", "?", line[:200].decode("ascii", "replace"))


def configuration(settings: Settings, with_tracking: bool) -> bytes:
    """Write the configuration that git is shown. Raises PortkitError for an unknown format."""
    lines = [b"[core]", b"bare = false", b"quotePath = false"]
    for key, name in _USERS:
        place = _users_file(last(settings, key), name)
        if place is not None:
            lines.append(_line(key.partition(b".")[2], place))
    formats = _formats(settings)
    lines.append(b"repositoryFormatVersion = %d" % bool(formats))
    kept = [*formats, *(key for key in _KEPT if key in settings)]
    if with_tracking:
        kept += [key for key in settings if re.fullmatch(_TRACKING, key, re.DOTALL)]
    for key in kept:
        section, _, rest = key.partition(b".")
        subsection, _, variable = rest.rpartition(b".")
        quoted = b' "' + _escaped(subsection) + b'"' if subsection else b""
        lines.append(b"[" + section + quoted + b"]")
        lines += [_line(variable, value) for value in settings[key]]
    return b"\n".join(lines) + b"\n"


def _formats(settings: Settings) -> list[bytes]:
    """Return the keys that say how objects and references are kept. Raises PortkitError."""
    version = last(settings, _VERSION) or b"0"
    if version == b"0":
        return []  # then git takes no notice of them either
    found: list[bytes] = []
    for key, values in settings.items():
        is_known = version == b"1" if key == _VERSION else values[-1] in _FORMATS.get(key, ())
        if key in _FORMATS:
            found.append(key)
        if key.startswith((b"extensions.", _VERSION)) and key not in _IDLE and not is_known:
            said = f"{plain(key)} = {plain(values[-1])}"
            raise PortkitError(f"portkit does not know this form of git repository: {said}")
    return found


def _line(variable: bytes, value: bytes) -> bytes:
    escaped = _escaped(value).replace(b"\n", rb"\n").replace(b"\t", rb"\t")
    return variable + b' = "' + escaped + b'"'


def _escaped(text: bytes) -> bytes:
    return text.replace(b"\\", rb"\\").replace(b'"', rb"\"")


def _users_file(value: bytes | None, name: str) -> bytes | None:
    """Return the path that is set, else where git looks for the user's file `name` if it is there.

    At what is no regular file git would wait.
    """
    if value is not None:
        return value if not value or is_regular(Path(os.fsdecode(value))) else b""
    home = os.environ.get("HOME")
    base = os.environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    place = Path(base, "git", name)
    return os.fsencode(place) if place.is_absolute() and is_regular(place) else None

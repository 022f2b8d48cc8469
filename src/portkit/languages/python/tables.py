# SPDX-License-Identifier: Apache-2.0
"""What CUDA is called in Python: mappings/cuda/python.toml, checked as it is read."""

from __future__ import annotations

import functools
import re
import tomllib

import msgspec

from portkit.model.errors import PortkitError
from portkit.vocab.data import mappings_folder

TABLE = "python.toml"
LIBRARY = "pytorch"  # of references to the framework
# of packages, programs, and libraries that are opened by name
OTHER_LIBRARIES = ("packages", "tools", "libraries")
Pattern = str


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An attribute of objects whose class is not known. `called`: it must be, or must not be."""

    name: str
    row: str
    called: bool


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a string of a kind looks like; the group `word` is what may be renamed."""

    pattern: Pattern
    row: str = ""


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter of functions that `call` matches (of methods called `name`), by position and by
    keyword. `holds`: the kind of string; `row`, `row_keyword`: what tables call it there.
    """

    holds: str = ""
    call: Pattern = ""
    name: str = ""
    position: int = -1
    keywords: tuple[str, ...] = ()
    row: str = ""
    row_keyword: str = ""


class ByKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keywords of any call, or a pattern of names, for each kind of string."""

    device: tuple[str, ...]
    backend: tuple[str, ...]


class HeldBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of the program's own names that hold a device or a backend."""

    device: Pattern
    backend: Pattern


class Compared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a string is compared with: attributes of devices, calls that give a backend."""

    device: tuple[str, ...]
    backend_calls: tuple[Pattern, ...]


class Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Variables of the environment, and how a program gets at them. `copies`: what makes variables
    of keywords.
    """

    pattern: Pattern
    mappings: tuple[Pattern, ...]
    calls: tuple[Pattern, ...]
    methods: tuple[str, ...]
    copies: tuple[str, ...]
    held_by: Pattern


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Libraries that are opened by name, or programs that are run."""

    pattern: Pattern
    calls: tuple[Pattern, ...]
    short: Pattern = ""


class Gates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Functions and names whose value depends on the platform."""

    available: tuple[Pattern, ...]
    capability: tuple[Pattern, ...]
    properties: tuple[Pattern, ...]
    version: tuple[Pattern, ...]
    presence: tuple[str, ...]


class PythonWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The whole of python.toml; see there what each means."""

    tells: tuple[str, ...]
    aside: tuple[str, ...]
    roots: tuple[str, ...]
    framework: str
    platforms: frozenset[str]
    modules: frozenset[str]
    names: tuple[Pattern, ...]
    builders: tuple[Pattern, ...]
    handles: frozenset[str]
    members: tuple[Member, ...]
    strings: dict[str, Shape]
    parameters: tuple[Parameter, ...]
    methods: tuple[Parameter, ...]
    keywords: ByKind
    keyword_rows: dict[str, str]
    held_by: HeldBy
    compared: Compared
    environment: Environment
    libraries: Opened
    tools: Opened
    packages: dict[str, str]
    gates: Gates
    sources: tuple[Parameter, ...]
    portable: dict[str, str]

    @functools.cached_property
    def telling(self) -> re.Pattern[bytes]:
        """A word without which a file is not parsed."""
        return re.compile("|".join(map(re.escape, self.tells)).encode(), re.I)

    @functools.cached_property
    def known(self) -> frozenset[str]:
        """First words of the modules and packages that anything here speaks of."""
        return frozenset({*self.roots, *(p.split(".")[0] for p in self.packages)})

    @functools.cached_property
    def member(self) -> dict[str, Member]:
        """The members by their name."""
        return {m.name: m for m in self.members}

    @functools.cached_property
    def method(self) -> dict[str, Parameter]:
        """The parameters of methods by the method's name."""
        return {m.name: m for m in self.methods}

    @functools.cached_property
    def called(self) -> dict[str, re.Pattern[bytes]]:
        """What a string of each kind looks like."""
        return {kind: re.compile(s.pattern.encode(), re.A) for kind, s in self.strings.items()}

    def parameter(self, dotted: str) -> Parameter | None:
        """Return the parameter of a function of the framework's, by its full name."""
        return self._parameters(dotted)

    @functools.cached_property
    def _parameters(self) -> functools._lru_cache_wrapper[Parameter | None]:
        known = [(re.compile(p.call), p) for p in self.parameters]

        @functools.lru_cache(maxsize=4096)
        def find(dotted: str) -> Parameter | None:
            return next((p for pattern, p in known if pattern.fullmatch(dotted)), None)

        return find

    @functools.cached_property
    def rows(self) -> dict[str, str]:
        """What tables call a reference that they do not call by its own name."""
        rows = {f".{m.name}": m.row for m in self.members}
        return rows | self.packages


@functools.cache
def python_words() -> PythonWords:
    """Return the words of mappings/cuda/python.toml. Raises PortkitError for a faulty one."""
    path = mappings_folder() / "cuda" / TABLE
    try:
        words = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), PythonWords)
        _check(words)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, re.error, ValueError) as error:
        raise PortkitError(f"broken table: {error}", str(path)) from error
    return words


def _check(words: PythonWords) -> None:
    """Raise ValueError where the parts of the table do not fit together."""
    for parameter in (*words.parameters, *words.methods):
        if parameter.holds not in words.strings:
            raise ValueError(f"{parameter.call or parameter.name} holds {parameter.holds!r}")
    for kind, shape in words.strings.items():
        if "word" not in re.compile(shape.pattern).groupindex:
            raise ValueError(f"the pattern of {kind} strings has no group `word`")
    for pattern in (*words.names, *words.builders, words.held_by.device, words.held_by.backend):
        re.compile(pattern)

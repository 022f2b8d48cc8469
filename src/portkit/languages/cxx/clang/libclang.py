# SPDX-License-Identifier: Apache-2.0
"""Loading libclang: the wheel's own library, or the one that PORTKIT_LIBCLANG names.

Only `clang.cindex` is used. Two wheels provide it, libclang-ng and libclang; a system library works
with either.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from portkit.files.compiled import Form
from portkit.model.errors import PortkitError

if TYPE_CHECKING:
    from portkit.languages.cxx.clang.binding import Binding
    from portkit.languages.cxx.clang.diagnostics import Diagnostics

ENVIRONMENT = "PORTKIT_LIBCLANG"


class Clang(msgspec.Struct, frozen=True, dict=True):
    """A loaded libclang: the binding module, Clang's own version line, and where the library came
    from.
    """

    cindex: Any
    version: str
    origin: str

    @functools.cached_property
    def calls(self) -> Binding:
        """The calls made for each candidate."""
        from portkit.languages.cxx.clang.binding import Binding

        return Binding(self.cindex.conf.lib)

    @functools.cached_property
    def diagnostics(self) -> Diagnostics:
        """What reads the errors of a unit."""
        from portkit.languages.cxx.clang.diagnostics import Diagnostics

        return Diagnostics(self.cindex.conf.lib)

    @property
    def major(self) -> int:
        """The release of Clang: 18 of 18.1.1; 0 when its version line does not say."""
        found = _MAJOR.search(self.version)
        return int(found.group(1)) if found is not None else 0


_MAJOR = re.compile(r"version (\d+)")


@functools.cache
def load_clang() -> Clang | None:
    """Return the libclang to use, or None when none can be loaded.

    Raises PortkitError when PORTKIT_LIBCLANG names a library that cannot be loaded: a user who
    names one wants that one.
    """
    try:
        from clang import cindex
    except ImportError:
        return None
    named = os.environ.get(ENVIRONMENT, "")
    if named and not cindex.Config.loaded:
        if not Path(named).is_file():
            raise PortkitError(
                "no such libclang", named, f"unset {ENVIRONMENT} or name a libclang shared library"
            )
        cindex.Config.set_library_file(named)
    # libclang-ng adds its own C++ library and resource headers to every parse unless told not to
    for attribute in ("libcxx_dir", "resource_dir"):
        if hasattr(cindex.Config, attribute):
            setattr(cindex.Config, attribute, None)
    cindex.Config.set_compatibility_check(False)
    try:
        lib = cindex.conf.lib
    except Exception as error:
        if named:
            raise PortkitError(
                f"libclang cannot be loaded: {error}", named, f"unset {ENVIRONMENT}"
            ) from error
        return None
    return Clang(cindex, _version(cindex, lib), named or "wheel")


def clang_version() -> str:
    """Return the version line of the libclang to use, "" when there is none. It is loaded only when
    it is another one by now.

    Raises PortkitError as `load_clang` does.
    """
    form = _form()
    known = form.recall(str) if form is not None else None
    if known:
        return known
    clang = load_clang()
    version = clang.version if clang is not None else ""
    if form is not None and version:
        form.remember(lambda: version)
    return version


def _form() -> Form | None:
    """Return where the version is kept; None for a library of which it is not known where it lies."""
    named = os.environ.get(ENVIRONMENT, "")
    spec = importlib.util.find_spec("clang")
    package = (
        next((Path(p) for p in spec.submodule_search_locations or ()), None)
        if spec is not None
        else None
    )
    if package is None:
        return None
    libraries = (
        [Path(named)] if named else sorted(p for p in (package / "native").glob("*") if p.is_file())
    )
    if not libraries or not libraries[0].is_file():
        return None
    return Form(
        "libclang", libraries[0].parent, [*libraries, package / "cindex.py", Path(__file__)]
    )


def _version(cindex: Any, lib: Any) -> str:
    function = lib.clang_getClangVersion
    function.restype = cindex._CXString
    string = function()  # must outlive the pointer into it
    text = lib.clang_getCString(string)
    return str(getattr(text, "value", text) if not isinstance(text, bytes) else text.decode())

# SPDX-License-Identifier: Apache-2.0
"""The symbols that an SDK's shared objects export, by pyelftools (extra `sdk`): names of C
functions and objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from portkit.model.errors import PortkitError, extra_hint


def libraries_of(folder: Path) -> list[Path]:
    """Return the shared objects below a folder, sorted, each real file once."""
    seen: dict[Path, Path] = {}
    for path in sorted(folder.rglob("*.so*")):
        if path.is_file() and (path.suffix == ".so" or ".so." in path.name):
            seen.setdefault(path.resolve(), path)
    return sorted(seen.values())


def exported_symbols(libraries: Iterable[Path]) -> set[str]:
    """Return the global and weak symbols that the files define; files that are no ELF add nothing.

    Raises PortkitError when pyelftools is not installed.
    """
    try:
        from elftools.common.exceptions import ELFError
        from elftools.elf.elffile import ELFFile
        from elftools.elf.sections import SymbolTableSection
    except ImportError as error:
        raise PortkitError("pyelftools is not installed", hint=extra_hint("sdk")) from error
    names: set[str] = set()
    for path in libraries:
        try:
            with path.open("rb") as file:
                section = ELFFile(file).get_section_by_name(".dynsym")
                for symbol in (
                    section.iter_symbols() if isinstance(section, SymbolTableSection) else ()
                ):
                    if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] in (
                        "STB_GLOBAL",
                        "STB_WEAK",
                    ):
                        names.add(symbol.name)
        except (ELFError, OSError, UnicodeDecodeError):
            continue
    return names - {""}

# SPDX-License-Identifier: Apache-2.0
"""The Clang rung: parse one unit against stub headers and ask what stands at each candidate's
offset.

No CUDA SDK, no system header and no network take part, so the answer is the same on every machine:
Clang sees the files that are listed for a unit (see view.py) and no others.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from portkit.files.encodable import encodable
from portkit.languages.cxx.clang.libclang import Clang
from portkit.languages.cxx.clang.overlay import OverlayList
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.unit import MEMBERS, STAND_INS, Unit
from portkit.languages.cxx.clang.view import UnitView
from portkit.printable import printable_name
from portkit.vocab.stubs import STUB_ROOT, members_stub, needs_members

log = logging.getLogger(__name__)

_FORCED = f"{STUB_ROOT}/forced.h"
_ROUNDS = 4  # parses more, for headers whose names only macros make
_KNOWS_SM_90 = 16  # the release of Clang that does
_KEEP_GOING, _DETAILED, _INCOMPLETE = 0x200, 0x01, 0x02
_BASE = (
    "-nocudainc",
    "-nocudalib",
    f"--cuda-path={STUB_ROOT}/none",  # else Clang looks for a CUDA of this machine
    "-nostdinc",
    "-nostdinc++",
    "--target=x86_64-unknown-linux-gnu",
    "-ferror-limit=0",
    "-fno-spell-checking",
    "-ftemplate-depth=256",
    # else Clang makes each element of `new T[500000]` to see whether that is a constant
    "-fconstexpr-steps=1000",
    "-w",
)


class ClangSession:
    """A Clang index with the hand-written stubs parsed once per language and side; one a process."""

    def __init__(self, clang: Clang, std_stub: str, cuda_stub: str) -> None:
        self.clang = clang
        # a unit's declarations without those of the precompiled stubs
        self.index = clang.cindex.Index.create(True)
        self._stubs = std_stub, cuda_stub
        self._folder = tempfile.TemporaryDirectory(prefix="portkit-", dir=_temporary())
        self._arch = "sm_90" if clang.major >= _KNOWS_SM_90 else "sm_80"
        self._headers: dict[tuple[str, ...], list[str]] = {}
        self._listing, self._own = OverlayList(Path(self._folder.name)), dict[str, str]()

    def parse(self, request: UnitRequest) -> Unit | None:
        """Parse a unit; None when libclang gave up on it (a crash is caught inside libclang)."""
        unit = self._parse(request)
        view, again = request.view, request.device in request.looked
        request.looked.add(request.device)
        for _ in range(_ROUNDS):
            if unit is None or view is None or again or not view.more(unit.lost_headers()):
                break  # stand-ins change no include: one look at a side of the unit is enough
            unit = self._parse(request)
        if unit is not None and view is not None:
            request.refused.update(r for r in view.refused if unit.includes_at(r.path, r.line))
        return unit

    def _parse(self, request: UnitRequest) -> Unit | None:
        arguments, view = self._flags(request), request.view
        prelude = f"{STUB_ROOT}/names.h"
        text = "".join(f"#undef {u}\n" for u in request.flags.undefines) + request.stubs
        text += "".join(
            f"#undef {n}\n#define {n} {v}\n" for n, v in map(_define, request.flags.defines)
        )
        files = [(prelude, text.encode("utf-8", "surrogateescape")), (request.path, request.data)]
        before = []
        if request.flags.forced:
            files.append(
                (
                    _FORCED,
                    "".join(
                        f'#include "{printable_name(h)}"\n' for h in request.flags.forced
                    ).encode(),
                )
            )
            before = ["-include", _FORCED]
        if request.language != "c" and needs_members(request.stubs):
            files.append((MEMBERS, members_stub(request.called, request.nested).encode()))
            before += ["-include", MEMBERS]
        files += [(p, d) for p, d in request.masked.items() if p != request.path]
        files += view.texts.items() if view is not None else ()
        more = []
        if request.stand_ins:
            files.append((STAND_INS, request.stand_ins.encode("utf-8", "replace")))
            more = ["-include", STAND_INS]
        stubs = self._prelude(request, arguments)
        try:
            unit = self.index.parse(
                request.path,
                args=[
                    *arguments,
                    *self._overlay(view),
                    *stubs,
                    *before,
                    "-include",
                    prelude,
                    *more,
                ],
                unsaved_files=files,
                options=_KEEP_GOING | _DETAILED,
            )
        except self.clang.cindex.TranslationUnitLoadError:
            log.debug("libclang gave up on %s", request.path)
            return None
        return Unit(self.clang, unit, request, self._own)

    def _overlay(self, view: UnitView | None) -> list[str]:
        """Return the flags that show Clang the files of a view and this session's own, and hide all
        others.
        """
        return [
            "-ivfsoverlay",
            self._listing.write(self._own | view.files if view is not None else self._own),
        ]

    def _flags(self, request: UnitRequest) -> list[str]:
        flags = list(_BASE)
        if request.language == "c":
            flags += ["-x", "c", "-std=gnu11"]
        else:
            standard = request.flags.standard if request.flags.standard in _STANDARDS else "gnu++17"
            side = "--cuda-device-only" if request.device else "--cuda-host-only"
            flags += ["-x", "cuda", side, f"--cuda-gpu-arch={self._arch}", f"-std={standard}"]
        for folder in request.flags.include_dirs:
            flags += ["-I", printable_name(folder)]
        for folder in request.flags.system_dirs:
            flags += ["-isystem", printable_name(folder)]
        return flags

    def _prelude(self, request: UnitRequest, flags: list[str]) -> list[str]:
        """Return the flags that bring in the hand-written stubs: precompiled when that works."""
        key = (request.language, str(request.device), request.flags.standard)
        if key not in self._headers:
            self._headers[key] = self._precompile(request, key, flags)
        return self._headers[key]

    def _precompile(
        self, request: UnitRequest, key: tuple[str, ...], flags: list[str]
    ) -> list[str]:
        source = Path(self._folder.name) / f"{len(self._headers)}-stubs.h"
        wrapped = "\n".join(self._stubs)
        if request.language != "c":
            wrapped = (
                f"#pragma clang force_cuda_host_device begin\n{wrapped}\n#pragma clang "
                f"force_cuda_host_device end\n"
            )
        source.write_text(wrapped, encoding="utf-8")
        compiled = source.with_suffix(".pch")
        folders = ("-I", "-isystem")
        clean = [
            f
            for i, f in enumerate(flags)
            if f not in folders and (i == 0 or flags[i - 1] not in folders)
        ]
        self._own.update((str(p), str(p)) for p in (source, compiled))
        try:
            unit = self.index.parse(
                os.fsencode(source), args=clean, options=_KEEP_GOING | _DETAILED | _INCOMPLETE
            )
            unit.save(os.fsencode(compiled))
        except (
            self.clang.cindex.TranslationUnitLoadError,
            self.clang.cindex.TranslationUnitSaveError,
        ):
            return ["-include", str(source)]
        return ["-include-pch", str(compiled)]


_STANDARDS = frozenset(
    f"{g}++{v}"
    for g in ("c", "gnu")
    for v in ("11", "14", "17", "20", "23", "2a", "2b", "0x", "1y", "1z")
)


def _temporary() -> str | None:
    """Return where temporary files go (None: as usual): what lists files to Clang holds UTF-8 names
    only.
    """
    usual = tempfile.gettempdir()
    return None if encodable(usual) == usual else "/tmp"


def _define(flag: str) -> tuple[str, str]:
    name, separator, value = flag.partition("=")
    return name, value if separator else "1"

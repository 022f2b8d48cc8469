# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python surface share: a small tree, and caches of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

SOURCE = """\
#include <cuda_runtime.h>
void f(void *p) { cudaMalloc(&p, 4); cudaFree(p); cudaMadeUp(p); }
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    for name in ("PORTKIT_TARGETS", "PORTKIT_LANG", "PORTKIT_RUNG", "PORTKIT_DEFINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with one source, and nothing above it that rules it."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(SOURCE, encoding="utf-8")
    (folder / "portkit.toml").write_text("", encoding="utf-8")
    return folder

# SPDX-License-Identifier: Apache-2.0
"""Where the body of a device function opens: behind what a constructor gives its members."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.words import Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

BODY = "{ n = threadIdx.x; }"


@pytest.mark.parametrize(
    "head",
    [
        "A(int l)",
        "A(int l) noexcept",
        "A(int l) : n(l)",
        "A(int l) : n{l}",
        "A(int l) noexcept(true) : Base{l}, n(l)",
        "A(R const &r, int l) : Base(l), it({r.p}, l)",
        "A(R const &r) :\n  Base<decltype(r.p)>(r),\n  it({r.p, {1, 2}}, 1), n{1}\n",
        "A(int l) : n([&] { return l; }())",
        "template <class... T> A(T... t) : T(t)..., n(0)",
        "auto get(int l) const -> int",
        "operator int() const",
    ],
)
def test_the_body_is_behind_the_members(head: str, tmp_path: Path) -> None:
    specifiers, _, rest = head.rpartition(">") if head.startswith("template") else ("", "", head)
    start = f"{specifiers}> " if specifiers else ""
    text = f"struct A {{ {start}__device__ {rest} {BODY} int n; }};\n__device__ int last() {{}}\n"
    (tmp_path / "a.cu").write_text(text)
    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1, rung=Rung.LEX))
    first, last = tree.scan.files[0].facts.kernels
    assert text[first.span.start : first.span.end] == BODY
    assert last.name == "last"

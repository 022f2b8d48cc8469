# SPDX-License-Identifier: Apache-2.0
"""What becomes of Python code on each target by each route: one small program, line by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.model.errors import PortkitError

PROGRAM = '''"""Trains on cuda."""
from __future__ import annotations
import ctypes, os
import torch
import torch.cuda as gpu
from torch import cuda
from torch.cuda import Stream, CUDAGraph
from torch.cuda.amp import GradScaler
import torch.distributed as dist

cuda_graph = "my_cuda_op"
URL = "https://example.org/cuda"

def place(x, device="cuda:0", rank=0):
    if torch.cuda.is_available():
        x = x.cuda().to(f"cuda:{rank}")
    if x.is_cuda and x.device.type == "cuda":
        gpu.synchronize(), cuda.empty_cache()
    with torch.autocast("cuda"):
        s = torch.cuda.current_stream().cuda_stream
    return torch.device("cuda"), s

dist.init_process_group("nccl")
dist.new_group(backend="cpu:gloo,cuda:nccl")
assert dist.get_backend() == "nccl"
os.environ["CUDA_VISIBLE_DEVICES"] = "0"
lib = ctypes.CDLL("libcudart.so.12")
if torch.cuda.get_device_capability() >= (8, 0):
    torch.cuda.nvtx.range_push("cuda")
'''


def migrated(folder: Path, target: str, route: str = "", text: str = PROGRAM) -> str:
    """Return a file as it is after the migration."""
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_bytes(text.encode())
    options = Options(route=route, cache=False)
    session = Session(folder, options, [target])
    changes = {c.rel: c.after for c in session.changes()}
    return changes.get("train.py", text.encode()).decode()


def changed(before: str, after: str) -> list[str]:
    """Return the lines of `after` that are not in `before`, stripped."""
    old = set(before.splitlines())
    return [line.strip() for line in after.splitlines() if line not in old]


def test_maca_keeps_everything_but_libraries(tmp_path: Path) -> None:
    after = migrated(tmp_path, "maca")
    assert changed(PROGRAM, after) == ['lib = ctypes.CDLL("libmcruntime.so")']


def test_musa_imports_one_module_before_torch(tmp_path: Path) -> None:
    after = migrated(tmp_path, "musa")
    assert changed(PROGRAM, after) == ["import torchada", 'lib = ctypes.CDLL("libmusart.so")']
    lines = after.splitlines()
    assert lines.index("import torchada") + 1 == lines.index("import torch")
    assert lines[1] == "from __future__ import annotations"
    assert migrated(tmp_path / "again", "musa", text=after) == after


RENAMED = [
    "import torch_musa", "import torch.musa as gpu", "from torch import musa as cuda",
    "from torch.musa import Stream, MUSAGraph as CUDAGraph",
    'def place(x, device="musa:0", rank=0):', "if torch.musa.is_available():",
    'x = x.musa().to(f"musa:{rank}")', 'if x.is_musa and x.device.type == "musa":',
    'with torch.autocast("musa"):', "s = torch.musa.current_stream().musa_stream",
    'return torch.device("musa"), s', 'dist.init_process_group("mccl")',
    'os.environ["MUSA_VISIBLE_DEVICES"] = "0"', 'lib = ctypes.CDLL("libmusart.so")',
    "if torch.musa.get_device_capability() >= (8, 0):",
]  # fmt: skip


def test_musa_renames_names_and_strings(tmp_path: Path) -> None:
    after = migrated(tmp_path, "musa", "rename")
    assert changed(PROGRAM, after) == RENAMED
    assert migrated(tmp_path / "again", "musa", "rename", after) == after
    compile(after, "train.py", "exec")


@pytest.mark.parametrize(
    ("target", "route", "some"),
    [
        ("biren@gen2", "", ['os.environ["SUPA_VISIBLE_DEVICES"] = "0"']),
        ("biren@gen1", "", ["from torch_br.contrib import transfer_to_supa"]),
        ("biren@gen1", "rename", ['dist.init_process_group("sccl")']),
        ("biren@gen2", "rename", ['dist.new_group(backend="cpu:gloo,supa:bccl")']),
        ("enflame", "import", ["from torch_gcu import transfer_to_gcu"]),
        ("enflame", "rename", ['dist.init_process_group("eccl")', "import torch_gcu"]),
        ("musa", "portable", ["if torch.accelerator.is_available():"]),
    ],
)
def test_routes_of_the_others(tmp_path: Path, target: str, route: str, some: list[str]) -> None:
    lines = changed(PROGRAM, migrated(tmp_path, target, route))
    assert set(some) <= set(lines)
    assert not any("my_" in line or "example.org" in line for line in lines)


def test_a_route_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PortkitError, match="unknown route 'torchada' of maca@native"):
        migrated(tmp_path, "maca", "torchada")


def findings(folder: Path, target: str, text: str, route: str = "") -> list[tuple[str, str]]:
    """Return (rule, case) of each finding of a file."""
    (folder / "a.py").write_text(text, encoding="utf-8")
    session = Session(folder, Options(route=route, cache=False), [target])
    (plan,) = session.plans()
    return [(f.rule, f.args.get("case", "")) for file in plan.files for f in file.findings]


@pytest.mark.parametrize(
    ("target", "route", "text", "found"),
    [
        ("musa", "", "torch.cuda.get_device_capability() >= (8, 0)", ("PK721", "false")),
        ("musa@mp_21", "", "torch.cuda.get_device_capability() < (3, 0)", ("PK721", "true")),
        ("maca", "", "torch.cuda.get_device_capability() >= (8, 0)", ("PK721", "true")),
        ("maca", "", "torch.cuda.get_device_properties(0).major >= 9", ("PK721", "false")),
        ("enflame", "", "torch.cuda.get_device_capability()[0] > 6", ("PK721", "noted")),
        ("maca", "", "torch.version.cuda >= '12'", ("PK722", "false")),
        ("maca", "", "torch.version.cuda >= '11.6'", ("PK722", "true")),
        ("musa", "", "torch.cuda.is_available()", ("PK720", "false")),
        ("biren@gen1", "", "torch.cuda.is_available()", ("PK720", "unknown")),
        ("musa", "", "hasattr(torch, 'cuda')", ("PK723", "known")),
        ("musa", "rename", "from torch.cuda import Stream, memory_usage", ("PK724", "held")),
    ],
)
def test_what_tests_answer(
    tmp_path: Path, target: str, route: str, text: str, found: tuple[str, str]
) -> None:
    assert found in findings(tmp_path, target, f"import torch\n{text}\n", route)


def test_available_where_it_says_yes_is_no_finding(tmp_path: Path) -> None:
    text = "import torch\ntorch.cuda.is_available()\n"
    assert findings(tmp_path, "maca", text) == []


KERNEL = """import cupy
k = cupy.RawKernel("void f() {\\n\\tcudaFree(0); }" 'cudaDeviceSynchronize();', "f")
g = cupy.RawModule(code=r'''
#if __CUDA_ARCH__ >= 800
cudaFree(0); asm("bar.sync 0;");
#endif
''')
"""


def test_source_text_is_edited_inside_of_its_literal(tmp_path: Path) -> None:
    after = migrated(tmp_path, "musa", "rename", KERNEL)
    assert after == KERNEL.replace("cudaFree", "musaFree").replace("cudaDevice", "musaDevice")
    found = findings(tmp_path, "musa", KERNEL, "rename")
    assert {("PK724", "guard"), ("PK912", "ptx")} <= set(found)


@pytest.mark.parametrize(
    "text",
    [
        "devices = ['cpu', 'cuda']",
        "run(device=('cuda', 'xpu'))",
        "ok = device in ('cuda', 'xpu')",
        "def f(devices=('cpu', 'cuda')): ...",
    ],
)
def test_a_choice_of_several_is_to_gain_one(tmp_path: Path, text: str) -> None:
    assert migrated(tmp_path, "musa", "rename", f"import torch\n{text}\n").endswith(f"{text}\n")
    assert ("PK805", "noted") in findings(tmp_path, "musa", f"import torch\n{text}\n", "rename")


def test_what_may_be_no_module_is_not_imported(tmp_path: Path) -> None:
    text = "import torch\nfrom torch.cuda.amp import GradScaler\nimport torch.cuda.nvtx\n"
    assert migrated(tmp_path, "musa", "rename", text) == text
    assert ("PK724", "held") in findings(tmp_path, "musa", text, "rename")
    first = "from torch.cuda import Stream\nimport torch\n"
    after = migrated(tmp_path / "first", "musa", "rename", first)
    assert after == f"import torch_musa\n{first.replace('cuda', 'musa')}"


def test_a_file_that_knows_the_target_is_left(tmp_path: Path) -> None:
    ported = "import torch\nif hasattr(torch, 'musa'):\n    torch.musa.init()\ntorch.cuda.init()\n"
    assert migrated(tmp_path, "musa", "rename", ported) == ported
    neutral = "import torch\nx.to(torch.accelerator.current_accelerator())  # cuda\n"
    assert migrated(tmp_path, "musa", "rename", neutral) == neutral


@pytest.mark.parametrize(
    "text",
    [
        "'''cuda'''\r\nimport torch\r\ntorch.cuda.init()\r\n",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport torch; torch.cuda.init()",
        "try:\n    import torch\nexcept ImportError:\n    torch = None\ntorch.cuda.init()\n",
        "from numpy import (\n    array,\n)\nimport os\nimport torch\ntorch.cuda.init()\n",
    ],
)
def test_the_import_stands_where_it_may(tmp_path: Path, text: str) -> None:
    for target, line in (("musa", "import torchada"), ("enflame", "transfer_to_gcu")):
        after = migrated(tmp_path, target, "", text)
        compile(after, "train.py", "exec")
        assert after.count(line) == 1 and after.count("\r\n") in (0, text.count("\r\n") + 1)
        torch = re.search(r"import torch\b", after)
        comes_first = torch is not None and after.index(line) < torch.start()
        assert comes_first == (target == "musa")

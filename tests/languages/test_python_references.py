# SPDX-License-Identifier: Apache-2.0
"""What a Python file asks of CUDA: names by their imports, strings by where they stand."""

from __future__ import annotations

import pytest

from portkit.languages.python.language import Python
from portkit.languages.python.reader import read_python
from portkit.model.reading import Reference
from portkit.model.words import Parse, Proof, Rung
from portkit.vocab.vocabulary import load_vocabulary


def references(text: str, encoding: str = "utf-8") -> list[tuple[str, str, str]]:
    """Return (written, name, proof) of each reference."""
    data = text.encode(encoding)
    return [
        (data[r.span.start : r.span.end].decode(encoding), r.name, _proof(r))
        for r in read_python(data, load_vocabulary()).references
    ]


def _proof(ref: Reference) -> str:
    return ref.proof.name.lower() if ref.proof is not None else ""


def names(text: str) -> list[str]:
    """Return the full names that are read."""
    return [name for _, name, _ in references(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import torch\ntorch.cuda.ipc_collect()", "torch.cuda.ipc_collect"),
        ("import torch as t\nt.cuda.ipc_collect()", "cuda.ipc_collect"),
        ("import torch.cuda as gpu\ngpu.ipc_collect()", "ipc_collect"),
        ("from torch import cuda as gpu\ngpu.ipc_collect()", "ipc_collect"),
        ("import torch\ngpu = torch.cuda\ngpu.ipc_collect()", "ipc_collect"),
        ("import torch\nwith torch.cuda.device(1): pass", "torch.cuda.device"),
        ("import torch\nclass A(torch.cuda.Stream): pass", "torch.cuda.Stream"),
        ("import torch\nx = torch.cuda.Event.record", "torch.cuda.Event"),
        ("import torch\nf'{torch.cuda.device_count()} of {1:>{2}}'", "torch.cuda.device_count"),
        ('import torch\nf"""a\n{torch.cuda.device_count()!r}"""', "torch.cuda.device_count"),
        ("import torch\ndef f(s: torch.cuda.Stream = None): ...", "torch.cuda.Stream"),
        ("import torch\n@torch.cuda.amp.custom_fwd\ndef f(): ...", "torch.cuda.amp.custom_fwd"),
        ("import torch\nif torch.version.cuda: pass", "torch.version.cuda"),
        ("import torch\n(torch\n .cuda\n .empty_cache())", "empty_cache"),
    ],
)
def test_a_name_is_what_its_first_word_is_bound_to(text: str, found: str) -> None:
    last = references(text)[-1]
    assert last[0] == found and last[2] == "proved"


@pytest.mark.parametrize(
    "text",
    [
        "torch = load()\ntorch.cuda.synchronize()",
        "def f(torch): torch.cuda.synchronize()",
        "import mytorch as torch\ntorch.cuda.synchronize()",
        "from . import torch\ntorch.cuda.synchronize()",
        "import torch\ndef f():\n    torch = 1\n    return torch.cuda.x",
        "import torch\n[torch.cuda.x for torch in y]",
        "cuda_graph = use_cuda = 1\nself.cuda_graph_impl(cuda_graph)",
        "import torch\ntorch.ops.mine.cuda_version()",
        "class cuda: pass\ncuda.x()",
        "current_platform.is_cuda()",
        "self.cuda()",
        "x = 'cuda_rasteriser'",
    ],
)
def test_names_of_the_programs_own_are_none(text: str) -> None:
    assert names(text) == []


def test_a_binding_beside_the_import_makes_it_likely() -> None:
    fallback = "try:\n    import torch\nexcept ImportError:\n    torch = None\ntorch.cuda.x()"
    assert references(fallback)[-1][2] == "proved"
    other = "import torch\nif y:\n    torch = stub()\ntorch.cuda.x()"
    assert references(other)[-1][2] == "likely"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch.device('cuda', 1)", "proved"),
        ("torch.ones(2, device='cuda:3')", "proved"),
        ("torch.load(p, 'cuda')", "proved"),
        ("torch.autocast(device_type=f'cuda')", "proved"),
        ("net.to('cuda')", "likely"),
        ("net.to(f'cuda:{i}')", "likely"),
        ("net.to('cuda:%d' % i)", "likely"),
        ("net.to('cuda:{}'.format(i))", "likely"),
        ("net.to('cuda:' + str(i))", "likely"),
        ("build(device='cuda' if gpu else 'cpu')", "likely"),
        ("device = args.device or 'cuda'", "likely"),
        ("def f(x, dev='cuda'): ...", "likely"),
        ("class C:\n    device: str = 'cuda'", "likely"),
        ("x.device.type == 'cuda'", "likely"),
        ("'cuda' in str(x.device)", "likely"),
        ("torch.device(d).type != 'cuda'", "proved"),
        ("dist.get_backend() == 'nccl'", "proved"),
        ("dist.init_process_group('nccl')", "proved"),
        ("dist.new_group(backend='cpu:gloo,cuda:nccl')", "proved"),
        ("device, size = 'cuda', 2", "likely"),
        ("options['device_type'] = 'cuda'", "likely"),
        ("options['device'] == 'cuda'", "likely"),
        ("mem = 'cuda' if y else 'cpu'", "spelling"),
        ("match y:\n    case 'cuda': pass", "spelling"),
        ("def f(): return 'cuda', 1", "spelling"),
        ("def f(): return 'cuda:{}'.format(1)", "spelling"),
        ("run('cuda')", "spelling"),
        ("def f(): return 'cuda'", "spelling"),
        ("kind == 'cuda'", "spelling"),
    ],
)
def test_a_string_is_a_device_where_it_stands_for_one(text: str, expected: str) -> None:
    found = references(f"import torch\nimport torch.distributed as dist\n{text}\n")
    assert [proof for *_, proof in found][-1:] == [expected]
    assert len(found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "'''A text on cuda.'''",
        "choices = ['cpu', 'cuda']",
        "parser.add_argument('--where', choices=('cpu', 'cuda'))",
        "sizes = {'cuda': 1}",
        "log.info('needs cuda')",
        "open('kernels/sum_cuda.cu')",
        "url = 'https://example.org/cuda/cu121'",
        "model = 'org/cuda-net'",
        "k.replace('cuda_', '')",
        "device = b'cuda'",
        "names = ['to', 'cuda']",
        "return_of = {'kind': ['cuda']}",
        "device = 'cu' 'da'",
        "device = 'c\\x75da'",
        "x.to('gpu')",
    ],
)
def test_what_is_no_device_is_no_reference(text: str) -> None:
    assert names(text) == []


def test_strings_with_a_word_of_cudas_are_counted() -> None:
    data = b"'''cuda'''\nurl = 'https://x/cuda'\nsizes = {'cuda': 1}\nlog('NCCL')\nok = 'gpu'\n"
    facts = read_python(data, load_vocabulary()).facts.python
    assert facts is not None and facts.asides == 3


@pytest.mark.parametrize(
    "text",
    [
        "name = 'NCCL_DEBUG'",  # nobody asks for a variable
        "import os\nos.environ.get('HOME')\nname = 'NCCL_UNHEARD'",
        "import os\nos.getenv('HOME')\nstyle(dict(base, NCCL_DEBUG=1))",
        "import os\nos.getenv('HOME')\nbase.update(NCCL_DEBUG=1)",
    ],
)
def test_a_word_that_is_handed_on_to_no_environment(text: str) -> None:
    assert not read_python(text.encode() + b"  # cuda\n", load_vocabulary()).references


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("import os\nos.environ['NCCL_DEBUG']", "environment", "NCCL_DEBUG"),
        ("import os\nos.getenv('CUDA_HOME', '')", "environment", "CUDA_HOME"),
        ("import os\n'CUDA_PATH' in os.environ", "environment", "CUDA_PATH"),
        ("env.setdefault('CUDA_VISIBLE_DEVICES', '0')", "environment", "CUDA_VISIBLE_DEVICES"),
        ("import os\nos.environ.update({'NCCL_DEBUG': '1'})", "environment", "NCCL_DEBUG"),
        ("import os\nos.environ.update(NCCL_DEBUG='1')", "environment", "NCCL_DEBUG"),
        ("import os\nrun(env={**os.environ, 'NCCL_DEBUG': '1'})", "environment", "NCCL_DEBUG"),
        ("import os\nmine = dict(os.environ, NCCL_DEBUG='1')", "environment", "NCCL_DEBUG"),
        ("import os\nname = 'NCCL_DEBUG'\nos.environ[name]", "environment", "NCCL_DEBUG"),
        (
            "from os import environ\nfor n in ('NCCL_DEBUG',):\n  environ[n]",
            "environment",
            "NCCL_DEBUG",
        ),
        ("import ctypes\nctypes.CDLL('libnccl.so.2')", "link_library", "libnccl.so.2"),
        ("import subprocess\nsubprocess.run(['nvcc', '-V'])", "tool", "nvcc"),
        ("import subprocess\nsubprocess.run('nvidia-smi -L', shell=True)", "tool", "nvidia-smi"),
        ("import pynvml", "package", "pynvml"),
        ("from numba.cuda import jit", "package", "numba.cuda"),
        ("lib.impl('f', g, 'AutogradCUDA')", "dispatch_key", "AutogradCUDA"),
        ("from torch.utils.cpp_extension import load", "extension", None),
    ],
)
def test_what_else_a_program_asks_for(text: str, kind: str, name: str | None) -> None:
    (ref,) = read_python(text.encode() + b"  # cuda\n", load_vocabulary()).references
    assert ref.kind == kind and name in (None, ref.name)


def test_names_of_classes_in_the_file_are_left_to_a_person() -> None:
    text = "class Fake:\n    is_cuda = True\n    def cuda(self): ...\nx.cuda()\nx.is_cuda\n"
    assert [proof for *_, proof in references(text)] == ["spelling", "spelling"]
    fields = "class Options:\n    cuda: bool = True\nx.cuda()\n"
    assert [proof for *_, proof in references(fields)] == ["likely"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_spans_are_bytes_whatever_the_encoding(encoding: str) -> None:
    head = "# coding: gb18030\n" if encoding == "gb18030" else ""
    text = f"{head}import torch\r\nx = '显卡'; torch.cuda.init(); y.to('cuda')  # 注\r\n"
    data = text.encode(encoding)
    found = read_python(data, load_vocabulary()).references
    assert [data[r.span.start : r.span.end] for r in found] == [b"torch.cuda.init", b"cuda"]


def test_a_file_that_does_not_parse_is_read_by_its_letters() -> None:
    data = b"print 'torch.cuda.x'\ntorch.cuda.synchronize()  # torch.cuda.y\n"
    read = read_python(data, load_vocabulary())
    (ref,) = read.references
    assert read.parse is Parse.LEX and [i.rule for i in read.issues] == ["PK901"]
    assert (ref.name, ref.proof, ref.rung) == (
        "torch.cuda.synchronize", Proof.SPELLING, Rung.LEX,
    )  # fmt: skip


def test_only_files_with_a_telling_word_are_read() -> None:
    wants, vocabulary = Python().wants, load_vocabulary()
    assert wants(b"x.CUDA", vocabulary) and wants(b"import pynvml", vocabulary)
    assert not wants(b"# Copyright NVIDIA CORPORATION\nimport torch\n", vocabulary)


def gates(text: str) -> list[tuple[str, str, str]]:
    """Return (asks, operator, value) of each test."""
    facts = read_python(f"import torch\n{text}\n".encode(), load_vocabulary()).facts.python
    assert facts is not None
    return [(g.asks, g.operator, g.value) for g in facts.gates]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("torch.cuda.get_device_capability(0) >= (9, 0)", ("capability", ">=", "9.0")),
        ("torch.cuda.get_device_capability()[0] > 7", ("capability", ">", "7")),
        ("8 <= torch.cuda.get_device_properties(0).major", ("capability", ">=", "8")),
        ("major, _ = torch.cuda.get_device_capability()\nmajor == 9", ("capability", "==", "9")),
        ("p = torch.cuda.get_device_properties(0)\np.major < 8", ("capability", "<", "8")),
        ("torch.version.cuda >= '12.1'", ("version", ">=", "12.1")),
        ("int(torch.version.cuda.split('.')[0]) < 12", ("version", "<", "12")),
        ("Version(torch.version.cuda) >= Version('11.8')", ("version", ">=", "11.8")),
        ("hasattr(torch, 'cuda')", ("presence", "", "")),
        ("not torch.cuda.is_available()", ("available", "", "")),
    ],
)
def test_tests_that_depend_on_the_platform(text: str, found: tuple[str, str, str]) -> None:
    assert gates(text) == [found]


@pytest.mark.parametrize(
    "text", ["hasattr(torch, 'compile')", "p.major >= 8", "version >= '12'", "len(x) >= 8"]
)
def test_other_tests_are_none(text: str) -> None:
    assert gates(text) == []


SOURCE = [
    ("S = 'cudaFree(0);'\nk = cupy.RawKernel(S, 'k')", ["cudaFree"]),
    ("k = cupy.RawKernel('a();\\n\\tcudaFree(\\x30);', 'k')", ["cudaFree"]),
    ("k = cupy.RawModule(code=r'''\\n cudaFree(0);'''\n)", ["cudaFree"]),
    ("k = cupy.RawKernel('cudaFree(0);' # x\n \"cudaMalloc(0,0);\", 'k')", ["cudaFree", "cudaMalloc"]),
    ("k = cupy.RawKernel('cuda' 'Free(0);', 'k')", []),
    ("k = cupy.ElementwiseKernel('T x', 'T y', 'y = __ldg(&x)', 'k')", ["__ldg"]),
    ("cudaSource = 'cudaFree(0);'\nprint(cudaSource)", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), SOURCE)
def test_source_text_is_read_where_a_call_compiles_it(text: str, found: list[str]) -> None:
    data = f"import cupy\n{text}\n".encode()
    read = [r for r in read_python(data, load_vocabulary()).references if r.library != "packages"]
    assert [data[r.span.start : r.span.end].decode() for r in read] == found


def test_text_that_is_put_together_is_said_and_left() -> None:
    data = b"import cupy\ncupy.RawKernel(f'cudaFree({x});', 'k')\n"
    read = read_python(data, load_vocabulary())
    assert [r.library for r in read.references] == ["packages"]
    assert [(i.rule, i.args["case"]) for i in read.issues] == [("PK912", "formatted")]

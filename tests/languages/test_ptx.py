# SPDX-License-Identifier: Apache-2.0
"""The PTX parser and the list of instructions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portkit.languages.ptx.catalogue import REGISTER, is_ptx, load_catalogue, meaning
from portkit.languages.ptx.parser import HOLE, Instruction, parse_assembly


def mnemonics(text: str) -> list[str]:
    return [i.mnemonic for i in parse_assembly(text).instructions]


def test_scopes_labels_predicates_and_vectors() -> None:
    text = "{\n.reg .pred p;\nsetp.ne.s32 p, %1, 0;\n@!p bra DONE;\n"
    text += "ld.global.nc.v4.f32 {%0, %2,\n %3, %4}, [%5 + 16];\nDONE: mov.u32 %6, %%laneid;\n}"
    parsed = parse_assembly(text)
    assert [i.mnemonic for i in parsed.instructions] == [
        "setp.ne.s32",
        "bra",
        "ld.global.nc.v4.f32",
        "mov.u32",
    ]
    assert parsed.instructions[1].predicate == "p"
    assert parsed.instructions[2].operands == ("{%0, %2,\n %3, %4}", "[%5 + 16]")
    assert parsed.instructions[3].registers == ("laneid",)
    assert parsed.directives == (".reg",) and parsed.unread == ()


def test_cache_words_are_modifiers() -> None:
    (load,) = parse_assembly("ld.global.L1::no_allocate.L2::128B.u32 %0, [%1];").instructions
    assert load.opcode == "ld" and "no_allocate" in load.modifiers
    assert meaning(load).group == "cache-hint"


@pytest.mark.parametrize(
    ("text", "group", "cuda"),
    [
        ("bar.sync 0;", "barrier", "__syncthreads"),
        ("bar.warp.sync 0xffffffff;", "warp", "__syncwarp"),
        (
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0}, {%1}, {%2}, {%3};",
            "tensor-core",
            "nvcuda::wmma::mma_sync",
        ),
        (
            "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];",
            "tma",
            "cuda::memcpy_async",
        ),
        ("cp.async.wait_group 2;", "async-copy", "__pipeline_wait_prior(N)"),
        ("griddepcontrol.wait;", "dependent-launch", "cudaGridDependencySynchronize"),
        ("add.cc.u32 %0, %1, %2;", "carry-chain", ""),
        ("mov.u32 %0, %%clock;", REGISTER, "clock()"),
        ("mov.u32 %0, %smid;", REGISTER, ""),
        ("frobnicate.u32 %0;", "unknown", ""),
    ],
)
def test_meanings(text: str, group: str, cuda: str) -> None:
    (instruction,) = parse_assembly(text).instructions
    assert (meaning(instruction).group, meaning(instruction).cuda) == (group, cuda)


def test_odd_templates() -> None:
    assert mnemonics("// only a comment\n/* mov.u32 */") == []
    assert mnemonics("@!%p1 bra DONE; DONE:") == ["bra"]
    assert mnemonics("\\t;;{}%0") == []
    assert mnemonics("mov.b32 {%0, %1}, %2") == ["mov.b32"]
    assert mnemonics(f"cvt.rn.{HOLE}.f32 %0, %1;") == [f"cvt.rn.{HOLE}.f32"]


def test_host_assembly_is_not_ptx() -> None:
    for text in ("rdtsc", "cpuid", "mov %eax, %ebx", "pause", "", "lock; cmpxchg %1, %2"):
        assert not is_ptx(parse_assembly(text)), text
    for text in ("mov.u32 %0, %1;", "{ .reg .b32 t; }", "mov.u32 %0, %%laneid;"):
        assert is_ptx(parse_assembly(text)), text


def test_the_list_is_whole() -> None:
    catalogue = load_catalogue()
    assert len({e.words[0] for e in catalogue.instruction}) > 120
    assert all(set(names) == {"en", "zh"} for names in catalogue.groups.values())
    seen = [(e.words[0], frozenset(e.words[1:]), e.operands) for e in catalogue.instruction]
    assert len(seen) == len(set(seen))
    for entry in catalogue.instruction:
        plain = Instruction(".".join(entry.words), entry.operands or ())
        assert meaning(plain).group == entry.group, entry.words


@given(st.text(alphabet="abmov.u32%{}[];:,@!p \n\t\\/*", max_size=60))
def test_any_text_is_parsed(text: str) -> None:
    parsed = parse_assembly(text)
    assert all(i.opcode for i in parsed.instructions)


@pytest.mark.parametrize(
    ("text", "cuda"),
    [
        ("lop3.b32 %0, %1, %2, %3, 0xc0;", "a & b"),
        ("lop3.b32 %0, %1, %2, %3, 0xfe;", "(a | b) | c"),
        ("mov.u32 %0, %%lanemask_ge;", "~0u << lane"),
        ("mov.u32 %0, %lanemask_lt;", "(1u << lane) - 1"),
        ("barrier.sync 0;", "__syncthreads"),
        ("redux.sync.max.s32 %0, %1, %2;", "__reduce_max_sync"),
        ("cvt.sat.u8.s32 %0, %1;", "static_cast<unsigned char>(min(max(a, 0), 255))"),
    ],
)
def test_a_hint_is_of_the_one_instruction(text: str, cuda: str) -> None:
    (one,) = parse_assembly(text).instructions
    assert meaning(one).cuda == cuda


def test_a_barrier_of_some_threads_is_none_of_all() -> None:
    for text in ("bar.sync %0, %1;", "bar.sync 2, 64;", "bar.arrive 1, 96;", "barrier.sync 3;"):
        (one,) = parse_assembly(text).instructions
        assert "__syncthreads" not in meaning(one).cuda

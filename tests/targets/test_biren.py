# SPDX-License-Identifier: Apache-2.0
"""Biren: two generations whose names do not mix, a tool chain that compiles CUDA as it is, and no
default among them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.floors import Floors
from portkit.targets.target import Target, load_target
from portkit.vocab.vocabulary import load_vocabulary


@pytest.fixture(scope="module")
def gen1() -> Target:
    return load_target("biren@gen1")


@pytest.fixture(scope="module")
def gen2() -> Target:
    return load_target("biren@gen2")


def look(target: Target, name: str) -> Row | None:
    entity = load_vocabulary().get(name)[0]
    return target.row(name, entity.kind, entity.library, entity.qualifier)


def test_without_a_generation_the_error_tells_the_cards_apart() -> None:
    with pytest.raises(PortkitError) as caught:
        load_target("biren")
    for word in (
        "biren@gen1",
        "biren@gen2",
        "biren@suda",
        "BR100",
        "106B",
        "BR2xx",
        "libsupart.so",
        "brsmi",
    ):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("cudaMalloc", "suMallocDevice", "supaMalloc"), ("cudaStreamSynchronize",
        "suStreamSynchronize", "supaStreamSynchronize"),
        ("cuInit", "sudrvInit", "suInit"), ("cuDeviceGetAttribute", "sudrvDeviceGetAttribute", "suDeviceGetAttribute"),
        ("CUdeviceptr", "suDeviceptr_t", "SUdeviceptr"), ("CUDA_SUCCESS", "suSuccess", "SUPA_SUCCESS"),
        ("ncclSuccess", "succlSuccess", "bcclSuccess"),
        ("cudaGetErrorString", "suGetErrorString", "supaGetErrorString"), ("cublasCreate",
        "sublasCreate", "sublasCreate"),
    ],
)  # fmt: skip
def test_each_generation_has_its_own_name(
    gen1: Target, gen2: Target, name: str, first: str, second: str
) -> None:
    one, other = look(gen1, name), look(gen2, name)
    assert one is not None and other is not None and (one.target, other.target) == (first, second)
    assert Floors().accepts(one) and Floors().accepts(other)


def test_one_word_is_the_runtime_here_and_the_driver_there(gen1: Target, gen2: Target) -> None:
    """`suDeviceGetAttribute` is the runtime's in gen1 and the driver's in gen2: no table may hold
    both meanings.
    """

    def sources_of(target: Target, word: str) -> set[str]:
        return {
            key for key, (_, _, line) in target.table.lines.items() if line.split(",")[1] == word
        }

    for word in ("suDeviceGetAttribute", "suGetErrorString"):
        assert sources_of(gen1, word) and sources_of(gen2, word)
        assert all(name.startswith("cuda") for name in sources_of(gen1, word))
        assert all(not name.startswith("cuda") for name in sources_of(gen2, word))


@pytest.mark.parametrize(
    "name", ["nvrtcCompileProgram", "cublasDgemm", "CUDA_R_64F", "wmma::load_matrix_sync"]
)
@pytest.mark.parametrize("profile", ["gen1", "gen2", "suda"])
def test_what_no_generation_has(profile: str, name: str) -> None:
    row = look(load_target(f"biren@{profile}"), name.rpartition("::")[2])
    assert row is not None and row.status is Status.NONE and row.note and row.sources


@pytest.mark.parametrize(
    "name",
    ["cublasDiagType_t", "cublasDataType_t", "cublasDestroy_v2", "cublasDotEx", "cublasDotcEx"],
)
@pytest.mark.parametrize("profile", ["gen1", "gen2", "suda"])
def test_a_name_with_a_d_is_not_double_precision(profile: str, name: str) -> None:
    row = look(load_target(f"biren@{profile}"), name)
    assert row is None or row.status is not Status.NONE


def test_arguments_that_move_name_their_recipe(gen1: Target, gen2: Target) -> None:
    row = look(gen1, "cudaMemcpyAsync")
    assert row is not None and row.target == "suMemcpyAsync" and row.recipe == "stream-before-kind"
    assert gen1.recipes[row.recipe].order == (0, 1, 2, 4, 3)  # type: ignore[union-attr]
    kept = look(gen2, "cudaMemcpyAsync")
    assert kept is not None and kept.target == "supaMemcpyAsync" and not kept.recipe


def test_the_wrapper_has_what_was_seen_and_may_have_what_it_forwards() -> None:
    suda = load_target("biren@suda")
    seen, forwarded = look(suda, "cudaHostAlloc"), look(suda, "cudaStreamSynchronize")
    assert (
        suda.as_is
        and seen is not None
        and (seen.status, seen.exists) == (Status.SAME, Exists.USAGE)
    )
    assert forwarded is not None and (forwarded.exists, forwarded.pairs) == (
        Exists.RULE,
        Pairs.ALIKE,
    )
    assert look(suda, "ncclAllReduce") is None
    # In sources that the vendor changed for this compiler and builds.
    for name in ("cudaMalloc", "__popc", "tiled_partition", "BlockReduce", "float4", "expf"):
        row = look(suda, name)
        assert row is not None and (row.status, row.exists) == (Status.SAME, Exists.USAGE), name


def test_missing_names_are_checked(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    head = 'id = "toy"\n[name]\nen = "Toy"\n[profiles.one]\n[profiles.two]\n[[missing]]\n'
    good = 'names = "cudaMalloc(?:Host)?"\nsource = "s"\nnote = "not there"\nprofiles = ["one"]\n'
    (folder / "target.toml").write_text(head + good, encoding="utf-8")
    row = load_target("toy@one", tmp_path).row("cudaMallocHost", Kind.FUNCTION, "runtime")
    assert row is not None and (row.status, row.note, row.sources) == (
        Status.NONE,
        "not there",
        ("s",),
    )
    assert load_target("toy@two", tmp_path).row("cudaMallocHost", Kind.FUNCTION, "runtime") is None
    for bad, word in (
        ("names = '('\n", "missing"),
        ('profiles = ["three"]\n', "three"),
        ("", "needs"),
        ("name = 'x'\n", "name"),
    ):
        text = (
            head
            + 'source = "s"\nnote = "n"\n'
            + ("" if bad in ("", "names = '('\n") else 'libraries = ["runtime"]\n')
            + bad
        )
        (folder / "target.toml").write_text(text, encoding="utf-8")
        with pytest.raises(PortkitError, match=word):
            load_target("toy@one", tmp_path)


@pytest.mark.parametrize("name", ["make_float4", "sqrtf", "__popc", "__half2float", "__fdiv_rn"])
def test_words_of_the_language_are_assumed_on_both_generations(
    gen1: Target, gen2: Target, name: str
) -> None:
    for target in (gen1, gen2):
        row = look(target, name)
        assert row is not None
        assert (row.target, row.status, row.exists) == (name, Status.SAME, Exists.RULE)
        assert row.derived or row.sources
        assert target.chinese(row.note) or not row.derived


@pytest.mark.parametrize(
    "name",
    [
        "make_double2",  # there is no double precision
        "__dadd_rn",
        "__shfl_down",  # without a mask: CUDA itself has dropped it
        "__ballot",
        "make_cudaExtent",  # a function of the runtime, whose type is renamed
        "atomicAdd_system",
        "vector_types.h",
    ],
)
def test_what_no_compiler_must_have_is_not_assumed(gen1: Target, gen2: Target, name: str) -> None:
    for target in (gen1, gen2):
        row = look(target, name)
        assert row is None or not row.derived or row.status is Status.MANUAL or row.target != name

# SPDX-License-Identifier: Apache-2.0
"""Targets: found by folder, loaded by name and profile, asked for rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.checks import check_target
from portkit.targets.rows import COLUMNS, TableError
from portkit.targets.target import available_targets, load_target
from portkit.vocab.vocabulary import load_vocabulary

FACTS = """
id = "acme"
default_profile = "one"
suffixes = [".ac"]
own_prefixes = ["acme"]
own_patterns = ['ac[A-Z]\\w*']
vendor_macros = ["__ACME__"]
vendor_headers = ['acme\\w*\\.h']
[vendor_switches]
USE_ACME = "port"
[name]
en = "Acme"
zh = "艾克"
[facts]
warp_size = 32
[profiles.one]
[profiles.two]
warp_size = 64
[profiles.wrap]
as_is = true
[profiles.wrap.guards.__CUDA_ARCH__]
target = "__CUDA_ARCH__"
value = 800
[naming]
rules = [['cuda', 'acme'], ['(?<![A-Za-z])cu(?=[A-Z])', 'ac']]
unchanged_kinds = ["builtin", "device_function"]
unchanged_types = ["device"]
[naming.unchanged_libraries]
cub = "port"
[naming.unchanged_namespaces]
cub = "port"
thrust = "port"
[naming.renamed_namespaces]
"cuda::std" = "port"
[[naming.header_prefixes]]
prefix = "cub/"
source = "port"
[[naming.header_prefixes]]
prefix = "cuda/std/"
target = "acme/std/"
exists = "table"
pairs = "table"
source = "port"
"""
ROWS = [
    "cudaMalloc,acmeAlloc,function,mapped,usage,usage,port,,",
    "cudaGone,,function,none,doc,no,port,,not there",
    "cuda,acme,namespace,mapped,usage,usage,port,,",
    "cuda,acmert,link_library,mapped,usage,usage,port,,",
    "thrust::cuda,thrust::acme,namespace,mapped,usage,usage,port,,",
    "cuda_runtime.h,acme_runtime.h,header,mapped,usage,usage,port,,",
    "cudaOnlyOne,acmeOnlyOne,function,mapped,usage,usage,port,,",
]
OVER = [
    "cudaMalloc,acmeAlloc2,function,mapped,usage,usage,port,,",
    "cudaOnlyOne,,function,removed,rule,no,port,,",
]


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    folder = tmp_path / "acme"
    folder.mkdir()
    (tmp_path / "cuda").mkdir()  # no target.toml: not a target
    (folder / "target.toml").write_text(FACTS, encoding="utf-8")
    (folder / "sources.toml").write_text(
        'port = { repo = "acme/port", commit = "abc", path = "a.h" }\n', encoding="utf-8"
    )
    head = ",".join(COLUMNS)
    (folder / "runtime.csv").write_text("\n".join([head, *ROWS]) + "\n", encoding="utf-8")
    (folder / "runtime@two.csv").write_text("\n".join([head, *OVER]) + "\n", encoding="utf-8")
    (folder / "build.csv").write_text(
        head + "\n-lcudart,-lacmert,flag,mapped,doc,alike,port,,\n", encoding="utf-8"
    )
    (folder / "npp.names").write_text(
        "#exists=table pairs=table sources=port\ncudaBulkA\ncudaBulkB\n", encoding="utf-8"
    )
    return tmp_path


def test_targets_are_folders_with_a_target_file(mappings: Path) -> None:
    assert available_targets(mappings) == ["acme"]


def test_a_new_folder_is_a_new_target(mappings: Path) -> None:
    (mappings / "beta").mkdir()
    (mappings / "beta" / "target.toml").write_text(
        'id = "beta"\n[name]\nen = "Beta"\n[profiles.g1]\n[profiles.g2]\n', encoding="utf-8"
    )
    assert available_targets(mappings) == ["acme", "beta"]
    with pytest.raises(PortkitError) as caught:
        load_target("beta", mappings)
    assert "no default profile" in str(caught.value) and "beta@g1, beta@g2" in str(caught.value)
    assert load_target("beta@g2", mappings).row("cudaMalloc", Kind.FUNCTION, "runtime") is None


def test_profile_help_is_the_hint(mappings: Path) -> None:
    path = mappings / "acme" / "target.toml"
    path.write_text(
        FACTS.replace('default_profile = "one"', 'profile_help = "pick a card"'), encoding="utf-8"
    )
    with pytest.raises(PortkitError, match="pick a card"):
        load_target("acme", mappings)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("acne", "did you mean acme"),
        ("zzz", "known targets: acme"),
        ("acme@three", "known profiles: one, two, wrap"),
        ("acme@onee", "did you mean one"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(mappings: Path, spec: str, message: str) -> None:
    with pytest.raises(PortkitError) as caught:
        load_target(spec, mappings)
    assert message in str(caught.value)


def test_facts_and_names(mappings: Path) -> None:
    one, two = load_target("acme", mappings), load_target("acme@two", mappings)
    assert (one.id, one.profile, one.spec) == ("acme", "one", "acme@one")
    assert (one.name(), one.name("zh"), one.name("fr")) == ("Acme", "艾克", "Acme")
    assert (one.facts.warp_size, two.facts.warp_size) == (32, 64)
    assert one.sources == {"port": "acme/port@abc:a.h"}
    assert one.digest != two.digest
    assert one.digest == load_target("acme@one", mappings).digest


def test_a_profile_has_guards_of_its_own(mappings: Path) -> None:
    one, wrap = load_target("acme", mappings), load_target("acme@wrap", mappings)
    assert (one.as_is, wrap.as_is) == (False, True)
    assert (one.guards, wrap.guards["__CUDA_ARCH__"].value) == ({}, 800)


@pytest.mark.parametrize(
    ("name", "kind", "library", "qualifier", "target", "status", "exists", "derived"),
    [
        (
            "cudaMalloc",
            Kind.FUNCTION,
            "runtime",
            "",
            "acmeAlloc",
            Status.MAPPED,
            Exists.USAGE,
            False,
        ),
        ("cudaGone", Kind.FUNCTION, "runtime", "", "", Status.NONE, Exists.DOC, False),
        ("cudaBulkA", Kind.FUNCTION, "npp", "", "acmeBulkA", Status.MAPPED, Exists.TABLE, False),
        ("cudaNew", Kind.FUNCTION, "runtime", "", "acmeNew", Status.MAPPED, Exists.RULE, True),
        ("cuInit", Kind.FUNCTION, "driver", "", "acInit", Status.MAPPED, Exists.RULE, True),
        ("threadIdx", Kind.BUILTIN, "device", "", "threadIdx", Status.SAME, Exists.RULE, True),
        ("float4", Kind.TYPE, "device", "", "float4", Status.SAME, Exists.RULE, True),
        ("major", Kind.FIELD, "runtime", "cudaDeviceProp", "major", Status.SAME, Exists.RULE, True),
        ("BlockReduce", Kind.TYPE, "cub", "cub", "BlockReduce", Status.SAME, Exists.USAGE, False),
        ("CUB_MAX", Kind.MACRO, "cub", "", "CUB_MAX", Status.SAME, Exists.USAGE, False),
        ("cub", Kind.NAMESPACE, "cub", "", "cub", Status.SAME, Exists.USAGE, False),
        ("cuda", Kind.NAMESPACE, "libcudacxx", "", "acme", Status.MAPPED, Exists.USAGE, False),
        ("cuda", Kind.LINK_LIBRARY, "link", "", "acmert", Status.MAPPED, Exists.USAGE, False),
        (
            "cuda",
            Kind.NAMESPACE,
            "thrust",
            "thrust",
            "thrust::acme",
            Status.MAPPED,
            Exists.USAGE,
            False,
        ),
        ("std", Kind.NAMESPACE, "libcudacxx", "cuda", "std", Status.SAME, Exists.RULE, True),
        ("tuple", Kind.TYPE, "libcudacxx", "cuda::std", "tuple", Status.SAME, Exists.RULE, True),
        (
            "cuda_runtime.h",
            Kind.HEADER,
            "runtime",
            "",
            "acme_runtime.h",
            Status.MAPPED,
            Exists.USAGE,
            False,
        ),
        ("cub/cub.cuh", Kind.HEADER, "cub", "", "cub/cub.cuh", Status.SAME, Exists.USAGE, False),
        (
            "cuda/std/limits",
            Kind.HEADER,
            "libcudacxx",
            "",
            "acme/std/limits",
            Status.MAPPED,
            Exists.TABLE,
            False,
        ),
    ],
)
def test_row(
    mappings: Path,
    name: str,
    kind: Kind,
    library: str,
    qualifier: str,
    target: str,
    status: Status,
    exists: Exists,
    derived: bool,
) -> None:
    row = load_target("acme", mappings).row(name, kind, library, qualifier)
    assert row is not None
    assert (row.target, row.status, row.exists, row.derived) == (target, status, exists, derived)


@pytest.mark.parametrize(
    ("name", "kind", "library", "qualifier"),
    [
        # not in the vocabulary: the rule must not invent a name
        ("cudaMystery", Kind.UNKNOWN, "runtime", ""),
        ("cudaMalloc", Kind.NAMESPACE, "runtime", ""),
        ("barrier", Kind.TYPE, "libcudacxx", "cuda"),
        ("-lcudart", Kind.LINK_LIBRARY, "link", ""),
        ("cuda_new.h", Kind.HEADER, "runtime", ""),
        ("plain", Kind.FUNCTION, "runtime", ""),
    ],
)
def test_nothing_is_known(
    mappings: Path, name: str, kind: Kind, library: str, qualifier: str
) -> None:
    assert load_target("acme", mappings).row(name, kind, library, qualifier) is None


def test_the_profile_wins_over_the_base_and_may_remove(mappings: Path) -> None:
    two = load_target("acme@two", mappings)
    assert two.row("cudaMalloc", Kind.FUNCTION, "runtime").target == "acmeAlloc2"  # type: ignore[union-attr]
    gone = two.row("cudaOnlyOne", Kind.FUNCTION, "runtime")
    assert gone is not None and gone.derived


def test_the_user_wins_over_all(mappings: Path) -> None:
    mine = Row("cudaMalloc", "mine", Kind.UNKNOWN, Status.MAPPED, Exists.USER, Pairs.USER, "user")
    assert (
        load_target("acme@two", mappings, {"cudaMalloc": mine}).row(
            "cudaMalloc", Kind.FUNCTION, "runtime"
        )
        is mine
    )


def test_an_unknown_name_of_the_users_table_is_found(mappings: Path) -> None:
    mine = Row("cudaMystery", "mine", Kind.UNKNOWN, Status.MAPPED, Exists.USER, Pairs.USER, "user")
    assert (
        load_target("acme", mappings, {"cudaMystery": mine}).row("cudaMystery", Kind.UNKNOWN)
        is mine
    )


def test_own_names(mappings: Path) -> None:
    target = load_target("acme", mappings)
    words = ("acmeX", "acInit", "account", "cudaMalloc", "acmert", "thrust")
    assert [w for w in words if target.is_own_name(w)] == ["acmeX", "acInit", "acmert"]
    assert target.is_vendor_header("acme_runtime.h") and not target.is_vendor_header(
        "cuda_runtime.h"
    )
    assert {"__ACME__", "USE_ACME"} == target.vendor_macros


def test_a_malformed_table_stops_the_load_with_every_line(mappings: Path) -> None:
    path = mappings / "acme" / "runtime.csv"
    path.write_text(
        path.read_text(encoding="utf-8")
        + "short\ncudaMalloc,again,function,mapped,usage,usage,port,,\n",
        encoding="utf-8",
    )
    with pytest.raises(TableError) as caught:
        load_target("acme", mappings)
    assert len(caught.value.problems) == 2
    assert all("runtime.csv:" in p for p in caught.value.problems)


@pytest.mark.parametrize(
    "text", ["id = ", 'id = "other"\n[name]\nen = "x"\n[profiles.a]\n', 'id = "acme"\n']
)
def test_a_broken_target_file_is_a_users_mistake(mappings: Path, text: str) -> None:
    (mappings / "acme" / "target.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PortkitError, match="target"):
        load_target("acme", mappings)


def test_a_switch_without_a_known_source_is_a_fault(mappings: Path) -> None:
    path = mappings / "acme" / "target.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            'USE_ACME = "port"', 'USE_ACME = "blog"\nWITH_ACME = ""'
        ),
        encoding="utf-8",
    )
    faults = [
        f
        for f in check_target(load_target("acme", mappings), load_vocabulary())
        if ": switch " in f
    ]
    assert [f.partition("switch ")[2] for f in faults] == [
        "USE_ACME: unknown source id 'blog'",
        "WITH_ACME: names no source",
    ]

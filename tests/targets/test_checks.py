# SPDX-License-Identifier: Apache-2.0
"""`portkit targets --check`: each check finds what it is for in a table that is broken in just that
way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.model.errors import PortkitError
from portkit.targets.checks import check_target
from portkit.targets.expanded import ambiguous, in_order, lines
from portkit.targets.rows import COLUMNS
from portkit.targets.target import Target, load_target
from portkit.vocab.vocabulary import load_vocabulary

HEAD = """id = "toy"
[name]
en = "Toy"
[profiles.one]
[naming]
rules = [['^cuda(?=[A-Z])', 'toy'], ['^cu(?=[A-Z])', 'toy']]
"""
GOOD = [
    "cudaMalloc,toyMalloc,function,mapped,header,alike,doc,,",
    "cudaMemcpyAsync,toyMemcpyAsync,function,mapped,doc,no,doc,swap,the stream moved",
    "cudaHostAlloc,toyMallocHost,function,mapped,usage,usage,doc,,other name",
]
RECIPES = '[swap]\nkind = "reorder"\norder = [0, 1, 2, 4, 3]\nsources = ["doc"]\n'

Make = Callable[..., Target]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that writes the toy target and loads it; what is given replaces a file or
    adds rows.
    """

    def build(
        rows: list[str] | None = None, extra: tuple[str, ...] = (), head: str = HEAD, **files: str
    ) -> Target:
        folder = tmp_path / "toy"
        folder.mkdir(exist_ok=True)
        (folder / "target.toml").write_text(head, encoding="utf-8")
        (folder / "sources.toml").write_text('doc = { what = "a document" }\n', encoding="utf-8")
        (folder / "recipes.toml").write_text(files.pop("recipes", RECIPES), encoding="utf-8")
        table = [",".join(COLUMNS), *sorted([*(GOOD if rows is None else rows), *extra])]
        (folder / "runtime.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
        return load_target("toy@one", tmp_path)

    return build


def faults(target: Target) -> list[str]:
    return [f.replace(str(target.folder), "toy") for f in check_target(target, load_vocabulary())]


def test_a_good_table_has_no_fault(make: Make) -> None:
    assert faults(make()) == []


def test_rows_that_disagree(make: Make) -> None:
    with pytest.raises(PortkitError, match="cudaMalloc is listed twice"):
        make(extra=("cudaMalloc,toyAlloc,function,mapped,doc,alike,doc,,other",))
    other = ",".join(COLUMNS) + "\ncudaMalloc,toyAlloc,function,mapped,doc,alike,doc,,other\n"
    with pytest.raises(PortkitError, match="cudaMalloc is listed twice"):
        make(cublas__csv=other)


def test_a_compact_table_that_repeats_a_row(make: Make) -> None:
    (only,) = faults(make(runtime__names="#exists=table pairs=table sources=doc\ncudaMalloc\n"))
    assert only == "toy/runtime.names: cudaMalloc: also in toy/runtime.csv"


def test_a_qualified_row_and_one_of_the_bare_name_disagree(make: Make) -> None:
    rows = (
        "cooperative_groups::this_grid,toy_groups::this_grid,function,mapped,doc,alike,doc,,other scope",
        "this_grid,grid_of_toy,function,mapped,doc,alike,doc,,other name",
    )
    assert faults(make(extra=rows)) == [
        "toy/runtime.csv: cooperative_groups::this_grid: disagrees with the row of this_grid, which is the same name"
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (
            "cudaFree,toyFere,function,mapped,table,table,doc,,",
            "toyFere is not what the naming rule says (toyFree): corrupt, or no source has the name",
        ),
        (
            "cudaFree,toyFere,function,mapped,table,table,doc,,irregular: the naming rule would say toyFree",
            "corrupt, or no source has the name",
        ),
        ("cudaFree,toyFere,function,mapped,usage,usage,doc,,", "corrupt, or a note must say why"),
        (
            "cudaFree,toyFere,function,manual,rule,no,doc,,for a person",
            "toyFere is known by the naming rule alone",
        ),
        ("cudaFree,toy::,function,mapped,doc,alike,doc,,odd", "'toy::' is no name"),
    ],
)
def test_a_corrupt_name(make: Make, row: str, why: str) -> None:
    found = faults(make(extra=(row,)))
    assert found and all("cudaFree" in f for f in found) and any(why in f for f in found)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("cudaFree,toyFree,function,mapped,header,alike,,,", "cudaFree names no source"),
        ("cudaFree,toyFree,function,mapped,header,alike,blog,,", "unknown source id 'blog'"),
        ("cudaFree,toyFree,function,mapped,seen,alike,doc,,", "exists 'seen' is none of"),
        ("cudaFree,toyFree,function,works,header,alike,doc,,", "status 'works' is none of"),
        ("cudaFree,,function,none,doc,no,doc,,", "a note must say why"),
        ("cudaFree,toyFree,function,mapped,doc,no,doc,turn,", "unknown recipe 'turn'"),
    ],
)
def test_a_status_or_evidence_without_a_source(make: Make, row: str, why: str) -> None:
    assert [f for f in faults(make(extra=(row,))) if f"toy/runtime.csv:2: {why}" in f or why in f]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[facts]\nwarp_size = 32\n", "[facts]: names no source"),
        ('[facts]\nwarp_size = 32\nsource = "blog"\n', "[facts]: unknown source id 'blog'"),
        ('[naming.unchanged_libraries]\ncub = "blog"\n', "naming of cub: unknown source id 'blog'"),
        ('[naming.unchanged_namespaces]\ncub = ""\n', "naming of cub: names no source"),
        ('[[naming.header_prefixes]]\nprefix = "cub/"\n', "naming of cub/*: names no source"),
        ('[guards.CUDART_VERSION]\ntarget = ""\n', "guard CUDART_VERSION: names no source"),
        (
            '[guards.TOY_VERSION]\ntarget = ""\nsource = "doc"\n',
            "guard TOY_VERSION is not in the CUDA vocabulary",
        ),
        ('[vendor_switches]\nUSE_TOY = ""\n', "switch USE_TOY: names no source"),
        (
            '[[missing]]\nnames = "cudaNever"\nsource = "doc"\nnote = "n"\n',
            "no name of the CUDA vocabulary is meant",
        ),
    ],
)
def test_a_fact_without_a_source(make: Make, text: str, why: str) -> None:
    (only,) = faults(make(head=HEAD + text))
    assert only == f"toy/target.toml: {why}" or only.endswith(why)


def test_a_feature_without_a_source(make: Make) -> None:
    assert faults(make(features__toml='[half]\nstatus = "same"\n')) == [
        "toy/features.toml: half: same names no source"
    ]


def test_a_name_that_the_rule_makes_must_be_marked(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Target._derived

    def unmarked(self: Target, *asked: Any) -> Any:
        row = plain(self, *asked)
        return row and type(row)(
            row.name, row.target, row.kind, row.status, row.exists, row.pairs, row.library
        )

    monkeypatch.setattr(Target, "_derived", unmarked)
    found = faults(make())
    assert (
        "toy/target.toml: cudaFree: toyFree is made by the naming rule and not marked so" in found
    )
    assert not [f for f in found if "cudaMalloc:" in f]  # a row of its own


def test_a_name_that_is_not_cudas(make: Make) -> None:
    (only,) = faults(make(extra=("cudaMaloc,toyMaloc,function,mapped,doc,alike,doc,,",)))
    assert only == "toy/runtime.csv: cudaMaloc: the CUDA vocabulary does not have it"
    (only,) = faults(make(extra=("cudaFree,toyFree,type,mapped,doc,alike,doc,,",)))
    assert "kind type is none of the vocabulary's: function" in only


def test_an_unlisted_name_that_the_vocabulary_has(make: Make) -> None:
    table = ",".join(COLUMNS) + "\ncudaFree,toyFree,function,mapped,doc,alike,doc,,\n"
    (only,) = faults(make(unlisted__csv=table))
    assert (
        only
        == "toy/unlisted.csv: cudaFree: the CUDA vocabulary has it: it belongs in the table of its library"
    )


def test_an_ambiguous_way_back_must_be_listed(make: Make) -> None:
    twice = ("cudaMallocHost,toyMallocHost,function,mapped,doc,alike,doc,,",)
    (only,) = faults(make(extra=twice))
    assert (
        only == "toy/ambiguous.tsv: the way back from toyMallocHost is ambiguous (cudaHostAlloc, "
        "cudaMallocHost), and one does not say so"
    )
    said = "profiles\ttarget\tcuda\nall\ttoyMallocHost\tcudaHostAlloc cudaMallocHost\n"
    assert faults(make(extra=twice, ambiguous__tsv=said)) == []
    assert ambiguous(make(extra=twice)) == {"toyMallocHost": ("cudaHostAlloc", "cudaMallocHost")}
    assert faults(make(ambiguous__tsv=said)) == [
        "toy/ambiguous.tsv: the way back from toyMallocHost is not ambiguous in one"
    ]
    (only,) = faults(make(ambiguous__tsv="profiles\ttarget\tcuda\nall\ttoyMallocHost\n"))
    assert "want profiles, target name and two or more CUDA names" in only


def test_recipes_are_named_and_write_known_names(make: Make) -> None:
    unused = RECIPES + '[person]\nkind = "needs-person"\nnote = "n"\nsources = ["doc"]\n'
    assert faults(make(recipes=unused)) == ["toy/recipes.toml: no row names the recipe person"]
    strange = RECIPES.replace(
        '"reorder"\norder = [0, 1, 2, 4, 3]', '"insert"\nat = 2\ntext = "toyMagic"'
    )
    assert faults(make(recipes=strange)) == [
        "toy/recipes.toml: swap writes toyMagic, which is no name of the target that a row or target.toml knows"
    ]
    broken = faults(make(recipes='[swap]\nkind = "turn"\nsources = []\n'))
    assert broken and broken[0].startswith("toy/recipes.toml:1: [swap] ")


def test_the_expanded_table_holds_rows_and_what_the_rule_makes(make: Make) -> None:
    table = {line.split("\t")[0]: line for line in lines(make(), in_order(load_vocabulary()))}
    assert (
        table["cudaMalloc"] == "cudaMalloc\tfunction\truntime\ttoyMalloc\tmapped\theader\talike\t"
    )
    assert (
        table["cudaFree"] == "cudaFree\tfunction\truntime\ttoyFree\tmapped\trule\talike\t\tderived"
    )
    assert "threadIdx" not in table


def test_naming_rules_that_cannot_be_used(make: Make) -> None:
    with pytest.raises(PortkitError, match="has a group of its own"):
        make(head=HEAD.replace("^cuda(?=[A-Z])", "(cuda)"))
    with pytest.raises(PortkitError, match="bad pattern"):
        make(head=HEAD.replace("^cuda(?=[A-Z])", "cuda("))


def test_a_name_that_differs_cannot_do_without_its_recipe(make: Make) -> None:
    recipes = RECIPES.replace("order =", "optional = true\norder =")
    (only,) = faults(make(recipes=recipes))
    assert (
        only
        == "toy/runtime.csv: cudaMemcpyAsync: the recipe swap is optional, and the name alone is known to differ"
    )

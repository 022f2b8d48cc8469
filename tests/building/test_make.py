# SPDX-License-Identifier: Apache-2.0
"""What becomes of files of Make's: the compiler, its lines, its options, the names in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_trees import USUAL_MAKEFILE, Moved, move

MUSA = """\
# one variable of options on both lines
MUSA_HOME ?= /usr/local/musa
CXX := mcc
SM ?= mp_31
FILES = solve.cu field.cu
OBJECTS = $(FILES:.cu=.o)
FLAGS = -O2 -std=c++17 -fopenmp --offload-arch=$(SM)
LIBS = -lmufft

solve: $(OBJECTS)
\t@$(CXX) $(FLAGS) $^ -o $@ $(LIBS) -L$(MUSA_HOME)/lib -lmusart

%.o: %.cu field.cuh
\t$(CXX) $(FLAGS) -x musa -c $< -o $@
"""


def make(text: str, folder: Path, target: str = "musa", **options: object) -> Moved:
    return move(folder, {"Makefile": text}, target, **options)


def body(text: str, folder: Path, target: str = "musa") -> str:
    """Return a moved file without the line that says where the SDK is."""
    moved = make(text, folder, target).files["Makefile"]
    return "".join(line for line in moved.splitlines(True) if "?= /" not in line)


def test_the_usual_shape(tmp_path: Path) -> None:
    moved = make(USUAL_MAKEFILE, tmp_path)
    # an option that goes leaves the continued line: blanks before it, no bytes of another
    assert [*map(str.rstrip, moved.files["Makefile"].replace(" \\\n", "\n").split("\n"))] == [
        *MUSA.replace("$(SM)\n", "$(SM)\n\n").split("\n")
    ]
    assert moved.rules("Makefile") == []


@pytest.mark.parametrize(
    ("target", "compiles", "links"),
    [
        ("maca", "$(FLAGS) -x maca --maca-path=$(MACA_PATH) -c $<", "-lmcruntime"),
        ("biren@gen1", "$(FLAGS) -x supa -c $<", "-lsupa-runtime"),
        ("biren@gen2", "$(FLAGS) -x supa -c $<", "-lsupart -lsupa"),
        ("enflame", "$(FLAGS) -x tops -c $<", "-ltops -ltopsrt"),
    ],
)
def test_the_lines_of_other_targets(target: str, compiles: str, links: str, tmp_path: Path) -> None:
    text = make(USUAL_MAKEFILE, tmp_path, target).files["Makefile"]
    line = next(x for x in text.splitlines() if "$^" in x)
    assert compiles in text
    assert line.endswith(links)
    assert " -x " not in line
    assert ("$(CXX) --supa-link" in line) == target.startswith("biren")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a.o: a.cu\n\tnvcc -c a.cu\n", "a.o: a.cu\n\tmcc -x musa -c a.cu\n"),
        ("a.o: a.cu\n\tnvcc a.cu -c\n", "a.o: a.cu\n\tmcc -x musa a.cu -c\n"),
        (".cu.o:\n\tnvcc -dc $<\n", ".cu.o:\n\tmcc -x musa -dc $<\n"),
        ("a.o: a.cpp\n\tnvcc -c $<\n", "a.o: a.cpp\n\tmcc -c $<\n"),
        (
            "Q=@\nNVCC=nvcc\na: a.o\n\t$(Q)$(NVCC) a.o -lcudart -o a\n",
            "Q=@\nNVCC=mcc\na: a.o\n\t$(Q)$(NVCC) a.o -lmusart -o a\n",
        ),
        (
            "a: a.cu ; nvcc a.cu -o a && ./a\n",
            "a: a.cu ; mcc -x musa a.cu -o a -L$(MUSA_HOME)/lib -lmusart && ./a\n",
        ),
        (
            "N = $(CUDA_PATH)/bin/nvcc\nI = -I$(CUDA_PATH)/include\nL = -L$(CUDA_PATH)/lib64\n",
            "N = $(MUSA_PATH)/bin/mcc\nI = -I$(MUSA_PATH)/include\nL = -L$(MUSA_PATH)/lib\n",
        ),
        (
            "SM = 80\nF = -gencode arch=compute_$(SM),code=sm_$(SM)\na.o: a.cu\n\tnvcc $F -c $<\n",
            "SM = 80\nF = -gencode arch=compute_$(SM),code=sm_$(SM)\na.o: a.cu\n"
            "\tmcc $F -x musa -c $<\n",
        ),
        (
            "SM = 80\nF = -gencode arch=compute_$(SM),code=sm_$(SM)\na.o: a.cu\n\tnvcc $(F) -c $<\n",
            "SM = 80\nF = --offload-arch=mp_31\na.o: a.cu\n\tmcc $(F) -x musa -c $<\n",
        ),
        (
            "ifdef F\nX += -lineinfo\nendif\na.o: a.cu\n\tccache nvcc -c $<\n",
            "ifdef F\nX += -lineinfo\nendif\na.o: a.cu\n\tccache mcc -x musa -c $<\n",
        ),
    ],
)
def test_lines_that_compile_and_link(before: str, after: str, tmp_path: Path) -> None:
    assert body(before, tmp_path) == after


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        # -x in a variable that a line that links takes in
        (
            "F = -x cu\na: a.o\n\tnvcc $(F) a.o\na.o: a.cu\n\tnvcc $(F) -c a.cu\n",
            [("PK709", "-x cu")],
        ),
        # objects on the line would be read as source
        ("a: a.cu b.o\n\tnvcc a.cu b.o -o a\n", [("PK709", "nvcc")]),
        (
            "ifdef U\nC = nvcc\nelse\nC = g++\nendif\na.o: a.cu\n\t$(C) -c a.cu\n",
            [("PK709", "$(C)")],
        ),
        ("V := $(shell nvcc --version | grep release)\n", [("PK708", "nvcc")]),
        ("run:\n\tnvidia-smi -q\n", [("PK712", "nvidia-smi")]),
        ("P = /usr/local/cuda/extras/CUPTI\n", [("PK710", "/usr/local/cuda")]),
        ("L = -lnvrtc\n", [("PK703", "-lnvrtc")]),
        ("a.o: a.cu\n\tnvcc -G -arch=$(W) -c a.cu\n", [("PK704", "-G"), ("PK705", "-arch=$(W)")]),
        ("A = sm_70\nall:\n\tcmake -DSM=$(subst sm_,,$(A)) .\n", [("PK705", "sm_70")]),
    ],
)
def test_what_is_left_to_a_person(text: str, rules: list[tuple[str, str]], tmp_path: Path) -> None:
    assert sorted(make(text, tmp_path).rules("Makefile")) == rules


def test_a_link_by_the_host_compiler(tmp_path: Path) -> None:
    text = "a: a.o\n\tg++ a.o -o a -lcudart\na.o: a.cu\n\tnvcc -c a.cu\n"
    assert "g++ a.o -o a -lmusart\n" in make(text, tmp_path / "a").files["Makefile"]
    assert (
        "-lmcruntime -L$(MACA_PATH)/lib -lmxc-runtime64\n"
        in (make(text, tmp_path / "b", "maca").files["Makefile"])
    )
    left = make(text, tmp_path / "c", "biren@gen2").rules("Makefile")
    assert left == [("PK709", "g++")]


@pytest.mark.parametrize("target", ["musa", "maca", "biren@gen2", "enflame", "maca@cu-bridge"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_second_run_changes_nothing(target: str, ends: str, tmp_path: Path) -> None:
    text = USUAL_MAKEFILE.replace("\n", ends).replace("both", "b\u00f6th\t ")
    once = make(text, tmp_path / "a", target).files["Makefile"]
    assert once.splitlines()[0] == text.splitlines()[0]
    assert once.count("\n") == once.count(ends)
    assert make(once, tmp_path / "b", target).files["Makefile"] == once
    if target == "maca@cu-bridge":
        assert once == text


def test_renamed_files(tmp_path: Path) -> None:
    files = {
        "common.mk": "FILES = solve.cu lib/field.cu\nOBJECTS = $(patsubst %.cu,%.o,$(FILES))\n",
        "Makefile": "include common.mk\n%.o: %.cu\n\tnvcc -c $< -o $@\nx.o: $(D).cu\n\tnvcc -c $<\n",
        "solve.cu": "__global__ void k() {}\n",
        "lib/field.cu": "__global__ void f() {}\n",
    }
    moved = move(tmp_path, files, "musa", rename_files=True)
    assert moved.files["common.mk"] == files["common.mk"].replace(".cu", ".mu")
    assert "%.o: %.mu\n\tmcc -c $< -o $@\n" in moved.files["Makefile"]
    assert ("PK707", "$(D).cu") in moved.rules("Makefile")


def test_names_of_files(tmp_path: Path) -> None:
    names = ["GNUmakefile", "sub/rules.mk", "make.config", "Makefile.gpu"]
    moved = move(tmp_path, {n: "CC = nvcc\n" for n in names}, "musa")
    assert {moved.files[n] for n in names} == {"CC = mcc\n"}


def test_a_native_suffix_needs_no_language(tmp_path: Path) -> None:
    files = {"Makefile": USUAL_MAKEFILE, "solve.cu": "", "field.cu": ""}
    for target, suffix in (("biren@gen2", ".su"), ("enflame", ".tops")):
        text = move(tmp_path / target, files, target, rename_files=True).files["Makefile"]
        assert " -x " not in text
        assert f"FILES = solve{suffix} field{suffix}\nOBJECTS = $(FILES:{suffix}=.o)\n" in text


def test_what_the_target_must_be_told(tmp_path: Path) -> None:
    text = "a.o: a.cu\n\tnvcc -c a.cu\n"
    moved = make(text, tmp_path, "enflame").files["Makefile"]
    assert "\ttopscc -x tops -arch=gcu300 -std=c++17 -c a.cu\n" in moved


def test_beside_leaves_files_of_make_to_a_person(tmp_path: Path) -> None:
    moved = make(USUAL_MAKEFILE, tmp_path, build="beside")
    assert moved.files["Makefile"] == USUAL_MAKEFILE
    assert {r for r, _ in moved.rules("Makefile")} >= {"PK704", "PK712"}


def test_what_stands_in_an_option_that_stays(tmp_path: Path) -> None:
    text = (
        "F = -gencode arch=compute_35,code=compute_35 -code=sm_70\na.o: a.cu\n\tnvcc $(F) -c a.cu\n"
    )
    moved = make(text, tmp_path, "maca")
    assert "mxcc $(F) -x maca" in moved.files["Makefile"]
    assert ("PK705", "-code=sm_70") in moved.rules("Makefile")


@pytest.mark.parametrize(
    ("used", "listed"),
    [
        ("LD = -l${RT} -lm", "RT ?= cudart"),
        ("LD = $(LIBS:%=-l%)", "LIBS = m cudart"),
        ("LD = $(addprefix -l,$(LIBS))", "LIBS += cudart"),
        ("LD = $(patsubst %,-l%,$(LIBS))", "LIBS := $(RT) m\nRT = cudart"),
    ],
)
def test_libraries_that_get_their_option_where_they_are_used(
    used: str, listed: str, tmp_path: Path
) -> None:
    text = f"{listed}\n{used}\n"
    assert make(text, tmp_path / "a").files["Makefile"] == text.replace("cudart", "musart")
    other = text.replace("cudart", "nvrtc") + "X = -lcudart\n"
    left = make(other, tmp_path / "b").rules("Makefile")
    assert left == [("PK703", "nvrtc")]


def test_words_that_are_no_libraries(tmp_path: Path) -> None:
    text = "WHAT = cudart cuda\nNAME = $(WHAT)\nA = -l$(OTHER)\nB = $(WHAT:%=lib%.so)\n"
    assert make(text, tmp_path).files["Makefile"] == text


def test_options_for_the_files_that_include_this_one(tmp_path: Path) -> None:
    text = "NVCC_GENCODE ?= -gencode=arch=compute_80,code=sm_80\nNVCCFLAGS = $(NVCC_GENCODE) -O3 -Xcompiler -fPIC\n"
    files = make(text, tmp_path / "a").files
    assert files["Makefile"] == (
        "NVCC_GENCODE ?= --offload-arch=mp_31\nNVCCFLAGS = $(NVCC_GENCODE) -O3 -fPIC\n"
    )
    # what this file's own commands take in is no list for nvcc's lines elsewhere alone
    shared = f"{text}all:\n\techo $(NVCCFLAGS)\n"
    moved = make(shared, tmp_path / "b")
    assert "-gencode=arch=compute_80,code=sm_80" in moved.files["Makefile"]
    assert ("PK704", "-gencode") in [(r, n.split("=")[0]) for r, n in moved.rules("Makefile")]

# SPDX-License-Identifier: Apache-2.0
"""What becomes of CMake files: one edit a command, what is not sure left to a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_trees import cmake, move

SHAPE = """\
# a program in the usual shape
cmake_minimum_required(VERSION 3.20)
project(saxpy LANGUAGES C CXX CUDA)
find_package(CUDAToolkit REQUIRED)
set(CMAKE_CUDA_ARCHITECTURES 70 75)
set(CMAKE_CUDA_FLAGS "${CMAKE_CUDA_FLAGS} --use_fast_math -Xcompiler -Wall")
add_executable(saxpy driver.cpp saxpy.cu)
target_compile_options(saxpy PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda>)
target_compile_features(saxpy PRIVATE cxx_std_17 cuda_std_17)
set_target_properties(saxpy PROPERTIES CUDA_SEPARABLE_COMPILATION OFF)
target_include_directories(saxpy PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(saxpy PRIVATE CUDA::cudart CUDA::cublas)
"""
MUSA = """\
# a program in the usual shape
cmake_minimum_required(VERSION 3.20)
project(saxpy LANGUAGES C CXX)
set(MUSA_HOME "/usr/local/musa" CACHE PATH "MUSA toolkit")
list(APPEND CMAKE_MODULE_PATH ${MUSA_HOME}/cmake)
find_package(MUSA REQUIRED)
list(APPEND MUSA_MCC_FLAGS --offload-arch=mp_31)
list(APPEND MUSA_MCC_FLAGS -std=c++17)
find_package(MUSAToolkit REQUIRED)
list(APPEND MUSA_MCC_FLAGS -ffast-math -Wall)
set(MUSA_LINK_LIBRARIES_KEYWORD PRIVATE)
musa_add_executable(saxpy driver.cpp saxpy.cu)
target_compile_features(saxpy PRIVATE cxx_std_17)
target_include_directories(saxpy PRIVATE ${MUSAToolkit_INCLUDE_DIRS})
target_link_libraries(saxpy PRIVATE MUSA::musart MUSA::mublas)
"""
MACA = """\
# a program in the usual shape
cmake_minimum_required(VERSION 3.20)
project(saxpy LANGUAGES C CXX)
set(MACA_PATH "/opt/maca" CACHE PATH "MACA toolkit")
set(MACA_FOUND TRUE)
set(MACA_INCLUDE_DIRS ${MACA_PATH}/include)
set(MACA_MXCC_FLAGS -x maca -offload-arch=xcore1000 --maca-path=${MACA_PATH})
include_directories(${MACA_INCLUDE_DIRS})
link_directories(${MACA_PATH}/lib)
list(APPEND MACA_MXCC_FLAGS -std=c++17)
list(APPEND MACA_MXCC_FLAGS -use-fast-math -Wall)
set_source_files_properties(saxpy.cu PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "${MACA_MXCC_FLAGS}")
add_executable(saxpy driver.cpp saxpy.cu)
target_compile_features(saxpy PRIVATE cxx_std_17)
target_include_directories(saxpy PRIVATE ${MACA_INCLUDE_DIRS})
target_link_libraries(saxpy PRIVATE mcruntime mcblas)
"""


@pytest.mark.parametrize(("target", "come"), [("musa", MUSA), ("maca", MACA)])
def test_the_usual_shape(target: str, come: str, tmp_path: Path) -> None:
    moved = cmake(SHAPE, tmp_path, target)
    assert moved.files["CMakeLists.txt"] == come
    assert moved.rules() == []


@pytest.mark.parametrize("target", ["musa", "maca", "enflame", "biren@gen2", "maca@cu-bridge"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_second_run_changes_nothing_and_other_bytes_stay(
    target: str, ends: str, tmp_path: Path
) -> None:
    text = SHAPE.replace("\n", ends).replace("shape", "sh\u00e4pe\t ")
    once = cmake(text, tmp_path / "a", target).files["CMakeLists.txt"]
    assert once.splitlines()[:2] == text.splitlines()[:2]
    assert once.count("\n") == once.count(ends)
    assert cmake(once, tmp_path / "b", target).files["CMakeLists.txt"] == once


@pytest.mark.parametrize("asked", ["CUDAToolkit_FOUND", "CUDA_FOUND"])
def test_what_a_condition_asks_for_is_set(asked: str, tmp_path: Path) -> None:
    """An optional toolkit: the block that takes the package's place says that it is there."""
    package = asked.removesuffix("_FOUND")
    text = f"project(opt LANGUAGES CXX)\nfind_package({package})\nif({asked})\n  add_library(o o.cpp)\nendif()\n"
    come = cmake(text, tmp_path, "maca").files["CMakeLists.txt"]
    assert "if(MACA_FOUND)" in come
    assert come.index("set(MACA_FOUND TRUE)") < come.index("if(MACA_FOUND)")


def test_a_target_without_a_way_leaves_the_file_whole(tmp_path: Path) -> None:
    moved = cmake(SHAPE, tmp_path, "biren@gen2")
    assert moved.files["CMakeLists.txt"] == SHAPE
    assert {d.split()[0] for d in moved.decisions("CMakeLists.txt").values()} == {"manual"}
    assert moved.rules()[0] == ("PK701", "CUDA")


def test_a_wrapper_leaves_the_file_and_says_how_it_is_built(tmp_path: Path) -> None:
    text = SHAPE + "include_directories(/usr/local/cuda/include)\nlink_libraries(CUDA::cublasLt)\n"
    moved = cmake(text, tmp_path, "maca@cu-bridge")
    assert moved.files["CMakeLists.txt"] == text
    assert moved.plan.guide is not None and moved.plan.guide.route == "wrapper"
    assert any("cmake_maca" in line for line in moved.plan.guide.commands)
    assert [rule for rule, _ in moved.rules()] == ["PK710", "PK703"]


@pytest.mark.parametrize(
    ("target", "left"),
    [
        ("musa@mapping", ["CMAKE_CUDA_STANDARD"]),
        ("maca@cu-bridge", ["-maxrregcount=64"]),
        ("biren@suda", []),
    ],
)
def test_of_a_wrapper_its_own_rows_speak(target: str, left: list[str], tmp_path: Path) -> None:
    text = (
        "project(a CUDA)\nset(CMAKE_CUDA_STANDARD 17)\nadd_library(a a.cu)\n"
        'set(CMAKE_CUDA_FLAGS "-arch=sm_80 -maxrregcount=64 -lineinfo")\n'
        "target_link_libraries(a CUDA::curand CUDA::cupti)\n"
    )
    moved = cmake(text, tmp_path, target)
    decided = moved.decisions("CMakeLists.txt")
    assert [name for name, d in decided.items() if d.startswith("manual")] == left


def test_beside_leaves_cuda_as_it_is(tmp_path: Path) -> None:
    text = SHAPE.replace("--use_fast_math -Xcompiler -Wall", "-O2")
    moved = cmake(text, tmp_path, "musa", build="beside")
    lines, kept = moved.files["CMakeLists.txt"].splitlines(), text.splitlines()
    assert [line for line in lines if line in kept] == kept
    assert "if(USE_MUSA)\nmusa_add_executable" in moved.files["CMakeLists.txt"].replace(
        "set(MUSA_LINK_LIBRARIES_KEYWORD PRIVATE)\n", ""
    )
    assert lines.count("endif()") == sum(line.startswith("if(") for line in lines)
    again = cmake(moved.files["CMakeLists.txt"], tmp_path / "again", "musa", build="beside")
    assert again.files["CMakeLists.txt"] == moved.files["CMakeLists.txt"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("project(a LANGUAGES CUDA CXX)", "project(a LANGUAGES CXX)"),
        ("project(a CUDA)", "project(a CXX)"),
        ("project(a VERSION 1.2 LANGUAGES CUDA)", "project(a VERSION 1.2 LANGUAGES CXX)"),
        ("project(a LANGUAGES\n  CXX\n  CUDA\n)", "project(a LANGUAGES\n  CXX\n)"),
        ("project(a LANGUAGES C CUDA) # both", "project(a LANGUAGES C CXX) # both"),
        ("project(CUDA LANGUAGES CXX)", "project(CUDA LANGUAGES CXX)"),
    ],
)
def test_the_language_of_a_project(before: str, after: str, tmp_path: Path) -> None:
    text = cmake(f"{before}\n", tmp_path).files["CMakeLists.txt"]
    assert text.startswith(f"{after}\n")
    assert text.count("find_package(MUSA REQUIRED)") == (before != after)


def test_a_language_that_is_turned_on_later(tmp_path: Path) -> None:
    text = "project(a CXX)\nif(GPU)\n  enable_language(CUDA)\nendif()\n"
    come = cmake(text, tmp_path).files["CMakeLists.txt"]
    assert "  find_package(MUSA REQUIRED)\n" in come and "CUDA" not in come


NOT_SURE = [
    ("check_language(CUDA)", "PK714", "manual structure"),
    ("find_package(CUDAToolkit 12.0 REQUIRED)", "PK708", "manual guard-value"),
    ("if(CUDAToolkit_VERSION VERSION_LESS 12)\nendif()", "PK708", "manual guard-value"),
    ("if(CMAKE_CUDA_ARCHITECTURES GREATER 80)\nendif()", "PK705", "manual structure"),
    ("target_link_libraries(t PRIVATE CUDA::nvml)", "PK703", "manual row-manual"),
    ("target_link_libraries(t nppc)", "PK703", "manual row-manual"),
    ("target_sources(t PRIVATE more.cu)", "PK707", "manual structure"),
    ("set(LATER a.cu PARENT_SCOPE)", "PK707", "manual structure"),
    ("add_library(o OBJECT a.cu)", "PK707", "manual structure"),
    ("set(CMAKE_CUDA_FLAGS_RELEASE -G)", "PK704", "manual"),
    ("add_compile_options(-gencode x)", "PK704", "manual"),
    ("set_target_properties(t PROPERTIES CUDA_SEPARABLE_COMPILATION ON)", "PK704", "manual"),
    (
        "target_compile_options(t PRIVATE $<$<AND:$<CONFIG:Debug>,$<COMPILE_LANGUAGE:CUDA>>:-G>)",
        "PK706",
        "manual structure",
    ),
    (
        "target_compile_definitions(t PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:GPU>)",
        "PK706",
        "manual structure",
    ),
    ("find_package(cutensor)", "PK716", "manual unknown"),
    ("find_program(NVCC nvcc)", "PK712", "manual structure"),
    ("link_directories(/usr/local/cuda/lib64)", "PK710", "manual structure"),
    ("link_directories(${CUDA_TOOLKIT_ROOT_DIR}/lib64)", "PK716", "manual structure"),
]


def test_what_is_not_sure_is_a_person_s(tmp_path: Path) -> None:
    files = {f"{n}/CMakeLists.txt": f"{case[0]}\n" for n, case in enumerate(NOT_SURE)}
    moved = move(tmp_path, files, "musa")
    assert moved.files == files
    for name, (_, rule, decision) in zip(files, NOT_SURE, strict=True):
        assert rule in [r for r, _ in moved.rules(name)], name
        assert any(d.startswith(decision) for d in moved.decisions(name).values()), name


SINGLE = [
    ("target_link_libraries(t cudart cublas m)", "target_link_libraries(t musart mublas m)"),
    ("include_directories(${CUDA_INCLUDE_DIRS})", "include_directories(${MUSA_INCLUDE_DIRS})"),
    ("include_directories(/usr/local/cuda/include)", "include_directories(/usr/local/musa/include)"),
    ("cuda_add_executable(t a.cu)", "musa_add_executable(t a.cu)"),
    ("if(CUDA_FOUND)\nendif()", "if(MUSA_FOUND)\nendif()"),
    (
        "set_source_files_properties(a.cpp PROPERTIES LANGUAGE CUDA)\nadd_library(t a.cpp)",
        "set_source_files_properties(a.cpp PROPERTIES MUSA_SOURCE_PROPERTY_FORMAT OBJ)\n"
        "musa_add_library(t a.cpp)",
    ),
    ("set(S a.cu b.cpp)\nadd_library(t SHARED ${S})", "set(S a.cu b.cpp)\nmusa_add_library(t SHARED ${S})"),
    ("file(GLOB S *.cu)\nadd_library(t ${S})", "file(GLOB S *.cu)\nmusa_add_library(t ${S})"),
    ("set(CMAKE_CUDA_STANDARD 14)\nset(CMAKE_CUDA_STANDARD_REQUIRED ON)", "list(APPEND MUSA_MCC_FLAGS -std=c++14)"),
    ("add_library(t a.cu)\n"
     "target_compile_options(t PRIVATE -g $<$<COMPILE_LANGUAGE:CUDA>:-ccbin g++ --threads 2>)",
     "musa_add_library(t a.cu)\ntarget_compile_options(t PRIVATE -g)"),
    ("find_path(I nccl.h)\nfind_library(L nccl)", "find_path(I mccl.h)\nfind_library(L mccl)"),
    ("add_executable(cuda main.cpp)", "add_executable(cuda main.cpp)"),
    ("add_library(t a.cu)\ntarget_link_libraries(t m)", "musa_add_library(t a.cu)\ntarget_link_libraries(t m)"),
    ("message(STATUS \"CUDA ${CUDA_VERSION} a.cu\")", "message(STATUS \"CUDA ${CUDA_VERSION} a.cu\")"),
    ("option(CUDA \"with CUDA\" ON)\nif(CUDA)\nendif()", "option(CUDA \"with CUDA\" ON)\nif(CUDA)\nendif()"),
    ("# project(a CUDA)", "# project(a CUDA)"),
    ("if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)\n  set(CMAKE_CUDA_ARCHITECTURES 80)\nendif()",
     "if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)\nendif()"),
]  # fmt: skip


def test_single_commands(tmp_path: Path) -> None:
    files = {f"{n}/CMakeLists.txt": f"{before}\n" for n, (before, _) in enumerate(SINGLE)}
    moved = move(tmp_path, files, "musa")
    come = {f"{n}/CMakeLists.txt": f"{after}\n" for n, (_, after) in enumerate(SINGLE)}
    assert moved.files == come
    assert [f.rule for file in moved.plan.files for f in file.findings] == []


def test_flags_of_one_target_do_not_reach_another(tmp_path: Path) -> None:
    options = "target_compile_options(a PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--use_fast_math>)\n"
    alone = cmake(f"add_library(a a.cu)\n{options}", tmp_path / "1")
    assert alone.files["CMakeLists.txt"] == (
        "list(APPEND MUSA_MCC_FLAGS -ffast-math)\nmusa_add_library(a a.cu)\n"
    )
    two = cmake(f"add_library(a a.cu)\nadd_library(b b.cu)\n{options}", tmp_path / "2")
    assert options in two.files["CMakeLists.txt"] and "PK706" in dict(two.rules())


def test_an_option_without_a_twin_stays_beside_those_that_move(tmp_path: Path) -> None:
    text = 'set(CMAKE_CUDA_FLAGS "${CMAKE_CUDA_FLAGS} -lineinfo --use_fast_math")\n'
    moved = cmake(text, tmp_path)
    assert moved.files["CMakeLists.txt"] == (
        'set(CMAKE_CUDA_FLAGS "${CMAKE_CUDA_FLAGS} -lineinfo")\n'
        "list(APPEND MUSA_MCC_FLAGS -ffast-math)\n"
    )


def test_variables_lead_to_where_options_go(tmp_path: Path) -> None:
    text = (
        "set(FAST -use_fast_math)\nset(HOST -use_fast_math)\n"
        "target_compile_options(t PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:${FAST}>)\n"
    )
    come = cmake(text, tmp_path).files["CMakeLists.txt"]
    assert "set(FAST -ffast-math)" in come and "set(HOST -use_fast_math)" in come


def test_an_optional_package_falls_back(tmp_path: Path) -> None:
    text = (
        "include(CheckLanguage)\ncheck_language(CUDA)\nfind_package(CUDAToolkit)\n"
        "if(CMAKE_CUDA_COMPILER AND CUDAToolkit_FOUND)\n  enable_language(CUDA)\n"
        "  add_executable(a m.cpp k.cu)\nelse()\n  add_executable(a m.cpp)\nendif()\n"
    )
    moved = cmake(text, tmp_path)
    found = [f for f in moved.plan.files[0].findings if f.rule == "PK714"]
    assert [(f.args["name"], f.blocking) for f in found] == [("CUDA", True), ("CUDAToolkit", False)]


def test_sources_that_are_renamed(tmp_path: Path) -> None:
    text = (
        "project(a CXX CUDA)\nfile(GLOB MORE kernels/*.cu)\n"
        "add_library(a a.cu ${CMAKE_CURRENT_SOURCE_DIR}/b.cu ${MORE} ${NAME}.cu)\n"
    )
    files = {"CMakeLists.txt": text, "a.cu": "", "b.cu": "", "kernels/c.cu": ""}
    moved = move(tmp_path, files, "musa", rename_files=True)
    assert {"a.mu", "b.mu", "kernels/c.mu"} <= moved.files.keys()
    come = moved.files["CMakeLists.txt"]
    assert "kernels/*.mu" in come and "a.mu ${CMAKE_CURRENT_SOURCE_DIR}/b.mu" in come
    assert ("PK707", "${NAME}.cu") in moved.rules()


def test_the_summary_says_that_nothing_builds_yet(tmp_path: Path) -> None:
    from portkit.assess.readiness import assess

    files = {"CMakeLists.txt": SHAPE, "sub/CMakeLists.txt": "add_library(o OBJECT o.cu)\n"}
    plan = move(tmp_path, files, "musa").plan
    summary = assess(plan).summary
    build = summary.build
    assert build.files == 2 and build.constructs == build.edit + build.manual + build.keep
    assert build.manual == sum(build.by_file.values()) == 2
    assert summary.verdict.whole == summary.verdict.build == "partly"
    assert summary.readiness is None


def test_marks_hold_a_command_back(tmp_path: Path) -> None:
    text = "# portkit: off\nproject(a CUDA)\n# portkit: on\nfind_package(CUDAToolkit)\n"
    moved = cmake(text, tmp_path)
    assert moved.decisions("CMakeLists.txt")["CUDA"] == "keep suppressed"
    assert "project(a CUDA)" in moved.files["CMakeLists.txt"]


def test_builds_are_left_out_where_other_libraries_are_asked_for(tmp_path: Path) -> None:
    for number, options in enumerate(({"only": ["runtime"]}, {"skip": ["build"]})):
        moved = cmake(SHAPE, tmp_path / str(number), "musa", **options)
        assert moved.files["CMakeLists.txt"] == SHAPE
        decided = {*moved.decisions("CMakeLists.txt").values()}
        assert decided == {"keep not-selected"} and moved.rules() == []


def test_beside_no_block_is_opened_twice(tmp_path: Path) -> None:
    text = "if(CUDA_FOUND)\n  add_library(a a.cu)\nelseif(CUDAToolkit_FOUND)\nendif()\n"
    moved = cmake(text, tmp_path, "musa", build="beside")
    lines = moved.files["CMakeLists.txt"].splitlines()
    assert lines[0] == "if(CUDA_FOUND)" and "elseif(CUDAToolkit_FOUND)" in lines
    assert "    if(USE_MUSA)" not in lines and "  if(USE_MUSA)" in lines
    assert [name for _, name in moved.rules()] == ["CUDA_FOUND", "CUDAToolkit_FOUND"]


@pytest.mark.parametrize("target", ["musa", "maca"])
@pytest.mark.parametrize("build", ["replace", "beside"])
def test_options_of_a_target_that_another_file_makes(
    target: str, build: str, tmp_path: Path
) -> None:
    text = (
        "project(parts LANGUAGES CXX CUDA)\n"
        "add_compile_options($<$<COMPILE_LANGUAGE:CUDA>:--use_fast_math>)\n"
        "target_compile_options(made_below PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo>)\n"
    )
    moved = cmake(text, tmp_path, target, build=build)
    assert "PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo>)" in moved.files["CMakeLists.txt"]
    assert moved.decisions("CMakeLists.txt")["-lineinfo"] == "manual structure"
    assert moved.decisions("CMakeLists.txt")["--use_fast_math"].startswith("edit")


def test_beside_leaves_a_command_whose_edits_want_the_same_bytes(tmp_path: Path) -> None:
    text = "project(a LANGUAGES CXX CUDA)\nset(CMAKE_CUDA_FLAGS (CUDA::cudart))\n"
    moved = cmake(text, tmp_path, "musa", build="beside")
    assert "set(CMAKE_CUDA_FLAGS (CUDA::cudart))" in moved.files["CMakeLists.txt"]
    assert "project(a LANGUAGES CXX CUDA)" in moved.files["CMakeLists.txt"]


def test_an_expression_in_a_condition_gives_no_options(tmp_path: Path) -> None:
    line = "target_compile_options(t PRIVATE $<$<$<COMPILE_LANGUAGE:CUDA>:--use_fast_math>:-O3>)\n"
    moved = move(tmp_path, {"CMakeLists.txt": f"add_library(t a.cu)\n{line}"}, "maca")
    assert moved.files["CMakeLists.txt"].endswith(line)
    assert {"PK704", "PK706"} <= {rule for rule, _ in moved.rules("CMakeLists.txt")}


@pytest.mark.parametrize("fills", ["set(LANGS CXX CUDA)", "list(APPEND LANGS CUDA)"])
@pytest.mark.parametrize("asks", ["project(p LANGUAGES ${LANGS})", "enable_language(${LANGS})"])
@pytest.mark.parametrize("target", ["musa", "hip", "biren@gen1"])
def test_a_language_in_a_variable_is_said(
    fills: str, asks: str, target: str, tmp_path: Path
) -> None:
    text = f"{fills}\n{asks}\n"
    moved = move(tmp_path, {"CMakeLists.txt": text}, target)
    assert moved.rules() == [("PK701", "CUDA")]
    assert moved.files["CMakeLists.txt"] == text


def test_a_word_in_another_list_is_no_language(tmp_path: Path) -> None:
    text = "set(BACKENDS CPU CUDA)\nproject(p LANGUAGES ${LANGS})\nadd_library(a ${BACKENDS})\n"
    assert move(tmp_path, {"CMakeLists.txt": text}, "musa").rules() == []

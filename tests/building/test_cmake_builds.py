# SPDX-License-Identifier: Apache-2.0
"""Moved CMake projects are configured and built by CMake itself, with stand-ins for the vendors'
compilers and modules: all device sources reach the device compiler, no option of nvcc's does.

It proves plumbing: the stand-ins write down their command line and compile nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from build_trees import move, run, write

pytestmark = pytest.mark.skipif(
    not (shutil.which("cmake") and shutil.which("make") and shutil.which("gcc")),
    reason="needs cmake, make and gcc",
)
COMPILER = """\
#!/bin/sh
echo "${0##*/} $*" >> "$BUILD_LOG"
for word in "$@"; do
  case "$word" in
    -gencode*|-arch=sm_*|-Xcompiler*|--extended-lambda|-lcuda*|-lcublas|--use_fast_math) exit 1;;
  esac
done
out=a.out; compile=; last=
for word in "$@"; do
  [ "$last" = -o ] && out=$word
  [ "$word" = -c ] && compile=1
  last=$word
done
if [ -n "$compile" ]; then echo | gcc -x c -c - -o "$out"; else cp /bin/true "$out"; fi
"""
# as the C++ compiler of a project it takes host files too
HOST = """\
case " $* " in
  *" maca "*) ;;
  *) for word in "$@"; do
       shift
       case "$word" in -lmc*) ;; *) set -- "$@" "$word";; esac
     done
     exec g++ "$@";;
esac
"""
FIND_MUSA = """\
set(MUSA_FOUND TRUE)
macro(_device name)
  set(_plain)
  foreach(_file ${ARGN})
    if(_file MATCHES "[.](cu|mu)$")
      set(_object ${CMAKE_CURRENT_BINARY_DIR}/${name}_${_file}.o)
      add_custom_command(OUTPUT ${_object} DEPENDS ${_file} VERBATIM
        COMMAND mcc -c ${CMAKE_CURRENT_SOURCE_DIR}/${_file} -o ${_object} ${MUSA_MCC_FLAGS})
      list(APPEND _plain ${_object})
    else()
      list(APPEND _plain ${_file})
    endif()
  endforeach()
endmacro()
macro(_finish name)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} ${MUSA_LINK_LIBRARIES_KEYWORD} m)
endmacro()
macro(musa_add_executable name)
  _device(${name} ${ARGN})
  add_executable(${name} ${_plain})
  _finish(${name})
endmacro()
macro(musa_add_library name)
  _device(${name} ${ARGN})
  add_library(${name} ${_plain})
  _finish(${name})
endmacro()
"""
FIND_TOOLKIT = """\
foreach(_name musart mublas)
  add_library(MUSA::${_name} INTERFACE IMPORTED GLOBAL)
endforeach()
set(MUSAToolkit_INCLUDE_DIRS /opt/none)
"""
TOPS = {
    "FindTOPS.cmake": "macro(update_tops_flags)\nendmacro()\n",
    "CMakeDetermineTOPSCompiler.cmake": (
        "find_program(CMAKE_TOPS_COMPILER topscc REQUIRED)\n"
        "set(CMAKE_TOPS_COMPILER_ENV_VAR TOPSCC)\n"
        "configure_file(${CMAKE_CURRENT_LIST_DIR}/CMakeTOPSCompiler.cmake.in\n"
        "  ${CMAKE_PLATFORM_INFO_DIR}/CMakeTOPSCompiler.cmake)\n"
    ),
    "CMakeTOPSCompiler.cmake.in": (
        'set(CMAKE_TOPS_COMPILER "@CMAKE_TOPS_COMPILER@")\n'
        "set(CMAKE_TOPS_SOURCE_FILE_EXTENSIONS tops)\nset(CMAKE_TOPS_OUTPUT_EXTENSION .o)\n"
        "set(CMAKE_TOPS_COMPILER_ENV_VAR TOPSCC)\n"
    ),
    "CMakeTOPSInformation.cmake": (
        "set(CMAKE_TOPS_COMPILE_OBJECT\n"
        '  "<CMAKE_TOPS_COMPILER> <DEFINES> <INCLUDES> <FLAGS> -c <SOURCE> -o <OBJECT>")\n'
    ),
    "CMakeTestTOPSCompiler.cmake": "set(CMAKE_TOPS_COMPILER_WORKS 1)\n",
}
# in the place of CMake's own modules of the language, which run the compiler
HIP = {
    "hip/CMakeDetermineHIPCompiler.cmake": (
        "find_program(CMAKE_HIP_COMPILER hipcc REQUIRED)\nset(CMAKE_HIP_COMPILER_ENV_VAR HIPCXX)\n"
        "configure_file(${CMAKE_CURRENT_LIST_DIR}/CMakeHIPCompiler.cmake.in\n"
        "  ${CMAKE_PLATFORM_INFO_DIR}/CMakeHIPCompiler.cmake @ONLY)\n"
    ),
    "hip/CMakeHIPCompiler.cmake.in": (
        'set(CMAKE_HIP_COMPILER "@CMAKE_HIP_COMPILER@")\nset(CMAKE_HIP_COMPILER_LOADED 1)\n'
        "set(CMAKE_HIP_SOURCE_FILE_EXTENSIONS hip)\nset(CMAKE_HIP_OUTPUT_EXTENSION .o)\n"
        "set(CMAKE_HIP_COMPILER_ENV_VAR HIPCXX)\nset(CMAKE_HIP_LINKER_PREFERENCE 90)\n"
    ),
    "hip/CMakeHIPInformation.cmake": (
        "set(CMAKE_HIP_COMPILE_OBJECT\n"
        '  "<CMAKE_HIP_COMPILER> -x hip <DEFINES> <INCLUDES> <FLAGS> -c <SOURCE> -o <OBJECT>")\n'
        'set(CMAKE_HIP_LINK_EXECUTABLE "<CMAKE_HIP_COMPILER> <OBJECTS> -o <TARGET>")\n'
        'set(CMAKE_HIP_CREATE_STATIC_LIBRARY "<CMAKE_AR> qc <TARGET> <OBJECTS>")\n'
        "set(CMAKE_INCLUDE_FLAG_HIP -I)\n"
    ),
    "hip/CMakeTestHIPCompiler.cmake": "set(CMAKE_HIP_COMPILER_WORKS 1)\n",
    "hip/hip-config.cmake": "add_library(hip::host INTERFACE IMPORTED)\nset(hip_INCLUDE_DIRS /opt/none)\n",
    "hip/hipblas-config.cmake": "add_library(roc::hipblas INTERFACE IMPORTED)\n",
}
TREE = {
    "CMakeLists.txt": (
        "cmake_minimum_required(VERSION 3.20)\n"
        "project(saxpy LANGUAGES CXX CUDA)\n"
        "find_package(CUDAToolkit REQUIRED)\n"
        "set(CMAKE_CUDA_ARCHITECTURES 70 75)\n"
        'set(CMAKE_CUDA_FLAGS "${CMAKE_CUDA_FLAGS} -Wno-deprecated-gpu-targets")\n'
        "add_subdirectory(kernels)\n"
        "add_executable(saxpy driver.cpp saxpy.cu)\n"
        "target_compile_options(saxpy PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda>)\n"
        "target_compile_features(saxpy PRIVATE cxx_std_17 cuda_std_17)\n"
        "target_include_directories(saxpy PRIVATE ${CUDAToolkit_INCLUDE_DIRS})\n"
        "target_link_libraries(saxpy PRIVATE kernels CUDA::cudart)\n"
    ),
    # a device source beside a host source, in a folder of its own: dropped without a message where
    # only the word CUDA goes
    "kernels/CMakeLists.txt": "set(S more.cu host.cpp)\nadd_library(kernels STATIC ${S})\n",
    "kernels/more.cu": "",
    "kernels/host.cpp": "int host() { return 0; }\n",
    "saxpy.cu": "",
    "driver.cpp": "int main() { return 0; }\n",
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with stand-ins: bin/ with compilers, modules of the vendors."""
    folder = tmp_path_factory.mktemp("tools")
    modules = {f"tops/cmake_modules/{name}": text for name, text in TOPS.items()}
    write(
        folder,
        {
            **{f"bin/{name}": COMPILER for name in ("mcc", "topscc", "hipcc")},
            "bin/mxcc": COMPILER.replace("out=a.out", f"{HOST}out=a.out"),
            "musa/cmake/FindMUSA.cmake": FIND_MUSA,
            "musa/cmake/FindMUSAToolkit.cmake": FIND_TOOLKIT,
            **modules,
            **HIP,
            "tops/lib/empty.c": "int nothing;\n",
        },
    )
    for program in (folder / "bin").iterdir():
        program.chmod(0o755)
    lib = folder / "tops" / "lib"
    run("gcc", "-c", "empty.c", cwd=lib)
    run("ar", "rcs", "libtopsrt.a", "empty.o", cwd=lib)
    return folder


def build(tree: Path, tools: Path, *options: str) -> list[str]:
    """Configure and build a tree; return the command lines of the stand-ins."""
    log = tree / "log"
    log.touch()
    path = f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "BUILD_LOG": str(log)}
    for command in (("cmake", "-B", "out", *options, "."), ("cmake", "--build", "out")):
        done = run(*command, cwd=tree, **env)
        assert done.returncode == 0, done.stdout + done.stderr
    return log.read_text().splitlines()


def moved(folder: Path, target: str, **options: object) -> Path:
    files = move(folder / "before", TREE, target, **options).files
    return write(folder / "after", files)


def compiled(lines: list[str], ending: str) -> list[str]:
    """Return the command lines that compile a source whose name ends so."""
    return [line for line in lines if re.search(rf" -c .*{ending}( |$)", line)]


def test_musa(tools: Path, tmp_path: Path) -> None:
    lines = build(moved(tmp_path, "musa"), tools, f"-DMUSA_HOME={tools / 'musa'}")
    device = compiled(lines, ".cu")
    assert len(device) == 2 and len(device) == len(lines)
    assert all("--offload-arch=mp_31" in line and "-std=c++17" in line for line in device)


def test_maca(tools: Path, tmp_path: Path) -> None:
    compiler = f"-DCMAKE_CXX_COMPILER={tools / 'bin' / 'mxcc'}"
    lines = build(moved(tmp_path, "maca"), tools, compiler)
    device, host = compiled(lines, ".cu"), compiled(lines, "(?:driver|host).cpp")
    assert len(device) == len(host) == 2
    assert all("-x maca -offload-arch=xcore1000" in line for line in device)
    others = [line for line in lines if line not in device]
    assert not any("maca-path" in line or "-x maca" in line for line in others)


def test_enflame(tools: Path, tmp_path: Path) -> None:
    tree = moved(tmp_path, "enflame", rename_files=True)
    lines = build(tree, tools, f"-DTOPS_PATH={tools / 'tops'}")
    device = compiled(lines, ".tops")
    assert len(device) == 2 and all("-arch=gcu300" in line for line in device)


@pytest.mark.parametrize(
    ("target", "suffix"), [("hip", ".cu"), ("hip@rocm", ".cu"), ("hip@rocm-rdna", ".hip")]
)
def test_hip(target: str, suffix: str, tools: Path, tmp_path: Path) -> None:
    tree = moved(tmp_path, target, rename_files=suffix == ".hip")
    text = tree.joinpath("CMakeLists.txt").read_text()
    arch = {"hip": "gfx928", "hip@rocm": "gfx90a", "hip@rocm-rdna": "gfx1100"}[target]
    assert f'set(CMAKE_HIP_ARCHITECTURES "{arch}" CACHE' in text
    assert ("LANGUAGE HIP" in text) == (suffix == ".cu")
    where = [f"-DCMAKE_MODULE_PATH={tools / 'hip'}", f"-Dhip_DIR={tools / 'hip'}"]
    lines = build(tree, tools, *where)
    assert len(compiled(lines, suffix)) == 2
    assert all("-x hip" in line and "-std=c++17" in line for line in compiled(lines, suffix))
    assert not compiled(lines, ".cpp")


def test_packages_of_imported_targets(tmp_path: Path) -> None:
    """ROCm has a package for each library: it is looked for once where the language is turned on,
    in a folder below before each command, as each may stand in a branch.
    """
    lower = (
        "if(FAST)\ntarget_link_libraries(a PRIVATE CUDA::cublas CUDA::cudart)\n"
        "else()\ntarget_link_libraries(a PRIVATE CUDA::cublas)\nendif()\n"
    )
    files = {"CMakeLists.txt": TREE["CMakeLists.txt"] + lower, "low/CMakeLists.txt": lower}
    after = move(tmp_path, files, "hip").files
    looks = "find_package(hipblas REQUIRED)\n"
    assert after["CMakeLists.txt"].count(looks) == 1
    assert after["CMakeLists.txt"].index(looks) < after["CMakeLists.txt"].index("if(FAST)")
    assert after["low/CMakeLists.txt"].count(f"{looks}target_link_libraries(a PRIVATE roc::") == 2


def test_beside_builds_the_target_where_it_is_asked_for(tools: Path, tmp_path: Path) -> None:
    tree = moved(tmp_path, "musa", build="beside")
    lines = build(tree, tools, f"-DMUSA_HOME={tools / 'musa'}", "-DUSE_MUSA=ON")
    assert len(compiled(lines, ".cu")) == 2


def test_a_rename_by_words_builds_no_kernel(tools: Path, tmp_path: Path) -> None:
    """What the edits by command are for: CMake takes the words, and no device source is compiled."""
    words = {"CUDA": "MUSA", "cudart": "musart", " MUSA)\nfind": ")\nfind"}
    files = dict(TREE)
    for before, after in words.items():
        files = {name: text.replace(before, after) for name, text in files.items()}
    tree = write(tmp_path, files)
    module_path = f"-DCMAKE_MODULE_PATH={tools / 'musa' / 'cmake'}"
    assert compiled(build(tree, tools, module_path), ".cu") == []

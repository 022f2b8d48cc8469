# SPDX-License-Identifier: Apache-2.0
"""The shape of the code: which package may import which, how large a module may be, where API names
may stand.

The last tests add a target, a rule and a format to a copy of the project: nothing else may need a
change.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "portkit"
MODULES = sorted(PACKAGE.rglob("*.py"))
CEILING = 400  # lines of a module
# Imports run from right to left only; packages of one stage do not know each other.
STAGES = (
    {"printable"},
    {"model"},
    {"files"},
    {"config"},
    {"vocab"},
    {"languages"},
    {"targets"},
    {"rules"},
    {"plan"},
    {"rewrite", "assess"},
    {"report"},
    {"run", "buildcheck"},
    {"api"},
    {"lsp", "quick"},
    {"cli"},
    {"__main__"},
)
STAGE = {name: number for number, names in enumerate(STAGES) for name in names}


def module_name(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(p): p for p in MODULES}


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of the package that `path` imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "portkit")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module and node.module.split(".")[0] == "portkit":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield whole if whole in NAMES else node.module


def part(module: str) -> str:
    """Return the stage's package of a module: `portkit.languages.cxx.letters.lexer` -> `languages`."""
    return module.split(".")[1] if "." in module else ""


def test_every_module_belongs_to_a_stage() -> None:
    assert {part(n) for n in NAMES} - {""} <= STAGE.keys()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_imports_run_one_way(name: str) -> None:
    own = part(name)
    for other in set(imports(NAMES[name])):
        theirs = part(other)
        if theirs and own:  # portkit itself holds the version and nothing else
            allowed = theirs == own or STAGE[theirs] < STAGE[own]
            assert allowed, f"{name} imports {other}"


# Who looks into the C++ wing from outside of it, and why. All others know of languages what
# `languages.base` says; whoever is to be added here should first ask for more there.
INTO_CXX = {
    # calls are taken apart and counted by text
    "plan": {
        "arity",
        "calls",
        "comments",
        "edit",
        "planner",
        "qualified",
        "recipes",
        "site",
        "written",
    },
    "rules": {"registry"},  # fingerprints of C++ are older than the protocol, and must not change
    "targets": {"sdk", "sdk_headers"},  # an SDK's headers are read by Clang
    # units are jobs, and flags are theirs
    "run": {
        "cluster",
        "compiler",
        "early_plans",
        "executors",
        "pipeline",
        "project",
        "scan_options",
        "site",
    },
    "api": {"include_folders", "unit_flags", "why"},
    "cli": {"doctor", "why"},
}


def test_the_cpp_wing_is_entered_by_few() -> None:
    found: dict[str, set[str]] = {}
    for name, path in NAMES.items():
        own = name.removeprefix("portkit.")
        inside = own.startswith(("languages.", "rules.cxx"))
        if not inside and any(i.startswith("portkit.languages.cxx") for i in imports(path)):
            package, _, module = own.partition(".")
            found.setdefault(package, set()).add(module)
    assert found == INTO_CXX


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name: sorted(set(imports(path)) & NAMES.keys()) for name, path in NAMES.items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in graph[name]:
                if other != name:
                    visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_module_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= CEILING
    assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    assert ast.get_docstring(ast.parse(text)), "a module says in its docstring what it is for"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_no_module_is_ignored_by_git() -> None:
    """A folder called `build` or `target` is in many an ignore file: what lies there is never
    committed.
    """
    names = "build target dist out bin lib env venv".split()  # noqa: SIM905
    assert not [p for p in MODULES if set(p.relative_to(PACKAGE).parts[:-1]) & {*names}]
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "src"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [n for n in done.stdout.splitlines() if n.endswith(".py") and "/_data/" not in n] == []


API_NAME = re.compile(
    r"\b(?:cuda|musa|cublas|mublas|cufft|curand|cusparse|cusolver|cudnn|cupti|nccl|mccl|nvrtc|mtrtc)[A-Z]\w+"
    r"|\b(?:cu|mu)[A-Z][a-z]\w+"
    r"|\b(?:CU|MU|CUDA|MUSA|CUDART|MUSART|CUBLAS|NCCL)_[A-Z]\w+"
    r"|\b__(?:CUDA|MUSA)_\w+__\b|\b__nv_\w+|\bCUdeviceptr\b|\bthreadIdx\b|\b__shfl\w*"
)


def words_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of the identifiers and strings of a module, docstrings and comments left
    out.
    """
    text = path.read_text(encoding="utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    skip = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            skip.add(node.body[0].lineno)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if (
            kind == "NAME"
            or (kind == "STRING" and token.start[0] not in skip)
            or kind == "FSTRING_MIDDLE"
        ):
            yield token.start[0], token.string


def test_no_api_name_in_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path in MODULES
        for line, text in words_of(path)
        for match in API_NAME.finditer(text)
    ]
    assert not found, "names belong into mappings/:\n" + "\n".join(found)


# --- adding things
# ---------------------------------------------------------------------------------------------------

TARGET = """
id = "toy"
vendor = "Toy"
default_profile = "one"
suffixes = [".toy"]

[name]
en = "Toy"

[profiles.one]
arch = "one"
"""
ROWS = """\
name,target,kind,status,exists,pairs,sources,recipe,note
cudaMalloc,toyMalloc,function,mapped,doc,usage,book,,
cudaFree,,function,none,doc,no,book,,the toy never frees
"""
# The rule that the page shows, as it stands there.
RULE = re.compile(r"^```python\n# (src/portkit/rules/\S+)\n(.*?)^```$", re.M | re.S)
TEXT = """\
# {title}

message: {{kernel}} on {{target}}

## {what}

a

## {why}

b

## {do}

c

## {example}

d
"""
HEADINGS = {
    "en": dict(
        title="A launch", what="What it does", why="Why", do="What to do", example="Example"
    ),
    "zh": dict(title="一次启动", what="检查内容", why="原因", do="处理办法", example="示例"),
}
FORMAT = '''\
# SPDX-License-Identifier: Apache-2.0
"""A format that a test adds: one line a file."""

from typing import TextIO

from portkit.report.model import Report

NAME = "toy"


def render(report: Report, out: TextIO) -> None:
    """Write the target and the number of references of each file."""
    for plan, _ in report.plans:
        for file in plan.files:
            out.write(f"toy {plan.target} {file.scan.path} {len(file.scan.references)}\\n")
'''
SOURCE = """\
#include <cuda_runtime.h>
__global__ void k() {}
void use(void* p) {
  cudaMalloc(&p, 4);
  k<<<1, 32>>>();
  cudaFree(p);
}
"""


class Copy:
    """A copy of the package and its tables that a test may add to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.package = folder, folder / "src" / "portkit"
        ignore = shutil.ignore_patterns("__pycache__", ".mypy_cache")
        shutil.copytree(PACKAGE, self.package, ignore=ignore)
        shutil.copytree(ROOT / "mappings", folder / "mappings")
        (folder / "tree").mkdir()
        (folder / "tree" / "a.cu").write_text(SOURCE, encoding="utf-8")

    def add(self, files: dict[str, str]) -> None:
        """Write new files; none of them may exist."""
        for name, text in files.items():
            path = self.folder / name
            assert not path.exists(), path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run(self, *args: str) -> str:
        """Run the copy's command line; returns stdout."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("PORTKIT_")}
        env |= {
            "PYTHONPATH": str(self.package.parent),
            "HOME": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "portkit", *args]
        done = subprocess.run(
            command, cwd=self.folder, env=env, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy")


def test_adding_a_target_takes_one_folder(copy: Copy) -> None:
    copy.add(
        {
            "mappings/toy/target.toml": TARGET,
            "mappings/toy/runtime.csv": ROWS,
            "mappings/toy/sources.toml": 'book = { what = "The toy\'s manual" }\n',
        }
    )
    assert "toy" in copy.run("targets")
    assert "The toy's manual" in copy.run("query", "cudaMalloc", "--to", "toy")
    plan = json.loads(copy.run("report", "tree", "--to", "toy", "--format", "json"))["plans"][0]
    decisions = {r["name"]: (r["decision"], r["reason"]) for r in plan["files"][0]["references"]}
    assert decisions["cudaMalloc"] == ("edit", "mapped")
    assert decisions["cudaFree"] == ("manual", "no-equivalent")
    assert decisions["cuda_runtime.h"] == ("manual", "unknown")
    copy.run("migrate", "tree", "--to", "toy", "--out-dir", "out")
    assert (copy.folder / "out" / "a.cu").read_text() == SOURCE.replace("cudaMalloc", "toyMalloc")


def test_adding_a_rule_takes_one_module_and_its_texts(copy: Copy) -> None:
    texts = {
        f"src/portkit/rules/text/PK998.{lang}.md": TEXT.format(**words)
        for lang, words in HEADINGS.items()
    }
    shown = RULE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(shown) == 1
    copy.add({**dict(shown), **texts})
    assert "PK998" in copy.run("rules")
    assert "A launch" in copy.run("explain", "PK998")
    plan = json.loads(copy.run("report", "tree", "--to", "musa", "--format", "json"))["plans"][0]
    found = [f for f in plan["files"][0]["findings"] if f["rule"] == "PK998"]
    assert [(f["message"], f["line"], f["column"]) for f in found] == [("k on musa", 5, 4)]


LANGUAGE = '''\
# SPDX-License-Identifier: Apache-2.0
"""A language that a test adds."""

from collections.abc import Iterable
from typing import ClassVar

from portkit.languages.base import OneFile, Parsed
from portkit.model.reading import Issue
from portkit.model.spans import Span
from portkit.model.words import Parse
from portkit.vocab.vocabulary import Vocabulary


class Toy(OneFile):
    """Finds nothing but that a file is there."""

    NAME: ClassVar[str] = "toy"
    PARTS: ClassVar[tuple[str, ...]] = ("portkit.languages.toy",)

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is of Toy."""
        return name.endswith(".toy")

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return an issue for the first word."""
        return Parsed(Parse.SYNTAX, issues=[Issue("PK701", Span(0, 4), {"name": "toy"})])

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return no comments."""
        return ()
'''


def test_adding_a_language_takes_one_folder_and_one_line(copy: Copy) -> None:
    docstring = '# SPDX-License-Identifier: Apache-2.0\n"""Toy."""\n'
    folder = "src/portkit/languages/toy"
    copy.add({f"{folder}/__init__.py": docstring, f"{folder}/language.py": LANGUAGE})
    registry = copy.package / "languages" / "registry.py"
    text = registry.read_text()
    text = text.replace("(CMake(), ", "(Toy(), CMake(), ")
    text = text.replace(
        "from portkit.languages.cmake",
        "from portkit.languages.toy.language import Toy\nfrom portkit.languages.cmake",
    )
    registry.write_text(text)
    (copy.folder / "tree" / "b.toy").write_text("cuda\n")
    plan = json.loads(copy.run("report", "tree", "--to", "musa", "--format", "json"))["plans"][0]
    (file,) = [f for f in plan["files"] if f["path"] == "b.toy"]
    assert file["language"] == "toy" and [f["rule"] for f in file["findings"]] == ["PK701"]


def test_adding_a_format_takes_one_module(copy: Copy) -> None:
    copy.add({"src/portkit/report/toy.py": FORMAT})
    lines = copy.run("report", "tree", "--to", "musa", "--format", "toy").splitlines()
    assert lines == ["toy musa a.cu 4"]

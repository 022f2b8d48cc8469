# SPDX-License-Identifier: Apache-2.0
"""What does portkit do to the Python files of a tree? Reads them before and after by Python's own
`ast` and `tokenize`; nothing of portkit is imported.

    python_trees.py TREE... [--to SPEC[:ROUTE]]... [--work DIR] [--json OUT] [--draw N --seed S]

For each tree and target the Python files are copied, migrated and held against the originals:
  own        identifiers of the program's own that have a word of CUDA's in them: none may change
  compile    files that Python compiled before and does not now
  texts      string literals that changed, as pairs with their count, for a person to read
  lines      lines that changed and lines that were added (an import), nothing else
  again      a second run on the output changes nothing
Exit 1 where an own name changed, a file does not compile, a second run changes something, or a line
went. `--draw` prints lines that were changed, drawn by seed, for a person to judge.
"""

from __future__ import annotations

import argparse
import ast
import collections
import contextlib
import difflib
import io
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tokenize
import warnings
from pathlib import Path
from typing import Any

PORTKIT = shlex.split(os.environ.get("PORTKIT", f"{sys.executable} -m portkit"))
SPECS = [
    "musa:torchada", "musa:rename", "musa:portable", "maca:keep", "maca:portable",
    "biren@gen2:autoload", "biren@gen2:rename", "biren@gen2:portable", "biren@gen1:transfer",
    "biren@gen1:rename-gen1", "enflame:transfer", "enflame:rename", "enflame:portable",
]  # fmt: skip
WORD = re.compile(r"cuda|nccl|nvidia|nvcc|cudnn|cublas|cupy", re.I)
# First words of modules whose names are no program's own.
OTHERS = frozenset({
    "torch", "torchvision", "cupy", "cupyx", "numba", "pycuda", "cuda", "pynvml", "nvtx",
    "triton", "nvidia", "tensorrt",
})  # fmt: skip
# Attributes that objects of the framework's have, whatever they are called.
MEMBERS = frozenset(["cuda", "is_cuda", "cuda_stream", "cuda_event", "__cuda_array_interface__"])

Place = tuple[int, int]


def own_names(text: str) -> dict[int, collections.Counter[str]] | None:
    """Return the program's own names that have a word of CUDA's in them, by line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    bound = imported(tree)
    others: set[Place] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not theirs_is(node):
                continue
            for alias in node.names:
                others |= {(n, c) for n, c in inside(text, alias)}
            if isinstance(node, ast.ImportFrom):
                others |= {(n, c) for n, c in inside(text, node)}
        elif isinstance(node, ast.Attribute):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
                root = root.func if isinstance(root, ast.Call) else root.value
            end = (node.end_lineno or 0, (node.end_col_offset or 0))
            spot = (end[0], end[1] - len(node.attr.encode()))
            called = isinstance(root, ast.Name) and root.id in bound
            if called or node.attr in MEMBERS:
                others.add(spot)
        elif isinstance(node, ast.Name) and node.id in bound:
            others.add((node.lineno, node.col_offset))
    lines: dict[int, collections.Counter[str]] = {}
    rows = text.splitlines(keepends=True)
    for token in tokens(text):
        if token.type != tokenize.NAME or not WORD.search(token.string):
            continue
        line, column = token.start
        at = len(rows[line - 1][:column].encode()) if line <= len(rows) else column
        if (line, at) not in others:
            lines.setdefault(line, collections.Counter())[token.string] += 1
    return lines


def theirs_is(node: ast.Import | ast.ImportFrom) -> bool:
    """Return whether an import is of a module that is no program's own."""
    if isinstance(node, ast.ImportFrom):
        return not node.level and (node.module or "").split(".")[0] in OTHERS
    return any(a.name.split(".")[0] in OTHERS for a in node.names)


def imported(tree: ast.Module) -> set[str]:
    """Return the names that imports of others' modules bind."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in OTHERS:
                    names.add(alias.asname or alias.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and theirs_is(node):
            names |= {a.asname or a.name for a in node.names}
    return names


def inside(text: str, node: ast.stmt | ast.alias) -> list[Place]:
    """Return the places of words in a node's bytes."""
    rows = text.split("\n")
    first, last = node.lineno, node.end_lineno or node.lineno
    return [
        (number, len(rows[number - 1][: m.start()].encode()))
        for number in range(first, last + 1)
        for m in re.finditer(r"\w+", rows[number - 1])
    ]


def tokens(text: str) -> list[tokenize.TokenInfo]:
    """Return the tokens of a text as far as they can be told."""
    found: list[tokenize.TokenInfo] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.extend(tokenize.generate_tokens(io.StringIO(text).readline))
    return found


def names_of(line: str) -> collections.Counter[str]:
    """Return the words of a line with one of CUDA's in them."""
    return collections.Counter(m for m in re.findall(r"\w+", line) if WORD.search(m))


def paired(before: list[str], after: list[str]) -> tuple[dict[int, int], list[int], list[int]]:
    """Return lines that go together, lines that went, and lines that came, by their numbers."""
    together: dict[int, int] = {}
    went: list[int] = []
    came: list[int] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            together.update((a + n, c + n) for n in range(b - a))
            continue
        near = 0
        olds, news = list(range(a, b)), list(range(c, d))
        while olds and news:
            alike = difflib.SequenceMatcher(None, before[olds[0]], after[news[0]]).ratio()
            if len(news) > len(olds) and alike < 0.5:
                came.append(news.pop(0))
                continue
            together[olds.pop(0)] = news.pop(0)
            near += 1
        went += olds
        came += news
    return together, went, came


def strings(text: str) -> list[str]:
    """Return the string literals of a text, in order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    return [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]


def compiles(text: str) -> bool:
    """Return whether Python compiles a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "file", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def read(path: Path) -> str | None:
    """Return a file's text; None where it is no UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def held(before: Path, after: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what changed between two trees, and the lines that changed."""
    counts: collections.Counter[str] = collections.Counter()
    texts: collections.Counter[str] = collections.Counter()
    changed: list[str] = []
    faults: list[str] = []
    added: collections.Counter[str] = collections.Counter()
    for path in sorted(before.rglob("*.py")):
        name = path.relative_to(before)
        old = read(path)
        if old is None:
            continue
        counts["files"] += 1
        own = own_names(old)
        counts["own"] += sum(c.total() for c in (own or {}).values())
        if (after / name).read_bytes() == path.read_bytes():
            continue
        counts["changed files"] += 1
        new = read(after / name) or ""
        if compiles(old) and not compiles(new):
            faults.append(f"does not compile: {name}")
            continue
        rows, fresh = old.split("\n"), new.split("\n")
        together, went, came = paired(rows, fresh)
        faults += [f"line went: {name}:{n + 1}: {rows[n].strip()}" for n in went]
        added.update(fresh[n].strip() for n in came)
        for line, found in (own or {}).items():
            there = names_of(fresh[together[line - 1]]) if line - 1 in together else names_of("")
            for word, count in found.items():
                if there[word] < count:
                    faults.append(f"own name {word}: {name}:{line}: {rows[line - 1].strip()}")
        for one, other in together.items():
            if rows[one] != fresh[other]:
                counts["changed lines"] += 1
                changed.append(
                    f"{name}:{one + 1}\n  - {rows[one].strip()}\n  + {fresh[other].strip()}"
                )
        if own is not None:
            olds, news = strings(old), strings(new)
            if len(olds) != len(news):
                faults.append(f"number of strings: {name}: {len(olds)} {len(news)}")
            texts.update(f"{a!r} -> {b!r}" for a, b in zip(olds, news, strict=False) if a != b)
    return {
        **counts, "added lines": dict(added), "texts": dict(texts.most_common()), "faults": faults
    }, changed  # fmt: skip


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run portkit."""
    return subprocess.run([*PORTKIT, *words], text=True, capture_output=True, check=False)


def main() -> int:
    """Run all trees under all targets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--to", action="append", default=[])
    parser.add_argument("--work", type=Path, default=Path("python-trees"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    told: dict[str, dict[str, Any]] = {}
    drawn: dict[str, list[str]] = {}
    bad = False
    for tree in given.trees:
        source = given.work / "in" / tree.name
        if not source.exists():
            for path in tree.rglob("*.py"):
                if path.is_file() and not path.is_symlink():
                    (source / path.relative_to(tree)).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, source / path.relative_to(tree))
        for spec in given.to or SPECS:
            target, _, route = spec.partition(":")
            out = given.work / "out" / tree.name
            shutil.rmtree(out, ignore_errors=True)
            common = ["--root", str(source), "--to", target, "-j", "1", "-q", "--no-config"]
            common += ["--route", route] if route else []
            done = run("migrate", str(source), *common, "--out-dir", str(out), "-o", os.devnull)
            if done.returncode:
                print(tree.name, spec, "rc", done.returncode, done.stderr[-500:])
                bad = True
                continue
            found, changed = held(source, out)
            common[1] = str(out)
            again = run("migrate", str(out), *common, "--diff", "-o", os.devnull)
            if again.stdout.strip() or again.returncode:
                found["faults"].append(f"second run: {again.stdout[:600]}{again.stderr[-200:]}")
            told[f"{tree.name} {spec}"] = found
            drawn.setdefault(target, []).extend(f"{spec} {tree.name}/{c}" for c in changed)
            bad = bad or bool(found["faults"])
            keys = ("files", "own", "changed files", "changed lines")
            print(
                tree.name,
                spec,
                *(f"{k} {found.get(k, 0)}" for k in keys),
                f"faults {len(found['faults'])}",
                flush=True,
            )
            for fault in found["faults"][:12]:
                print("   ", fault)
    if given.json:
        given.json.write_text(json.dumps(told, indent=1))
    for target, lines in drawn.items():
        if given.draw:
            print(f"\n== {target}: {given.draw} of {len(lines)}")
            print("\n".join(random.Random(given.seed).sample(lines, min(given.draw, len(lines)))))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Where an import may be put into a Python file: behind the docstring and `__future__`, before or
behind the first import of a framework.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection

from portkit.languages.python.lines import Lines

_STANDARD = sys.stdlib_module_names


def places(
    tree: ast.Module, lines: Lines, framework: str, modules: Collection[str]
) -> tuple[int, int]:
    """Return the byte before the first import that may run the framework's code, and the one behind
    the framework's own, or before it where that names one of `modules`; -1 where the file does not
    import the framework at its top level.
    """
    before, after = -1, -1
    for number, node in enumerate(tree.body):
        if _is_docstring(node, number):
            continue
        imported = _imports(node)
        if imported == ["__future__"]:
            continue
        if before < 0 and (not _plain(node) or any(m not in _STANDARD for m in imported)):
            before = lines.line(_first_line(node))
        if framework in imported:
            behind = lines.line((node.end_lineno or node.lineno) + 1)
            return before, lines.line(_first_line(node)) if _names(node, modules) else behind
    return -1, after


def _is_docstring(node: ast.stmt, number: int) -> bool:
    return not number and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _plain(node: ast.stmt) -> bool:
    """Is a statement one that runs no code of others': an import, or an assignment of a literal?"""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return isinstance(node.value, ast.Constant | ast.List | ast.Tuple)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _imports(node: ast.stmt) -> list[str]:
    """Return the first words of the modules that a statement imports, in it and below."""
    found: list[str] = []
    for one in ast.walk(node) if not isinstance(node, ast.FunctionDef | ast.ClassDef) else ():
        if isinstance(one, ast.Import):
            found += [a.name.partition(".")[0] for a in one.names]
        elif isinstance(one, ast.ImportFrom):
            found.append("" if one.level else (one.module or "").partition(".")[0])
    return found


def _names(node: ast.stmt, modules: Collection[str]) -> bool:
    """Does a statement import one of the modules, or something of it?"""
    for one in ast.walk(node):
        if isinstance(one, ast.Import) and any(a.name in modules for a in one.names):
            return True
        if isinstance(one, ast.ImportFrom) and (
            one.module in modules or any(f"{one.module}.{a.name}" in modules for a in one.names)
        ):
            return True
    return False


def _first_line(node: ast.stmt) -> int:
    decorated: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorated)])

# SPDX-License-Identifier: Apache-2.0
"""What a name of a Python file stands for: the scopes of a file, and what each binds.

A name that only imports bind, and only to one thing, is that thing. One that something else binds
too (`torch = None` aside) is so likely; a parameter or variable of the program's own is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
OTHER = ""  # what the program binds a name to beside imports


class Bound(NamedTuple):
    """What a name stands for: the full name of a module or of what is in one; `sure`: nothing else
    binds it. `stays`: the name is what is written of its first word (`import torch`).
    """

    dotted: str
    sure: bool
    stays: bool


class Scope:
    """A module, class or function: what each of its names is bound to, full names or OTHER."""

    __slots__ = ("bound", "functions_only", "outer")

    def __init__(self, outer: Scope | None, *, functions_only: bool = False) -> None:
        self.outer, self.functions_only = outer, functions_only
        self.bound: dict[str, set[str]] = {}

    def bind(self, name: str, what: str = OTHER) -> None:
        """Take it that a name is bound to something."""
        self.bound.setdefault(name, set()).add(what)

    def find(self, name: str) -> Bound | None:
        """Return what a name stands for; None for the program's own and for what nobody binds."""
        scope: Scope | None = self
        inner = True
        while scope is not None:
            found = scope.bound.get(name) if inner or not scope.functions_only else None
            if found is not None:
                dotted = found - {OTHER}
                if len(dotted) != 1:
                    return None
                (full,) = dotted
                return Bound(full, len(found) == 1, full == name)
            scope, inner = scope.outer, False
        return None


def bind_all(scope: Scope, body: Iterable[ast.stmt]) -> None:
    """Bind what the statements of a scope bind; nested functions and classes bind their name."""
    waiting, assigned = list(body), list[ast.Assign]()
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import():
                for alias in node.names:
                    full = alias.name if alias.asname else alias.name.partition(".")[0]
                    scope.bind(alias.asname or full, full)
            case ast.ImportFrom():
                module = f"{'.' * node.level}{node.module or ''}"
                for alias in node.names:
                    scope.bind(alias.asname or alias.name, f"{module}.{alias.name}")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                scope.bind(node.name)
            case ast.Assign():
                assigned.append(node)
            case ast.AnnAssign() | ast.AugAssign():
                if not (isinstance(node, ast.AnnAssign) and node.value is None):
                    _bind_target(scope, node.target)
            case ast.For() | ast.AsyncFor():
                _bind_target(scope, node.target)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        _bind_target(scope, item.optional_vars)
            case ast.Try():
                for handler in node.handlers:
                    waiting += handler.body
            case ast.Match():
                for one in node.cases:
                    waiting += one.body
            case _:
                pass
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                waiting += getattr(node, field, ())
    # the imports that they rest on are bound by now
    for assignment in sorted(assigned, key=lambda a: a.lineno):
        _assign(scope, assignment)


def _assign(scope: Scope, node: ast.Assign) -> None:
    value = node.value
    if isinstance(value, ast.Constant) and value.value is None:
        return  # `torch = None` where the import failed
    full = dotted_text(value) if isinstance(value, ast.Attribute) else ""
    if full and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        root = scope.find(full.partition(".")[0])
        if root is not None:  # `tc = torch.cuda`
            scope.bind(node.targets[0].id, root.dotted + full[full.index(".") :])
            return
    for target in node.targets:
        _bind_target(scope, target)


def _bind_target(scope: Scope, target: ast.expr) -> None:
    for node in names_in(target):
        scope.bind(node.id)


def names_in(target: ast.expr) -> Iterator[ast.Name]:
    """Yield the names that an assignment's target binds."""
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            yield from names_in(one)
    elif isinstance(target, ast.Starred):
        yield from names_in(target.value)


def of_function(node: Function, outer: Scope) -> Scope:
    """Return the scope of a function: its parameters, and what its body binds."""
    scope, args = Scope(outer), node.args
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None:
            scope.bind(arg.arg)
    if not isinstance(node, ast.Lambda):
        bind_all(scope, node.body)
        for statement in node.body:
            if isinstance(statement, ast.Global | ast.Nonlocal):
                for name in statement.names:
                    scope.bound.pop(name, None)
    return scope


def members_of(tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    """Return the methods that a file's own classes have, and their fields: what they hold, what is
    set on objects, and methods that a decorator may make a field of.
    """
    methods, fields = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            scope = Scope(None)
            bind_all(scope, node.body)
            defined = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
            methods.update(defined)
            fields.update(name for name in scope.bound if name not in defined)
            fields.update(name for name, n in defined.items() if n.decorator_list)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            fields.add(node.attr)
    return frozenset(methods), frozenset(fields)


def dotted_text(node: ast.expr) -> str:
    """Return `a.b.c` for names joined by dots, "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])

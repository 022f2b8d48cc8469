# SPDX-License-Identifier: Apache-2.0
"""Tests of a Python file whose outcome depends on the platform: what they ask and compare with."""

from __future__ import annotations

import ast
import re

from portkit.languages.python.asked import Asked
from portkit.languages.python.scopes import names_in
from portkit.model.reading import Gate

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Gates:
    """Collects the gates of a file."""

    def __init__(self, walk: Asked) -> None:
        self._walk, gates = walk, walk.words.gates
        self.found: list[Gate] = []
        self._asked = {
            what: re.compile("|".join(getattr(gates, what)))
            for what in ("available", "capability", "properties", "version")
        }
        self._held: dict[str, tuple[str, str]] = {}  # names of the program's that hold an answer

    def called(self, node: ast.Call, dotted: str) -> None:
        """Look at a call."""
        walk = self._walk
        if dotted and self._asked["available"].fullmatch(dotted):
            self.found.append(Gate(walk.lines.span(node), dotted, "available"))
        elif isinstance(node.func, ast.Name) and node.func.id == "hasattr" and len(node.args) == 2:
            name = node.args[1]
            asked = walk.dotted(node.args[0])
            if asked not in walk.words.gates.presence or not isinstance(name, ast.Constant):
                return
            full = f"{asked}.{name.value!s}"
            if full in walk.words.modules:
                self.found.append(Gate(walk.lines.span(node), full, "presence"))

    def assigned(self, target: ast.expr, value: ast.expr) -> None:
        """Remember which names hold an answer."""
        what = self._asks(value)
        if what is not None:
            for name in names_in(target):
                self._held[name.id] = what

    def compared(self, node: ast.Compare) -> None:
        """Look at a compare with a literal."""
        if len(node.ops) != 1 or type(node.ops[0]) not in _OPERATORS:
            return
        operator, left, right = _OPERATORS[type(node.ops[0])], node.left, node.comparators[0]
        for subject, other, turned in ((left, right, False), (right, left, True)):
            asked = self._asks(subject)
            if asked is None or asked[1] == "properties":
                continue
            said = _TURNED.get(operator, operator) if turned else operator
            span = self._walk.lines.span(node)
            self.found.append(Gate(span, asked[0], asked[1], said, _literal(other)))
            return

    def _asks(self, node: ast.expr) -> tuple[str, str] | None:
        """Return what an expression is the answer to: the name asked, and the kind of question."""
        part = ""
        while True:
            if isinstance(node, ast.Subscript):
                node = node.value
                continue
            if isinstance(node, ast.Attribute) and node.attr in ("major", "minor"):
                part, node = node.attr, node.value
                continue
            break
        if isinstance(node, ast.Call):
            dotted = self._walk.dotted(node.func)
            if dotted in ("int", "float", "tuple") or (
                isinstance(node.func, ast.Name) and node.func.id in ("int", "float", "tuple", "str")
            ):
                return self._asks(node.args[0]) if len(node.args) == 1 else None
            if self._asked["capability"].fullmatch(dotted):
                return dotted, "capability"
            if self._asked["properties"].fullmatch(dotted):
                return dotted, "capability" if part else "properties"
            if self._asked["version"].fullmatch(dotted):
                return dotted, "version"
            if node.args and isinstance(node.func, ast.Name | ast.Attribute):
                inner = self._walk.dotted(node.args[0])  # `Version(torch.version.cuda)`
                if inner and self._asked["version"].fullmatch(inner):
                    return inner, "version"
            return self._split(node)
        if isinstance(node, ast.Name) and node.id in self._held:
            name, what = self._held[node.id]
            return name, "capability" if what == "properties" and part else what
        dotted = self._walk.dotted(node)
        if dotted and self._asked["version"].fullmatch(dotted):
            return dotted, "version"
        return None

    def _split(self, node: ast.Call) -> tuple[str, str] | None:
        """Return what `torch.version.cuda.split(".")` is about."""
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in ("split", "replace", "strip"):
            return self._asks(func.value)
        return None


def _literal(node: ast.expr) -> str:
    """Return a literal that is compared with: 8.0 for `(8, 0)`, "" for what is no literal."""
    match node:
        case ast.Constant(value=int() | float() | str() as value):
            return str(value)
        case ast.Constant(value=None):
            return "None"
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            said = [str(e.value) for e in elements if isinstance(e, ast.Constant)]
            return ".".join(said) if len(said) == len(elements) else ""
        case ast.Call(args=[ast.Constant(value=str() as value), *_]):
            return value
        case _:
            return ""

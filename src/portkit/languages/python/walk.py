# SPDX-License-Identifier: Apache-2.0
"""One walk over the tree of a Python file: names of CUDA's by what their first word is bound to,
calls, and strings by where they stand (`values`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from portkit.languages.python.gates import Gates
from portkit.languages.python.lines import Lines
from portkit.languages.python.literals import expressions, pieces
from portkit.languages.python.scopes import (
    Bound,
    Scope,
    bind_all,
    dotted_text,
    members_of,
    of_function,
)
from portkit.languages.python.tables import LIBRARY, PythonWords
from portkit.languages.python.texts import Texts
from portkit.languages.python.values import Values
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof, Rung

_IMPORTED = re.compile(rb"from\s+([\w.]+)")


class Walk:
    """What a Python file says: `references`, `modules` that it imports, `gates`; see Values."""

    def __init__(self, data: bytes, tree: ast.Module, words: PythonWords) -> None:
        self.data, self.words, self.lines = data, words, Lines(data)
        self.references: list[Reference] = []
        self.modules: set[str] = set()
        self.scope = Scope(None)
        self.values = Values(self)
        self.gates = Gates(self)
        self.texts = Texts(self)
        self._names = [re.compile(p) for p in words.names]
        self._builders = [re.compile(p) for p in words.builders]
        self._handlers: dict[type[ast.AST], Callable[..., None]] = {
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Compare: self._compare,
            ast.Constant: self.values.loose,
            ast.JoinedStr: self._formatted,
            ast.Assign: self._assign,
            ast.AnnAssign: self._assign,
            ast.Return: self._return,
            ast.MatchValue: self._case,
            ast.Expr: self._expression,
            ast.Subscript: self._subscript,
            ast.Dict: self._dict,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
        }
        telling = any(name.encode() in data for name in words.member)
        none = frozenset[str](), frozenset[str]()
        self._methods, self._fields = members_of(tree) if telling else none
        bind_all(self.scope, tree.body)
        self._each(tree.body)

    # --- names

    def find(self, name: str) -> Bound | None:
        """Return what a name stands for here."""
        return self.scope.find(name)

    def dotted(self, node: ast.expr) -> str:
        """Return the full name of names joined by dots; "" where the first is the program's own."""
        text = dotted_text(node)
        if not text:
            return ""
        root, _, rest = text.partition(".")
        bound = self.find(root)
        if bound is None:
            return ""
        return f"{bound.dotted}.{rest}" if rest else bound.dotted

    def entity(self, dotted: str) -> tuple[str, Kind] | None:
        """Return the part of a full name that is a name of CUDA's, and its kind."""
        words = self.words
        if not dotted.startswith(tuple(words.roots)):
            return None
        parts = dotted.split(".")
        length = 0
        for count in range(len(parts), 0, -1):
            if ".".join(parts[:count]) in words.modules:
                length = min(count + 1, len(parts))
                break
        if length:
            return ".".join(parts[:length]), Kind.ATTRIBUTE
        for count in range(len(parts), 1, -1):
            name = ".".join(parts[:count])
            if any(p.fullmatch(name) for p in self._names):
                return name, Kind.ATTRIBUTE
            if any(p.fullmatch(name) for p in self._builders):
                return name, Kind.EXTENSION
        return None

    def add(
        self, span: Span, name: str, kind: Kind, context: Context, proof: Proof, qualifier: str = "",
        library: str = LIBRARY,
    ) -> None:  # fmt: skip
        """Take a reference."""
        self.references.append(
            Reference(
                span, name, kind, context, Rung.SYNTAX, proof, library=library, qualifier=qualifier
            )
        )

    # --- statements

    def visit(self, node: ast.AST) -> None:
        """Look at a node and what is in it."""
        handler = self._handlers.get(type(node))
        if handler is not None:
            handler(node)
        else:
            self.inside(node)

    def inside(self, node: ast.AST) -> None:
        """Look at what is in a node."""
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def _each(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _within(self, scope: Scope, nodes: Iterable[ast.AST]) -> None:
        outer, self.scope = self.scope, scope
        self._each(nodes)
        self.scope = outer

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        args = node.args
        self._each(node.decorator_list)
        self.values.defaults(args)
        self._each([*args.defaults, *args.kw_defaults])
        named = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
        self._each(a.annotation for a in named if a is not None)
        self._each([node.returns])
        self._within(of_function(node, self.scope), node.body)

    def _lambda(self, node: ast.Lambda) -> None:
        self._each([*node.args.defaults, *node.args.kw_defaults])
        self._within(of_function(node, self.scope), [node.body])

    def _class(self, node: ast.ClassDef) -> None:
        self._each([*node.decorator_list, *node.bases, *node.keywords])
        scope = Scope(self.scope, functions_only=True)
        bind_all(scope, node.body)
        self._within(scope, node.body)

    def _comprehension(self, node: ast.AST) -> None:
        scope = Scope(self.scope)
        for part in getattr(node, "generators", ()):
            for name in ast.walk(part.target):
                if isinstance(name, ast.Name):
                    scope.bind(name.id)
        outer, self.scope = self.scope, scope
        self.inside(node)
        self.scope = outer

    def _expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring is for people
            self.visit(node.value)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.values.returned(node.value)
            self.visit(node.value)

    def _case(self, node: ast.MatchValue) -> None:
        self.values.spelled(node.value)
        self.visit(node.value)

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        if node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            self.values.assigned(target, node.value)
            self.gates.assigned(target, node.value)
            self.texts.assigned(target, node.value)
        self._each(targets)
        if isinstance(node, ast.AnnAssign):
            self.visit(node.annotation)
        self.visit(node.value)

    # --- imports

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.modules.add(alias.name)
            self._imported(alias.name, self.lines.start(alias), len(alias.name))

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = f"{'.' * node.level}{node.module or ''}"
        self.modules.add(module)
        start = self.lines.start(node)
        match = _IMPORTED.match(self.data, start)
        told = match is not None and match[1].decode("latin-1") == module
        if told and match is not None:
            self._imported(module, match.start(1), len(module))
        for alias in node.names:
            full = f"{module}.{alias.name}"
            self.modules.add(full)
            self._imported(full, self.lines.start(alias), len(alias.name), module)

    def _imported(self, full: str, start: int, length: int, of: str = "") -> None:
        span = Span(start, start + length)
        found = self.entity(full)
        if found is not None and found[0] == full:
            self.add(span, full, found[1], Context.IMPORT, Proof.PROVED, of)
            return
        for package in self.words.packages:
            if (full == package or full.startswith(f"{package}.")) and not of:
                short = Span(start, start + len(package))
                self.add(
                    short, package, Kind.PACKAGE, Context.IMPORT, Proof.PROVED, library="packages"
                )

    # --- expressions

    def _attribute(self, node: ast.Attribute, called: bool = False) -> None:
        chain: list[ast.Attribute] = [node]
        while isinstance(chain[-1].value, ast.Attribute):
            chain.append(chain[-1].value)
        chain.reverse()
        root = chain[0].value
        bound = self.find(root.id) if isinstance(root, ast.Name) else None
        if isinstance(root, ast.Name) and bound is not None:
            full = ".".join([bound.dotted, *(a.attr for a in chain)])
            head = full.split(".", 2)[:2]
            if head[0] == self.words.framework and head[1] in self.words.platforms:
                self.modules.add(".".join(head))
            if self._dotted(full, bound, root, chain, called):
                return
        elif isinstance(root, ast.Call) and self.dotted(root.func) in self.words.handles:
            self._on_handle(root, chain[0], called)
        for one in chain:
            self._member(one, root, bound, called and one is node)
        if not isinstance(root, ast.Name):
            self.visit(root)

    def _dotted(
        self, full: str, bound: Bound, root: ast.Name, chain: list[ast.Attribute], called: bool
    ) -> bool:
        found = self.entity(full)
        if found is None:
            return False
        name, kind = found
        own = bound.dotted.count(".") + 1  # words that the first one stands for
        used = name.count(".") + 1 - own
        if used <= 0:
            return True  # what its import names
        last = chain[used - 1]
        end = self.lines.end(last)
        start = self.lines.start(root)
        written = ".".join([root.id, *(a.attr for a in chain[:used])])
        if not bound.stays:
            start = self.lines.end(root) + 1
            written = ".".join(a.attr for a in chain[:used])
        if self.data[start:end] != written.encode():  # blanks or comments between
            start, written = end - len(last.attr.encode()), last.attr
        if self.data[start:end] != written.encode():
            return True
        context = Context.CALL if called and used == len(chain) else Context.NAME
        self.add(
            Span(start, end), name, kind, context, Proof.PROVED if bound.sure else Proof.LIKELY
        )
        return True

    def _on_handle(self, handle: ast.Call, node: ast.Attribute, called: bool) -> None:
        full = f"{self.dotted(handle.func)}().{node.attr}"
        end = self.lines.end(node)
        span = Span(end - len(node.attr.encode()), end)
        context = Context.CALL if called else Context.NAME
        self.add(span, full, Kind.ATTRIBUTE, context, Proof.PROVED)

    def _member(
        self, node: ast.Attribute, root: ast.expr, bound: Bound | None, called: bool
    ) -> None:
        known = self.words.member.get(node.attr)
        if known is None or known.called != called:
            return
        if bound is not None and bound.dotted.partition(".")[0] != self.words.framework:
            return  # of another module
        if isinstance(root, ast.Name) and root.id in ("self", "cls") and node.value is root:
            return  # the program's own class
        end = self.lines.end(node)
        span = Span(end - len(node.attr), end)
        if self.data[span.start : span.end] != node.attr.encode():
            return
        made = isinstance(root, ast.Call) and self.dotted(root.func).startswith(
            f"{self.words.framework}."
        )
        proof = Proof.PROVED if made else Proof.LIKELY
        if node.attr in (self._methods if called else self._fields):
            # as a class of the file has it: whose it is here is not clear
            proof = Proof.SPELLING
        context = Context.CALL if called else Context.MEMBER
        self.add(span, f".{node.attr}", Kind.ATTRIBUTE, context, proof)

    def _call(self, node: ast.Call) -> None:
        dotted = self.dotted(node.func)
        self.gates.called(node, dotted)
        self.values.called(node, dotted)
        self.texts.called(node, dotted)
        if isinstance(node.func, ast.Attribute):
            self._attribute(node.func, called=True)
        else:
            self.visit(node.func)
        self._each(node.args)
        self._each(node.keywords)

    def _compare(self, node: ast.Compare) -> None:
        self.gates.compared(node)
        self.values.compared(node)
        self.inside(node)

    def _subscript(self, node: ast.Subscript) -> None:
        self.values.subscript(node)
        self.inside(node)

    def _dict(self, node: ast.Dict) -> None:
        for key in node.keys:
            if key is not None:
                self.visit(key)
        self._each(node.values)

    def _formatted(self, node: ast.JoinedStr) -> None:
        """Look at the expressions in the braces. Their places are told by the bytes: Python's
        parser has had them wrong up to 3.11.
        """
        self.values.loose(node)
        span = self.lines.span(node)
        for piece in pieces(self.data, span):
            if piece.formatted:
                for inner in expressions(self.data, piece):
                    self._embedded(inner)

    def _embedded(self, span: Span) -> None:
        text = self.data[span.start : span.end]
        if self.lines.encoding != "utf-8" or b"." not in text:
            return
        try:
            tree = ast.parse(b"(" + text + b"\n)", mode="eval")
        except (SyntaxError, ValueError):
            return
        outer = self.lines
        self.lines = Lines(b"(" + text + b"\n)", span.start - 1, "utf-8")
        self.visit(tree.body)
        self.lines = outer

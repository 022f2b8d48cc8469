# SPDX-License-Identifier: Apache-2.0
"""Strings of a Python file by where they stand: devices, backends, variables of the environment,
libraries, programs. What stands nowhere of the kind is counted, and is no reference.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from portkit.languages.python.asked import Asked
from portkit.languages.python.literals import Piece, pieces
from portkit.languages.python.scopes import dotted_text
from portkit.languages.python.tables import LIBRARY, Parameter
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof
from portkit.vocab.columns import environment

_KINDS = {
    "device": Kind.DEVICE,
    "backend": Kind.BACKEND,
    "backends": Kind.BACKEND,
    "dispatch_key": Kind.DISPATCH_KEY,
}
_FALLS_TO = {"backend": ("backend", "backends")}
_IN = "in"  # qualifier of what stands in a list that something is looked for in
_ASKS = re.compile(rb"environ|getenv")
_TRANSPARENT = ("format", "lower", "strip")


class Values:
    """Judges the strings of a file. `asides`: strings with a word of CUDA's that name no device."""

    def __init__(self, walk: Asked) -> None:
        self._walk, words = walk, walk.words
        self.asides = 0
        self._seen: set[int] = set()  # literals that were judged
        held, compared = words.held_by, words.compared
        self._held = {k: re.compile(getattr(held, k)) for k in ("device", "backend")}
        self._backend_calls = re.compile("|".join(compared.backend_calls))
        env = words.environment
        self._variable = re.compile(env.pattern.encode())
        self._environ = re.compile("|".join(env.mappings))
        self._env_calls, self._env_held = re.compile("|".join(env.calls)), re.compile(env.held_by)
        # where a file asks for variables, a constant or a table may hand them on
        self._names = environment() if _ASKS.search(walk.data) is not None else frozenset()
        self._library = re.compile(words.libraries.pattern.encode())
        self._short_library = re.compile(words.libraries.short.encode())
        self._opens = re.compile("|".join(words.libraries.calls))
        self._tool = re.compile(words.tools.pattern.encode())
        self._runs = re.compile("|".join(words.tools.calls))
        self._aside = re.compile("|".join(words.aside), re.I)

    # --- where they stand

    def called(self, node: ast.Call, dotted: str) -> None:
        """Judge what a call is given."""
        words, func = self._walk.words, node.func
        known, proof = words.parameter(dotted) if dotted else None, Proof.PROVED
        name = func.attr if isinstance(func, ast.Attribute) else ""
        if known is None and name in words.method:
            known, proof = words.method[name], Proof.LIKELY
        if known is not None:
            self._parameter(node, known, dotted or f".{name}", proof)
        ours = dotted.startswith(f"{words.framework}.")
        for kind in ("device", "backend"):
            for keyword in node.keywords:
                if keyword.arg in getattr(words.keywords, kind):
                    sure = Proof.PROVED if ours else Proof.LIKELY
                    self.judge(keyword.value, kind, Context.ARGUMENT, sure, keyword.arg or "")
        self._by_name(node, dotted or dotted_text(func))
        if self._names:
            self._env_keywords(node, dotted or dotted_text(func))
        if not self._in_environment(node, dotted, name):
            for argument in node.args:
                self.spelled(argument)

    def _parameter(self, node: ast.Call, known: Parameter, name: str, proof: Proof) -> None:
        if 0 <= known.position < len(node.args):
            self.judge(node.args[known.position], known.holds, Context.ARGUMENT, proof, name)
        for keyword in node.keywords:
            if keyword.arg in known.keywords:
                self.judge(
                    keyword.value, known.holds, Context.ARGUMENT, proof, f"{name}({keyword.arg})"
                )

    def _by_name(self, node: ast.Call, name: str) -> None:
        """Judge libraries that are opened and programs that are run."""
        if name and self._opens.fullmatch(name):
            for argument in node.args[:1]:
                self._named(argument, self._library, Kind.LINK_LIBRARY, name, "libraries")
                if name.endswith("find_library"):
                    self._named(argument, self._short_library, Kind.LINK_LIBRARY, name, "libraries")
        if name and self._runs.fullmatch(name):
            for argument in node.args[:1]:
                first = argument
                if isinstance(argument, ast.List | ast.Tuple) and argument.elts:
                    first = argument.elts[0]
                for text in _joined(first):
                    self._named(text, self._tool, Kind.TOOL, name, "tools")

    def _in_environment(self, node: ast.Call, dotted: str, name: str) -> bool:
        """Judge the variable that a call asks for; return whether it is one of the environment's."""
        env, func = self._walk.words.environment, node.func
        mapping, _, last = dotted.rpartition(".")
        proof = None
        ours = last in env.methods and self._environ.fullmatch(mapping)
        if ours or (dotted and self._env_calls.fullmatch(dotted)):
            proof = Proof.PROVED
        elif name in env.methods and isinstance(func, ast.Attribute):
            held = _last(func.value)
            proof = Proof.LIKELY if held and self._env_held.fullmatch(held) else None
        if proof is None or not node.args:
            return False
        self._env(node.args[0], proof)
        return True

    def _env_keywords(self, node: ast.Call, dotted: str) -> None:
        """Take keywords that become variables: `dict(os.environ, NAME="")`."""
        env = self._walk.words.environment
        mapping, _, last = dotted.rpartition(".")
        if not (last in env.copies and (not mapping or self._environ.fullmatch(mapping))):
            return
        given = [self._walk.dotted(a) for a in node.args]
        if not mapping and not any(g and self._environ.fullmatch(g) for g in given):
            return
        for keyword in node.keywords:
            if keyword.arg and self._variable.fullmatch(keyword.arg.encode()):
                start = self._walk.lines.start(keyword)
                span = Span(start, start + len(keyword.arg))
                self._walk.add(
                    span,
                    keyword.arg,
                    Kind.ENVIRONMENT,
                    Context.ARGUMENT,
                    Proof.PROVED,
                    library="environment",
                )

    def subscript(self, node: ast.Subscript) -> None:
        """Judge the variable of `os.environ[...]`."""
        dotted = self._walk.dotted(node.value)
        if dotted and self._environ.fullmatch(dotted):
            self._env(node.slice, Proof.PROVED)
        elif (held := _last(node.value)) and self._env_held.fullmatch(held):
            self._env(node.slice, Proof.LIKELY)

    def compared(self, node: ast.Compare) -> None:
        """Judge what is compared with a device or a backend."""
        sides = [node.left, *node.comparators]
        for (left, right), op in zip(pairwise(sides), node.ops, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                dotted = self._walk.dotted(right)
                if dotted and self._environ.fullmatch(dotted):
                    self._env(left, Proof.PROVED)
                elif isinstance(right, ast.Tuple | ast.List | ast.Set):
                    for element in right.elts:
                        self._compare(left, element, _IN)
                else:
                    self._compare(right, left)
            elif isinstance(op, ast.Eq | ast.NotEq):
                self._compare(left, right)
                self._compare(right, left)

    def _compare(self, subject: ast.expr, text: ast.expr, said: str = "") -> None:
        if not _is_text(text):
            return
        kind, proof, name = self._subject(subject)
        self.judge(text, kind, Context.COMPARE, proof, said or name)

    def _subject(self, node: ast.expr) -> tuple[str, Proof, str]:
        """Return what an expression holds, how sure that is, and what it is called."""
        walk = self._walk
        if isinstance(node, ast.Call):
            dotted = walk.dotted(node.func) or dotted_text(node.func)
            if dotted and self._backend_calls.fullmatch(dotted):
                sure = dotted.startswith(f"{walk.words.framework}.")
                return "backend", Proof.PROVED if sure else Proof.LIKELY, dotted
            if isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
                return self._subject(node.args[0])
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("split", *_TRANSPARENT):
                return self._subject(node.func.value)
        if isinstance(node, ast.Subscript) and not _last(node):
            return self._subject(node.value)
        last = _last(node)
        if last and self._held["device"].fullmatch(last):
            return "device", Proof.LIKELY, last
        if last and self._held["backend"].fullmatch(last):
            return "backend", Proof.LIKELY, last
        if isinstance(node, ast.Attribute) and last in walk.words.compared.device:
            before = _last(node.value)
            if isinstance(node.value, ast.Call):
                made = walk.dotted(node.value.func)
                parameter = walk.words.parameter(made) if made else None
                if parameter is not None and parameter.holds == "device":
                    return "device", Proof.PROVED, f"{made}.{last}"
            if before and self._held["device"].fullmatch(before):
                return "device", Proof.LIKELY, f"{before}.{last}"
        return "device", Proof.SPELLING, last

    def assigned(self, target: ast.expr, value: ast.expr) -> None:
        """Judge what a name that holds a device or a backend is given; another one is given what
        looks like a device by its letters alone.
        """
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, given in zip(target.elts, value.elts, strict=False):
                self.assigned(one, given)
            return
        name = _last(target)
        for kind, pattern in self._held.items():
            if name and pattern.fullmatch(name):
                self.judge(value, kind, Context.ARGUMENT, Proof.LIKELY, name)
        self.spelled(value)

    def defaults(self, args: ast.arguments) -> None:
        """Judge the defaults of parameters that hold a device or a backend."""
        placed = [*args.posonlyargs, *args.args]
        pairs = [
            *zip(placed[len(placed) - len(args.defaults) :], args.defaults, strict=True),
            *zip(args.kwonlyargs, args.kw_defaults, strict=True),
        ]
        for arg, default in pairs:
            for kind, pattern in self._held.items():
                if default is not None and pattern.fullmatch(arg.arg):
                    self.judge(default, kind, Context.DEFAULT, Proof.LIKELY, arg.arg)

    def spelled(self, node: ast.expr) -> None:
        """Take a string that looks like a device, and stands where nothing says so, for that: by
        its letters alone.
        """
        if not isinstance(node, ast.Tuple | ast.List | ast.Set):  # a choice of several
            self.judge(node, "device", Context.ARGUMENT, Proof.SPELLING, "")

    def returned(self, node: ast.expr) -> None:
        """Judge what a function returns."""
        for one in node.elts if isinstance(node, ast.Tuple) else [node]:
            self.spelled(one)

    def loose(self, node: ast.Constant | ast.JoinedStr) -> None:
        """Count a string that was judged nowhere."""
        if id(node) in self._seen:
            return
        if isinstance(node, ast.Constant) and node.value in self._names:
            self._env(node, Proof.LIKELY)
            return
        texts = node.values if isinstance(node, ast.JoinedStr) else [node]
        if any(
            isinstance(t, ast.Constant) and isinstance(t.value, str) and self._aside.search(t.value)
            for t in texts
        ):
            self.asides += 1
        for text in texts:
            self._seen.add(id(text))

    # --- what they are

    def judge(
        self, node: ast.expr, kind: str, context: Context, proof: Proof, qualifier: str
    ) -> None:
        """Take the strings that an expression may be as what its place holds, if they look it."""
        several = {id(one) for one in _choices(node)}
        for text, direct in _texts(node):
            if id(text) in self._seen:
                continue
            sure = proof if direct else min(proof, Proof.LIKELY)
            # one of a choice is one to which another is to be added
            where = _IN if id(text) in several else qualifier
            for form in _FALLS_TO.get(kind, (kind,)):
                if self._take(text, form, context, sure, where):
                    self._seen.add(id(text))
                    break

    def _take(
        self, node: ast.expr, form: str, context: Context, proof: Proof, qualifier: str
    ) -> bool:
        piece = self._piece(node)
        if piece is None:
            return False
        pattern = self._walk.words.called[form]
        match = pattern.fullmatch(self._walk.data, piece.body.start, piece.body.end)
        if match is None:
            return False
        word = match["word"].decode("ascii")
        self._walk.add(
            Span(*match.span("word")), word, _KINDS[form], context, proof, qualifier, LIBRARY
        )
        return True

    def _named(
        self, node: ast.expr, pattern: re.Pattern[bytes], kind: Kind, name: str, library: str
    ) -> None:
        for text, _ in _texts(node):
            piece = self._piece(text)
            if piece is None or id(text) in self._seen:
                continue
            match = pattern.match(self._walk.data, piece.body.start, piece.body.end)
            if match is None or not _ends(self._walk.data, match.end(), piece.body.end, kind):
                continue
            start, end = match.span("tool") if kind is Kind.TOOL else match.span()
            word = self._walk.data[start:end].decode("latin-1")
            self._seen.add(id(text))
            self._walk.add(
                Span(start, end), word, kind, Context.ARGUMENT, Proof.PROVED, name, library
            )

    def _env(self, node: ast.expr, proof: Proof) -> None:
        piece = self._piece(node) if _is_text(node) else None
        if piece is None or id(node) in self._seen:
            return
        match = self._variable.fullmatch(self._walk.data, piece.body.start, piece.body.end)
        if match is not None:
            self._seen.add(id(node))
            name = match.group().decode("latin-1")
            self._walk.add(
                piece.body, name, Kind.ENVIRONMENT, Context.ARGUMENT, proof, library="environment"
            )

    def _piece(self, node: ast.expr) -> Piece | None:
        """Return the literal that an expression is, if it is one whose bytes are its text."""
        found = pieces(self._walk.data, self._walk.lines.span(node))
        if len(found) != 1 or "b" in found[0].prefix:
            return None
        body = found[0].body
        return None if b"\\" in self._walk.data[body.start : body.end] else found[0]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _texts(node: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the literals that an expression may be, and whether it is just that."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _texts(value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            for element in elements:
                yield from _texts(element)
        case ast.BinOp(left=left, op=ast.Mod() | ast.Add()):
            yield from ((text, False) for text, _ in _texts(left))
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            yield from ((text, True) for text, _ in _texts(value))
        case _ if _is_text(node):
            yield node, True


def _choices(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the literals of a list of several."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1:
        for element in node.elts:
            yield from (text for text, _ in _texts(element))


def _joined(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the literals of a sum, from left to right."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _joined(node.left)
        yield from _joined(node.right)
    else:
        yield node


def _last(node: ast.expr) -> str:
    """Return the last word of names joined by dots, whatever they stand on, or the key of what is
    looked up by one.
    """
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value if isinstance(node.slice.value, str) else ""
    return node.id if isinstance(node, ast.Name) else ""


def _ends(data: bytes, at: int, end: int, kind: Kind) -> bool:
    """May a name end here? A command line goes on behind a program's name."""
    return at == end or (kind is Kind.TOOL and data[at : at + 1] in b" \t")

# SPDX-License-Identifier: Apache-2.0
"""Stub declarations for Clang, made from the vocabulary, for just the names that a unit uses.

A stub says that a name exists and roughly what it is. Functions take anything, types convert to and
from anything: what matters is that Clang binds each use to a declaration of ours and keeps the tree
around it.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from portkit.model.words import Kind
from portkit.vocab.keywords import KEYWORDS
from portkit.vocab.vocabulary import Entity

STUB_ROOT = "/portkit-stubs"
_RESERVED = KEYWORDS | {"value_type", "TempStorage"}
_CONVERTS = {
    "enum": "constexpr operator long() const { return 0; }",
    "integer": "constexpr operator unsigned long long() const { return 0; }",
    "pointer": "operator void *() const;",
}
_VALUES = 8191
_ALIAS_ENDS = ("_t", "_enum", "_st")
_SCALARS = frozenset(
    {"int", "float", "double", "unsigned", "void", "size_t", "bool", "char", "long"}
)


class StubText:
    """Collects declarations by namespace and prints them as one header."""

    def __init__(
        self,
        language: str,
        provided: frozenset[str],
        shapes: dict[str, str],
        called: Mapping[str, str],
    ) -> None:
        self.cxx, self._called = language != "c", called
        self.provided = provided
        self.shapes = shapes
        self.macros: list[str] = []
        self.spaces: dict[str, list[str]] = defaultdict(list)
        self.types: set[str] = set()

    def enumerator(self, name: str) -> str:
        """Return an enumerator with a value of its own, so that a `switch` may have many."""
        was = self._called.get(name, name)
        return f"{name} = {1 + zlib.crc32(was.encode()) % _VALUES}"

    def render(self) -> str:
        """Return the header's text."""
        lines = (
            ["#ifdef __CUDA__", "#pragma clang force_cuda_host_device begin", "#endif"]
            if self.cxx
            else []
        )
        for space in sorted(self.spaces, key=lambda s: (s.count("::"), s)):
            body = self.spaces[space]
            if not space:
                lines += body
            elif self.cxx:
                lines += [f"namespace {space} {{", *body, "}"]
        lines += self.macros
        if self.cxx:
            lines += ["#ifdef __CUDA__", "#pragma clang force_cuda_host_device end", "#endif"]
        return "\n".join(lines) + "\n"


def stubs_for(
    entities: Iterable[Entity],
    language: str,
    provided: frozenset[str],
    shapes: dict[str, str] | None = None,
    aliases: Mapping[str, str] = MappingProxyType({}),
    called: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return stub declarations for `entities`.

    `language` is "c" or "cuda"; `provided` are names that the hand-written stubs already declare;
    `shapes` gives template parameter lists for class templates that take values (see stubs.toml);
    `aliases` gives the tag of an enumeration whose other name does not say it; `called`: what
    renamed enumerators were called, whose values they have.
    """
    text = StubText(language, provided, shapes or {}, called)
    chosen = sorted(set(entities), key=lambda e: (e.qualifier, e.name, e.kind))
    fields: dict[str, list[str]] = defaultdict(list)
    for entity in chosen:
        if entity.kind is Kind.FIELD and entity.name not in _RESERVED:
            fields[entity.qualifier].append(entity.name)
    names = {(e.qualifier, e.name) for e in chosen if e.kind is not Kind.FIELD}
    done = _enumerations(chosen, aliases, text) if text.cxx else set[tuple[str, str]]()
    order = {Kind.NAMESPACE: 0, Kind.TYPE: 1, Kind.ENUMERATOR: 2}
    for entity in sorted(chosen, key=lambda e: order.get(e.kind, 3)):
        if len(entity.name) < 2 or entity.name in _RESERVED:
            continue
        key = (entity.qualifier, entity.name)
        if (
            entity.kind is Kind.FIELD
            or key in done
            or (not entity.qualifier and entity.name in provided)
        ):
            continue
        done.add(key)
        if entity.qualifier and not text.cxx:
            continue
        if _inside_class(entity, names):
            continue
        _declare(entity, fields.get(entity.name, []), text)
    return text.render()


def _enumerations(
    chosen: Iterable[Entity], aliases: Mapping[str, str], text: StubText
) -> set[tuple[str, str]]:
    """Declare the enumerations outside of namespaces, each with its enumerators; return what is
    declared so.

    As a class that converts to anything, a status would make Clang try some hundred built-in
    operators at each comparison.
    """
    names: dict[str, set[str]] = defaultdict(set)
    values: dict[str, set[str]] = defaultdict(set)
    tags: dict[str, str] = {}
    for entity in chosen:
        if (
            entity.qualifier
            or entity.name in text.provided
            or entity.name in _RESERVED
            or len(entity.name) < 2
        ):
            continue
        if entity.kind is Kind.TYPE and entity.type == "enum" and "template" not in entity.flags:
            names[enum_tag(entity.name, aliases)].add(entity.name)
        elif entity.kind is Kind.ENUMERATOR:
            tag = "" if entity.type in text.provided else entity.type
            key = enum_tag(tag, aliases)
            tags[key] = tag
            values[key].add(entity.name)
    taken = {e.name for e in chosen if not e.qualifier} - {
        n for group in names.values() for n in group
    }
    for key in sorted({*names, *values}):
        tag = tags[key] if tags.get(key) not in {None, *taken} else min(names[key], default="")
        text.spaces[""].append(
            f"enum {tag} : int {{ {', '.join(map(text.enumerator, sorted(values[key])))} }};"
        )
        text.spaces[""] += [f"typedef {tag} {name};" for name in sorted(names[key]) if name != tag]
        text.types |= names[key]
    return {("", name) for group in (*names.values(), *values.values()) for name in group}


def enum_tag(name: str, aliases: Mapping[str, str]) -> str:
    """Return what the names of one enumeration have in common: `cudaError_t` is `enum cudaError`.
    `aliases`: see stubs_for.
    """
    if name in aliases:
        return aliases[name]
    for end in _ALIAS_ENDS:
        name = name.removesuffix(end)
    return name


def _inside_class(entity: Entity, names: set[tuple[str, str]]) -> bool:
    """A qualifier that is itself a known type is not a namespace: its members come with the type."""
    space, _, last = entity.qualifier.rpartition("::")
    return bool(last) and last[0].isupper() and (space, last) in names


def _declare(entity: Entity, fields: list[str], text: StubText) -> None:
    body = text.spaces[entity.qualifier]
    name = entity.name
    match entity.kind:
        case Kind.NAMESPACE:
            space = f"{entity.qualifier}::{name}" if entity.qualifier else name
            _ = text.spaces[space]
        case Kind.TYPE:
            text.types.add(name)
            body.append(_cxx_type(entity, fields, text) if text.cxx else _c_type(entity, fields))
        case Kind.ENUMERATOR:
            head = "template <class... Pk> " if "template" in entity.flags else ""
            body.append(
                f"enum {{ {name} }};"
                if not entity.qualifier
                else f"{head}constexpr int {name} = 1;"
            )
        case Kind.MACRO:
            if text.cxx and entity.qualifier:
                return
            head = f"{name}(...)" if entity.arity else name
            text.macros.append(
                f"#ifndef {name}\n#define {head} {'' if entity.type == 'empty' else '0'}\n#endif"
            )
        case Kind.FUNCTION | Kind.DEVICE_FUNCTION:
            body.append(
                _cxx_function(entity, text) if text.cxx else f"{_c_result(entity, text)}{name}();"
            )
        case _:
            return


def _cxx_type(entity: Entity, fields: list[str], text: StubText) -> str:
    name = entity.name
    members = "".join(f" pk_any {f};" for f in fields if f != name)
    shape = text.shapes.get(f"{entity.qualifier}::{name}" if entity.qualifier else name)
    body = (
        f"{{ constexpr {name}() {{}} "
        f"template <class Pk, typename pk_if<!__is_same(Pk, pk_any)>::type = 0> constexpr {name}(Pk const &) {{}} "
        f"template <class PkA, class PkB, class... PkC> constexpr {name}(PkA const &, PkB const "
        f"&, PkC const &...) {{}}{members} "
    )
    if entity.qualifier or "template" in entity.flags:
        body += "struct TempStorage {}; using value_type = pk_any; "
        body += "template <class... PkA> static pk_any pk_unused(PkA &&...); "
    if entity.type in _CONVERTS:
        converts = _CONVERTS[entity.type]
        base = " : pk_nested" if entity.qualifier else ""
        return (
            f"struct {name}{base} {body}{converts} template <class Pk> explicit operator "
            f"Pk() const; {_compares(name)} }};"
        )
    base = "pk_members" if entity.qualifier else "pk_any"
    if shape or "template" in entity.flags:
        return f"template <{shape or 'class...'}> struct {name} : {base} {body}}};"
    return f"struct {name} : {base} {body}}};"


def needs_members(stubs: str) -> bool:
    """Return whether a unit's stubs (see stubs_for) have a class that is made from `members_stub`."""
    return "pk_members" in stubs or "pk_nested" in stubs


def members_stub(called: Iterable[str], nested: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the base of the stubs of namespaced classes: members that the unit uses somewhere, so
    that its uses parse.

    `called` are names of member functions, `nested` other members: name -> "type" or "value". None
    of them is a name of CUDA's: which members a class has is not known.
    """
    functions = sorted(n for n in set(called) - set(nested) if n not in _RESERVED)
    lines = ["struct pk_nested {"]
    for name, kind in sorted(nested.items()):
        if name not in _RESERVED:
            lines.append(
                f"using {name} = pk_any;"
                if kind == "type"
                else f"static constexpr pk_any {name}{{}};"
            )
    lines += ["};", "struct pk_members : pk_any, pk_nested {", "using pk_any::pk_any;"]
    lines += [
        f"template <class... A> static pk_any {n}(...); template <auto V, auto... W> static pk_any {n}(...);"
        for n in functions
    ]
    body = "\n".join([*lines, "};"])
    return f"#pragma clang force_cuda_host_device begin\n{body}\n#pragma clang force_cuda_host_device end\n"


def _compares(name: str) -> str:
    """Comparisons with anything, so that a status meets its enumerators without ambiguity."""
    parts = []
    for sign in ("==", "!="):
        parts.append(f"friend bool operator{sign}({name} const &, {name} const &);")
        parts.append(f"template <class Pk> friend bool operator{sign}({name} const &, Pk const &);")
        parts.append(f"template <class Pk> friend bool operator{sign}(Pk const &, {name} const &);")
    return " ".join(parts)


def _c_type(entity: Entity, fields: list[str]) -> str:
    name = entity.name
    if entity.type in ("integer", "enum"):
        return f"enum {name} {{ pk_{name} }}; typedef long {name};"
    if entity.type == "pointer":
        return f"typedef struct pk_{name} *{name};"
    members = " ".join(f"int {f};" for f in fields) or "int pk;"
    return f"typedef struct {name} {{ {members} }} {name};"


def _cxx_function(entity: Entity, text: StubText) -> str:
    name, result = entity.name, entity.type
    if result not in _SCALARS and result not in text.types:
        result = "pk_any"
    if entity.qualifier or "template" in entity.flags:
        return f"template <class... T> {result} {name}(...); template <auto V, auto... W> {result} {name}(...);"
    return f"{result} {name}(...);"


def _c_result(entity: Entity, text: StubText) -> str:
    if entity.type in _SCALARS or entity.type in text.types:
        return f"{entity.type} "
    return "int "

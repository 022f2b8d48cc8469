# SPDX-License-Identifier: Apache-2.0
"""A target's names as entities: each has the shape of CUDA's that it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec.structs import replace

from portkit.model.words import Kind
from portkit.vocab.keywords import KEYWORDS
from portkit.vocab.stub_files import provided_names, stub_hints
from portkit.vocab.stubs import enum_tag
from portkit.vocab.vocabulary import Entity

_SPACE = re.compile(r"namespace ([\w:]+) \{")
_NAME = re.compile(r"[A-Za-z_]\w*", re.A)
_FUNCTIONS = (Kind.FUNCTION, Kind.DEVICE_FUNCTION)


def base_name(name: str) -> str:
    """Return what all names of one type have in common: of `cudaError_t` what `cudaError` has."""
    return enum_tag(name, stub_hints().get("aliases", {}))


def _renamed_types(entities: Iterable[Entity], renamed: Mapping[str, str]) -> dict[str, str]:
    """Return the new names of types outside of namespaces, by what all their names have in common.
    Two whose enumerators, or whose functions, become one are one there.
    """
    found, owners = dict[str, str](), dict[str, set[str]]()
    for entity in entities:
        to = renamed.get(entity.name)
        if entity.qualifier or to is None:
            continue
        if entity.kind is Kind.TYPE:
            found[base_name(entity.name)] = to
        elif entity.type and entity.kind in (Kind.ENUMERATOR, *_FUNCTIONS):
            owners.setdefault(to, set()).add(base_name(entity.type))
    for joint in owners.values():
        known = sorted(found[name] for name in joint if name in found)
        for name in joint if known else ():
            found.setdefault(name, known[0])
    return found


def as_left(
    entities: Iterable[Entity], all_: Iterable[Entity], renamed: Mapping[str, str]
) -> set[Entity]:
    """Return entities that keep their names beside renamed ones. What a function gives is of the
    new type: a person is to find another function, and that will fit the code around it.
    """
    types = _renamed_types(all_, renamed)
    return {
        replace(e, type=types[base_name(e.type)])
        if e.kind in _FUNCTIONS and e.type and base_name(e.type) in types
        else e
        for e in entities
    }


def renamed_entities(
    entities: Collection[Entity], renamed: Mapping[str, str]
) -> dict[Entity, Entity]:
    """Return what `entities` become where names are `renamed` (full name -> full name), each with
    what it was: those that have another name, or stand in a namespace or have a type that has.
    """
    found, by_hand = dict[Entity, Entity](), provided_names()
    types, becomes = _renamed_types(entities, renamed), _lookup(renamed)
    lasts = {o.rpartition("::")[2]: n.rpartition("::")[2] for o, n in renamed.items() if "::" in o}
    for entity in entities:
        if entity.kind is Kind.MACRO or (
            entity.kind not in _FUNCTIONS and not entity.qualifier and entity.name in by_hand
        ):
            continue  # see stand_for
        full = f"{entity.qualifier}::{entity.name}" if entity.qualifier else entity.name
        to = renamed.get(full) or (
            renamed.get(entity.name, "") if entity.kind is Kind.FIELD else ""
        )
        qualifier = moved_scope(entity.qualifier, becomes)
        if entity.kind is Kind.FIELD:
            name = to.rpartition("::")[2] or entity.name
        elif to:
            qualifier, _, name = to.rpartition("::")
        else:  # a name that several namespaces have is found in the one, and written in the other
            name = lasts.get(entity.name, entity.name) if qualifier else entity.name
        type_ = types.get(base_name(entity.type), "") or renamed.get(entity.type, entity.type)
        other = replace(entity, name=name, qualifier=qualifier, type=type_.rpartition("::")[2])
        if other != entity:
            found[other] = entity
    return found


def _lookup(renamed: Mapping[str, str]) -> Callable[[str], str]:
    return lambda name: renamed.get(name, "")


def moved_scope(scope: str, becomes: Callable[[str], str]) -> str:
    """Return a scope with the longest front of it that becomes something else in the new form.
    `becomes`: of a scope in full; "" where it stays.
    """
    parts = scope.split("::")
    for size in range(len(parts), 0, -1):
        to = becomes("::".join(parts[:size]))
        if to:
            return "::".join([to, *parts[size:]])
    return scope


def stand_for(entities: Iterable[Entity], renamed: Mapping[str, str]) -> str:
    """Return declarations for renamed names that need the old one: macros, which compilers define
    too, and what the hand-written stubs declare.
    """
    lines = set[str]()
    for entity in entities:
        to = renamed.get(entity.name, "")
        if entity.qualifier or not to or "::" in to:
            continue
        if entity.kind is Kind.MACRO:
            hand = "(...)" if entity.arity else ""
            call = "(__VA_ARGS__)" if entity.arity else ""
            old = f"{entity.name}{call}"
            lines.add(f"#ifdef {entity.name}\n#define {to}{hand} {old}\n#endif\n")
        elif entity.name in provided_names() and entity.kind not in _FUNCTIONS:
            lines.add(_alias(entity, to))
    return "".join(sorted(lines))


def _alias(entity: Entity, to: str) -> str:
    match entity.kind:
        case Kind.TYPE:
            return f"typedef {entity.name} {to};\n"
        case Kind.BUILTIN if not entity.name.startswith("__"):
            return f"extern const __device__ __typeof__({entity.name}) {to};\n"
    return f"#define {to} {entity.name}\n"


def stand_ins_for(stand_ins: str, renamed: Mapping[str, str]) -> str:
    """Return declarations of third-party names with those added that take the place of one that is
    renamed: CUDA's names that the project defines somewhere have no stub.
    """
    lasts = {o.rpartition("::")[2]: n.rpartition("::")[2] for o, n in renamed.items()}
    lines, becomes = stand_ins.splitlines(), _lookup(renamed)
    for line in stand_ins.splitlines():
        head = _SPACE.match(line)
        other = f"namespace {moved_scope(head.group(1), becomes)} {{" if head is not None else ""
        rest = line[head.end() :] if head is not None else line
        other += _NAME.sub(lambda m: lasts.get(m.group(), m.group()), rest)
        if other != line:
            lines.append(other)
    return "\n".join(lines) + "\n" if lines else ""


def declared_words(words: Mapping[str, bool], known: Iterable[str], language: str) -> str:
    """Return declarations of names of a target's that stand for none of CUDA's, such as those that
    recipes write; whether each is called. `known` are declared by other means; so is what is part
    of a qualified name.
    """
    parts = {part for name in known for part in name.split("::")} | KEYWORDS
    any_ = "int" if language == "c" else "pk_any"
    hand = "()" if language == "c" else "(...)"
    return "".join(
        f"extern {any_} {word}{hand if called else ''};\n"
        for word, called in sorted(words.items())
        if word not in parts
    )

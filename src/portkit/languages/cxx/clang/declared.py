# SPDX-License-Identifier: Apache-2.0
"""What a declaration of the project that has CUDA's name is: does it define that name, for whom,
or does it only mention what others define?
"""

from __future__ import annotations

from portkit.languages.cxx.clang.binding import Binding, CursorStruct, is_null
from portkit.languages.cxx.values.reading import Declared

# Kinds of cursors (clang-c/Index.h).
_TAGS = frozenset({2, 3, 4, 5})  # struct, union, class, enumeration
_ENUM, _ENUMERATOR, _FUNCTION, _VARIABLE, _TEMPLATE = 5, 7, 8, 9, 30
PARAMETER = 10
_ALIASES = frozenset({20, 36})  # typedef, alias declaration
_LINKAGE_SPECIFICATIONS = frozenset({1, 23})  # some releases do not expose them
_UNIT = frozenset({300, 350})
_EXTERNAL = 4  # of a linkage


def declared_as(calls: Binding, cursor: CursorStruct, *, is_c: bool, stubbed: bool) -> Declared:
    """Return what the declaration at `cursor` is. `is_c`: the unit's language is C; `stubbed`:
    CUDA's own declaration of that name is in its sight.
    """
    kind, place = cursor.kind, cursor
    if kind == _ENUMERATOR:
        place = calls.parent(cursor)
        if place.kind != _ENUM or calls.is_scoped(place):
            return Declared.INNER
    is_c |= calls.parent(place).kind in _LINKAGE_SPECIFICATIONS
    if not _is_outermost(calls, place):
        return Declared.INNER
    if kind in _TAGS:
        return Declared.NAMES if calls.is_definition(cursor) else Declared.MENTIONS
    if kind in _ALIASES and stubbed and not _defines_tag(calls, cursor):
        return Declared.MENTIONS  # an alias can be declared again only as the same
    if kind == _ENUMERATOR or kind in _ALIASES:
        return Declared.NAMES
    if kind == _VARIABLE:
        return Declared.OWNS if calls.linkage(cursor) == _EXTERNAL else Declared.FILE
    if kind == _TEMPLATE or (kind == _FUNCTION and not is_null(calls.template(cursor))):
        return Declared.BESIDE if stubbed else Declared.FILE
    if kind != _FUNCTION:
        return Declared.INNER
    beside = stubbed and not is_c
    if calls.linkage(cursor) != _EXTERNAL or calls.is_inlined(cursor):
        return Declared.BESIDE if beside else Declared.FILE
    if calls.is_definition(cursor):
        return Declared.OVERLOADS if beside else Declared.OWNS
    # without C's linkage it is a function of another name for a linker
    if is_c:
        return Declared.MENTIONS
    return Declared.MAY_MENTION if stubbed else Declared.OWNS


def _is_outermost(calls: Binding, cursor: CursorStruct) -> bool:
    """Does a declaration stand in no namespace, class or function?"""
    parent = calls.parent(cursor)
    while not is_null(parent) and parent.kind in _LINKAGE_SPECIFICATIONS:
        parent = calls.parent(parent)
    return parent.kind in _UNIT


def _defines_tag(calls: Binding, alias: CursorStruct) -> bool:
    """Does an alias's own declaration define what it is an alias of?"""
    return any(c.kind in _TAGS and calls.is_definition(c) for c in calls.children(alias))

# SPDX-License-Identifier: Apache-2.0
"""The syntax rung: tree-sitter for what Clang never sees (inactive branches, files that it gave up
on).

It settles whether a word is declared by the project in a scope around it. It binds nothing to CUDA.
"""

from __future__ import annotations

import functools
from typing import Any

_DECLARATOR_FIELDS = {
    "parameter_declaration": ("declarator",),
    "optional_parameter_declaration": ("declarator",),
    "init_declarator": ("declarator",),
    "declaration": ("declarator",),
    "field_declaration": ("declarator",),
    "function_declarator": ("declarator",),
    "enumerator": ("name",),
    "class_specifier": ("name",),
    "struct_specifier": ("name",),
    "union_specifier": ("name",),
    "enum_specifier": ("name",),
    "alias_declaration": ("name",),
    "type_definition": ("declarator",),
    "type_parameter_declaration": (),
    "optional_type_parameter_declaration": ("name",),
    "for_range_loop": ("declarator",),
    "namespace_definition": ("name",),
    "labeled_statement": ("label",),
}
_WRAPPERS = frozenset(
    {"pointer_declarator", "reference_declarator", "array_declarator", "parenthesized_declarator"}
)
# what reads like a type in front of a call where an outer part of the code is missing
_NO_TYPES = frozenset({
    b"case", b"co_return", b"co_yield", b"delete", b"do", b"else", b"goto", b"new", b"return",
    b"throw",
})  # fmt: skip
_SCOPES = frozenset(
    {
        "compound_statement",
        "function_definition",
        "lambda_expression",
        "field_declaration_list",
        "template_declaration",
        "for_statement",
        "for_range_loop",
        "namespace_definition",
        "translation_unit",
    }
)


@functools.cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_cuda

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_cuda.language()))


class SyntaxTree:
    """A concrete syntax tree of one file, asked about words at byte offsets."""

    def __init__(self, data: bytes) -> None:
        self._tree = _parser().parse(data)

    def declares(self, offset: int, word: str) -> tuple[int, int] | None:
        """Return the byte range in which the word at `offset` is a declaration of the project, or
        None.
        """
        node = self._tree.root_node.descendant_for_byte_range(offset, offset + len(word))
        if node is None or node.end_byte - node.start_byte != len(word):
            return None
        child, parent, function = node, node.parent, False
        while parent is not None and (
            parent.type in _WRAPPERS or parent.type == "function_declarator"
        ):
            if parent.type == "function_declarator" and not _is_field(
                parent, child, ("declarator",)
            ):
                return None
            if parent.type == "parenthesized_declarator" and child.type == "function_declarator":
                # `CHECK(call(x))` without a semicolon behind it, which reads like `T (f(x))`
                return None
            if (
                parent.type == "parenthesized_declarator"
                and child.id == node.id
                and (parent.parent is None or parent.parent.type != "function_declarator")
            ):
                # `member(word)`, an initialiser where the head of its constructor is missing
                return None
            function = function or parent.type == "function_declarator"
            child, parent = parent, parent.parent
        if parent is None:
            return None
        if parent.type == "init_declarator" and _is_field(parent, child, ("declarator",)):
            child, parent = parent, parent.parent
        if function and parent is not None and parent.type == "function_definition":
            return _scope_of(parent) if _is_field(parent, child, ("declarator",)) else None
        if parent is None or not self._declaring(parent, child):
            return None
        return _scope_of(parent)

    def _declaring(self, parent: Any, child: Any) -> bool:
        fields = _DECLARATOR_FIELDS.get(parent.type)
        if fields is None:
            return False
        if parent.type == "type_parameter_declaration":
            return True
        written = parent.child_by_field_name("type")
        if written is not None and written.text in _NO_TYPES:
            return False
        if parent.type.endswith("_specifier") and parent.child_by_field_name("body") is None:
            return False
        return _is_field(parent, child, fields)


def _is_field(parent: Any, child: Any, fields: tuple[str, ...]) -> bool:
    return any(c.id == child.id for f in fields for c in parent.children_by_field_name(f))


def _scope_of(node: Any) -> tuple[int, int]:
    """The innermost scope around a declaration; a parameter's is its function, a member's its
    class.
    """
    inner = node
    node = node.parent
    while node is not None:
        if node.type in _SCOPES and node.id != inner.id:
            if node.type == "compound_statement" and inner.type == "function_definition":
                node = node.parent
                continue
            return node.start_byte, node.end_byte
        node = node.parent
    return 0, inner.end_byte

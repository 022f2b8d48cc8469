# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for names that a unit uses but no file in sight declares (third-party headers).

Without them Clang drops whole statements, and the CUDA names inside go unproved. What a stand-in is,
a namespace, a class template, a type, a function or a variable, is read off its uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PATH = re.compile(r"(?<![\w.>:])((?:[A-Za-z_]\w*\s*::\s*)*)(?:template\s+)?([A-Za-z_]\w*)(\s*::)?\s*(.?)", re.A)
_KEYWORDS = frozenset(
    [
        "if",
        "else",
        "for",
        "while",
        "do",
        "switch",
        "case",
        "return",
        "sizeof",
        "new",
        "delete",
        "const",
        "static",
        "auto",
        "void",
        "int",
        "float",
        "double",
        "char",
        "bool",
        "long",
        "short",
        "unsigned",
        "signed",
        "struct",
        "class",
        "enum",
        "union",
        "typename",
        "template",
        "using",
        "namespace",
        "public",
        "private",
        "protected",
        "virtual",
        "inline",
        "operator",
        "this",
        "true",
        "false",
        "nullptr",
        "typedef",
        "extern",
        "constexpr",
        "volatile",
        "mutable",
        "friend",
        "goto",
        "break",
        "continue",
        "default",
        "try",
        "catch",
        "throw",
        "decltype",
        "noexcept",
    ]
)


@dataclass(slots=True)
class _Node:
    kind: str = ""
    children: dict[str, _Node] = field(default_factory=dict)


_STRENGTH = {"": 0, "variable": 1, "type": 2, "function": 3, "template": 4}


def stand_ins(text: str, unknown: set[tuple[str, str]]) -> str:
    """Return declarations for the `unknown` names (qualifier, name) of a unit whose code is `text`."""
    root = _Node()
    roots = {(q.split("::")[0] if q else n) for q, n in unknown} - _KEYWORDS
    if not roots:
        return ""
    for match in _PATH.finditer(text):
        parts = [p.strip() for p in match.group(1).split("::") if p.strip()]
        parts.append(match.group(2))
        if parts[0] not in roots or _KEYWORDS.intersection(parts):
            continue
        node = root
        for part in parts:
            node = node.children.setdefault(part, _Node())
        if match.group(3):
            continue
        kind = _kind(text, match, qualified=len(parts) > 1)
        if _STRENGTH[kind] > _STRENGTH[node.kind]:
            node.kind = kind
    declared = [_declare(name, root.children[name]) for name in sorted(root.children)]
    members = sorted({n for q, n in unknown if q == "" and n not in root.children and n not in _KEYWORDS})
    return "\n".join(declared + [f"extern pk_any {m};" for m in members]) + "\n"


def _kind(text: str, match: re.Match[str], qualified: bool) -> str:
    following = match.group(4)
    if following == "<":
        return "template" if re.match(r"<[^;{}]*>", text[match.end() - 1 : match.end() + 200]) else "variable"
    if following == "(":
        before = text[max(0, match.start() - 12) : match.start()].rstrip()
        return "type" if before.endswith(("new", "throw")) else "function"
    if following and (following.isalpha() or following == "_" or following in "&*"):
        return "type"
    if qualified and following in (">", ",", ")", "{"):
        return "type" if following in ">{" else "variable"
    return "type" if following in (">", "{") else "variable"


def _declare(name: str, node: _Node) -> str:
    if node.children and node.kind in ("", "variable"):
        inner = " ".join(_declare(n, c) for n, c in sorted(node.children.items()))
        return f"namespace {name} {{ {inner} }}"
    if node.children:
        inner = " ".join(_member(n, c) for n, c in sorted(node.children.items()))
        head = "template <class...> " if node.kind == "template" else ""
        return f"{head}struct {name} : pk_any {{ using pk_any::pk_any; {inner} }};"
    match node.kind:
        case "template":
            return f"template <class...> struct {name} : pk_any {{ using pk_any::pk_any; }};"
        case "type":
            return f"struct {name} : pk_any {{ using pk_any::pk_any; }};"
        case "function":
            return f"pk_any {name}(...);"
    return f"extern pk_any {name};"


def _member(name: str, node: _Node) -> str:
    match node.kind:
        case "type":
            return f"struct {name} : pk_any {{ using pk_any::pk_any; }};"
        case "template":
            return f"template <class...> struct {name} : pk_any {{ using pk_any::pk_any; }};"
        case "function":
            return f"static pk_any {name}(...);"
    return f"static pk_any {name};"

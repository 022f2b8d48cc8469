# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for names that a unit uses but no file in sight declares (third-party headers).

Without them Clang drops whole statements, and the CUDA names inside go unproved. What a stand-in
is, a namespace, a class template, a type, a function or a variable, is read off its uses.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cxx.letters.lexer import Lexed
from portkit.vocab.keywords import KEYWORDS

_PATH = re.compile(
    r"((?:[A-Za-z_]\w*\s*::\s*)*)(?:template\s+)?([A-Za-z_]\w*)(\s*::)?\s*(.?)", re.A
)
_MACRO_HEAD = re.compile(r"(?<![\w:])([A-Z][A-Z0-9_]*)(?=\s*\([^;{}()]*\)\s*\{)", re.A)
_STATEMENT = re.compile(r"(?:[;{}]|\bconst|\bstatic)\s*\Z")


class Unknown(msgspec.Struct, frozen=True):
    """A name that Clang found undeclared: in the namespace or class `owner`, or anywhere; `type`:
    in a type's place.
    """

    name: str
    owner: str = ""
    member: bool = False  # `owner` is a class
    type: bool = False


class _Node(msgspec.Struct):
    kind: str = ""
    children: dict[str, _Node] = msgspec.field(default_factory=dict)


_STRENGTH = {"": 0, "constant": 1, "variable": 2, "type": 3, "function": 4, "template": 5}
_PART = re.compile(r"\.|->|\[")


def stand_ins(texts: Sequence[Lexed], unknown: set[Unknown]) -> str:
    """Return declarations for the `unknown` names of a unit whose files, the main one first, are
    `texts`.

    A name that is unknown anywhere brings in all that stands behind its `::`; of a namespace that
    is known, only the names that are unknown in it are declared.
    """
    root = _Node()
    values = {u.name for u in unknown if not u.type} - {u.name for u in unknown if u.type}
    for name in sorted({u.name for u in unknown if not u.owner} - KEYWORDS):
        node = root.children.setdefault(name, _Node())
        for text, match in _paths(texts, name):
            _enter(node, text, match, name in values)
    declared = [_declare(name, node) for name, node in sorted(root.children.items())]
    for owner, name in sorted({(u.owner, u.name) for u in unknown if u.owner and not u.member}):
        if owner.split("::")[0] in root.children or name in KEYWORDS:
            continue
        node = _Node()
        for text, match in _paths(texts, name, owner.rpartition("::")[2]):
            _enter(node, text, match, value=False)
        declared.append(f"namespace {owner} {{ {_declare(name, node)} }}")
    return "\n".join(_test_macros(texts) + declared) + "\n"


def _paths(
    texts: Sequence[Lexed], name: str, owner: str = ""
) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield (text, match of _PATH) where `name` begins a path, or where it stands behind `owner`
    and `::`.
    """
    for lexed in texts:
        text, words = lexed.code, lexed.words()
        if name not in words or (owner and owner not in words):
            continue
        for start in _places(text, name):
            before = text[max(0, start - 80) : start].rstrip()
            fits = (
                before.endswith("::") and before[:-2].rstrip().endswith(owner)
                if owner
                else not before.endswith((".", "->", "::"))
            )
            match = _PATH.match(text, start) if fits else None
            if match is not None:
                yield text, match


def _places(text: str, name: str) -> Iterator[int]:
    """Yield the offsets of `name` as a whole word."""
    start, size = text.find(name), len(name)
    while start >= 0:
        if not _is_word(text[start - 1 : start]) and not _is_word(
            text[start + size : start + size + 1]
        ):
            yield start
        start = text.find(name, start + size)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _enter(node: _Node, text: str, match: re.Match[str], value: bool) -> None:
    parts = [*(p.strip() for p in match.group(1).split("::") if p.strip()), match.group(2)]
    if KEYWORDS.intersection(parts):
        return
    for part in parts[1:]:
        node = node.children.setdefault(part, _Node())
    if match.group(3):
        return
    kind = _kind(text, match, qualified=len(parts) > 1, value=value and len(parts) == 1)
    if _STRENGTH[kind] > _STRENGTH[node.kind]:
        node.kind = kind


def _test_macros(texts: Sequence[Lexed]) -> list[str]:
    """Define what can only be a macro that a missing header has: `TEST(A, B) { ... }`, never used
    otherwise.
    """
    names = {match.group(1) for match in _MACRO_HEAD.finditer(texts[0].code)} if texts else set()
    found = [
        f"#define {name}(...) void PK_JOIN(pk_{name}, __COUNTER__)()"
        for name in sorted(names)
        if all(
            _MACRO_HEAD.match(x.code, at)
            for x in texts
            if name in x.words()
            for at in _places(x.code, name)
        )
    ]
    return (
        ["#define PK_JOIN_(a, b) a##b\n#define PK_JOIN(a, b) PK_JOIN_(a, b)", *found]
        if found
        else []
    )


def _kind(text: str, match: re.Match[str], qualified: bool, value: bool) -> str:
    following = match.group(4)
    # what only a macro can name is a number, as far as anybody sees: Clang tries each built-in
    # operator on a class beside a number
    number = match.group(2).isupper() and not qualified and not _PART.match(text, match.start(4))
    plain = "constant" if number else "variable"
    if (
        value
        and following in ("*", "&")
        and not _STATEMENT.search(text, max(0, match.start() - 40), match.start())
    ):
        return plain  # a product, or an operand of `and`
    if following == "<":
        return (
            "template"
            if re.match(r"<[^;{}]*>", text[match.end() - 1 : match.end() + 200])
            else plain
        )
    if following == "(":
        before = text[max(0, match.start() - 12) : match.start()].rstrip()
        return "type" if before.endswith(("new", "throw")) else "function"
    if following and (following.isalpha() or following == "_" or following in "&*"):
        return "type"
    if qualified and following in (">", ",", ")", "{"):
        return "type" if following in ">{" else plain
    return "type" if following in (">", "{") else plain


def _declare(name: str, node: _Node) -> str:
    if node.children and node.kind in ("", "constant", "variable"):
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
        case "constant":
            # one each, for a `switch`
            return f"constexpr int {name} = {1 + zlib.crc32(name.encode()) % 997};"
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

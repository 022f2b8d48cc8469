# SPDX-License-Identifier: Apache-2.0
"""Integer constants by their names: which a file defines, and what an expression of them is worth.

Macros, `const` and `constexpr` variables, static members and enumerators are read; what a template
is given is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.values.reading import Constant
from portkit.model.reading import MacroDefinition

_LONGEST = 80
_TYPES = (
    r"(?:(?:static|inline|constexpr|const|unsigned|signed|long|short|int|char|auto|bool|"
    r"(?:std::)?size_t|(?:std::)?u?int(?:8|16|32|64)?_t|uint|__\w+__)\s+)*"
)
_CONSTANT = re.compile(
    # a pattern is looked for by the letters it starts with: what stands before is asked behind them
    rf"const(?<!\wconst)(?:expr)?\s+{_TYPES}([A-Za-z_]\w*)\s*(?:=\s*([^;{{}}=]+?)|\{{\s*([^;{{}}]+?)\s*\}})"
    r"\s*(?=[;,])",
    re.A,
)
_ANOTHER = re.compile(r"\s*,\s*([A-Za-z_]\w*)\s*=\s*([^;{},=]+?)\s*(?=[;,])", re.A)
_ENUMERATION = re.compile(r"enum(?<!\wenum)\b[^;{}()]{0,120}\{([^{}]{1,2000})\}", re.A)
_ENUMERATOR = re.compile(r"\b([A-Za-z_]\w*)\s*=\s*([^,={}]+)", re.A)
_INTEGRAL = re.compile(r"[\w\s()+\-*/%<>&|~^:']+", re.A)
_VALUED = re.compile(r"\d|\bsizeof\b|\A\W*(?:\w+\s*::\s*)*[A-Za-z_]\w*\W*\Z", re.A)


def constants(source: SourceFile) -> tuple[Constant, ...]:
    """Return the integer constants that a file defines, in any scope."""
    return constants_in(source.lexed.bare, source.directives.macros)


def constants_in(bare: str, macros: Iterable[MacroDefinition]) -> tuple[Constant, ...]:
    """Return the integer constants of a file: `bare` is its code without comments and literals,
    `macros` are those that it defines.
    """
    found = list[Constant]()

    def add(name: str, text: str, offset: int) -> None:
        text = text.strip()
        if len(text) <= _LONGEST and _INTEGRAL.fullmatch(text) and _VALUED.search(text):
            found.append(Constant(name, text, offset))

    for macro in macros:
        if macro.parameters is None and 0 < len(macro.body) <= _LONGEST:
            add(macro.name, bare[macro.body.start : macro.body.end], macro.span.start)
    if "const" in bare:
        for match in _CONSTANT.finditer(bare):
            add(match[1], match[2] or match[3], match.start(1))
            more = _ANOTHER.match(bare, match.end())
            while more is not None:
                add(more[1], more[2], more.start(1))
                more = _ANOTHER.match(bare, more.end())
    if "enum" in bare:
        for block in _ENUMERATION.finditer(bare):
            for match in _ENUMERATOR.finditer(bare, block.start(1), block.end(1)):
                add(match[1], match[2], match.start(1))
    return tuple(found)


_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F']+|0[bB][01']+|\d[\d']*)([uUlLzZ]*)(?![\w.])"
    r"|((?:[A-Za-z_]\w*\s*::\s*)*[A-Za-z_]\w*)|(<<|>>|[-+*/%&|^~()<>,]))",
    re.A,
)
_PLAIN = re.compile(r"0|[1-9]\d{0,17}", re.A)
_BINDS = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
_ALL = (1 << 32) - 1
_CASTS = frozenset(
    {"int", "unsigned", "long", "short", "size_t", "uint", "int32_t", "uint32_t", "int64_t",
     "uint64_t", "signed", "char", "std::size_t", "std::uint32_t", "std::int32_t"}
)  # fmt: skip
_UNSIGNED = frozenset({"unsigned", "uint", "uint32_t", "std::uint32_t"})
_DEPTH = 16


class _Unknown(Exception):
    """The value is not known."""


class Value(msgspec.Struct, frozen=True):
    """A number; `bits32`: an unsigned one of 32 bits, in which it is counted on."""

    number: int
    bits32: bool = False


def evaluate(
    text: str,
    look_up: Callable[[str], str | int | None] = lambda _: None,
    sizes: Mapping[str, int] | None = None,
) -> int | None:
    """Return what an expression of integers is worth, None where that is not clear.

    `look_up` gives what stands behind a name: its value, or an expression. `sizes`: of types in
    bytes, for `sizeof`.
    """
    if _PLAIN.fullmatch(text) is not None:
        return int(text)
    try:
        return _Reader(text, look_up, sizes or {}, 0).whole().number
    except (_Unknown, OverflowError):
        return None


class _Reader:
    """Reads one expression, by precedence."""

    def __init__(
        self,
        text: str,
        look_up: Callable[[str], str | int | None],
        sizes: Mapping[str, int],
        depth: int,
    ) -> None:
        if depth > _DEPTH or len(text) > 4 * _LONGEST:
            raise _Unknown
        self._look_up, self._sizes, self._depth = look_up, sizes, depth
        self._tokens: list[tuple[str, str, str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _Unknown
            self._tokens.append((match[1] or "", match[2] or "", match[3] or "", match[4] or ""))
            at = match.end()
        self._at = 0

    def whole(self) -> Value:
        value = self._binary(0)
        if self._at != len(self._tokens):
            raise _Unknown
        return value

    def _sign(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][3] if at < len(self._tokens) else ""

    def _word(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return re.sub(r"\s", "", self._tokens[at][2]) if at < len(self._tokens) else ""

    def _expect(self, sign: str) -> None:
        if self._sign() != sign:
            raise _Unknown
        self._at += 1

    def _binary(self, least: int) -> Value:
        left = self._unary()
        while (binds := _BINDS.get(self._sign(), 0)) > least:
            sign = self._sign()
            self._at += 1
            left = _joined(sign, left, self._binary(binds))
        return left

    def _unary(self) -> Value:
        sign = self._sign()
        if sign in ("-", "~", "+"):
            self._at += 1
            value = self._unary()
            number = {"-": -value.number, "~": ~value.number, "+": value.number}[sign]
            return Value(number & _ALL, True) if value.bits32 else Value(number)
        if sign == "(":
            self._at += 1
            words = self._type()
            if words and self._sign() == ")":
                self._at += 1
                return _cast(words, self._unary())
            value = self._binary(0)
            self._expect(")")
            return value
        return self._primary()

    def _type(self) -> list[str]:
        """Read the words of a type, if nothing but a type stands here."""
        start, words = self._at, list[str]()
        while self._word() in _CASTS:
            words.append(self._word())
            self._at += 1
        if words and self._sign() == ")":
            return words
        self._at = start
        return []

    def _primary(self) -> Value:
        if self._at >= len(self._tokens):
            raise _Unknown
        digits, suffix, _, _ = self._tokens[self._at]
        if digits:
            self._at += 1
            digits = digits.replace("'", "")
            octal = len(digits) > 1 and digits.isdigit() and digits.startswith("0")
            try:
                number = int(digits, 8 if octal else 0)
            except ValueError:
                raise _Unknown from None
            wide = "l" in suffix.lower() or number > _ALL
            return Value(number, not wide and ("u" in suffix.lower() or number >> 31 == 1))
        word = self._word()
        if not word:
            raise _Unknown
        self._at += 1
        if word == "sizeof":
            return self._size()
        if word == "static_cast":
            return self._static_cast()
        if word in _CASTS and self._sign() == "(":
            self._at += 1
            value = self._binary(0)
            self._expect(")")
            return _cast([word], value)
        if self._sign() == "(":
            raise _Unknown  # a call
        return self._named(word)

    def _size(self) -> Value:
        self._expect("(")
        words = list[str]()
        while self._word():
            words.append(self._word())
            self._at += 1
        self._expect(")")
        size = self._sizes.get(" ".join(w for w in words if w not in ("const", "struct")))
        if size is None:
            raise _Unknown
        return Value(size)

    def _static_cast(self) -> Value:
        self._expect("<")
        words = list[str]()
        while self._word():
            words.append(self._word())
            self._at += 1
        self._expect(">")
        self._expect("(")
        value = self._binary(0)
        self._expect(")")
        return _cast(words, value)

    def _named(self, word: str) -> Value:
        found = self._look_up(word)
        if found is None and "::" in word:
            found = self._look_up(word.rpartition("::")[2])
        if found is None:
            raise _Unknown
        if isinstance(found, int):
            return Value(found, found >> 31 == 1)
        return _Reader(found, self._look_up, self._sizes, self._depth + 1).whole()


def _cast(words: list[str], value: Value) -> Value:
    if "long" in words or not _UNSIGNED.intersection(words):
        return Value(value.number)
    return Value(value.number & _ALL, True)


def _joined(sign: str, left: Value, right: Value) -> Value:
    a, b = left.number, right.number
    bits32 = left.bits32 or (right.bits32 and sign not in ("<<", ">>"))
    match sign:
        case "+":
            number = a + b
        case "-":
            number = a - b
        case "*":
            number = a * b
        case "/" | "%" if b:
            number = abs(a) // abs(b) if sign == "/" else abs(a) % abs(b)
            number = -number if (a < 0) != (b < 0 and sign == "/") else number
        case "<<" if 0 <= b < 64:
            number = a << b
        case ">>" if 0 <= b < 64:
            number = a >> b
        case "&":
            number = a & b
        case "|":
            number = a | b
        case "^":
            number = a ^ b
        case _:
            raise _Unknown
    return Value(number & _ALL, True) if bits32 else Value(number)

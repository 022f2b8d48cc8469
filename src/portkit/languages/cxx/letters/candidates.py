# SPDX-License-Identifier: Apache-2.0
"""The words of a file that may be CUDA's: where each stands, and what stands before and after it."""

from __future__ import annotations

import enum
import re
from bisect import bisect_right
from collections.abc import Mapping, Set
from sys import intern

import msgspec

from portkit.languages.cxx.letters.directives import Directives
from portkit.languages.cxx.letters.lexer import Lexed, Words, code_after, code_before
from portkit.languages.cxx.letters.lines import BLANKS
from portkit.languages.cxx.letters.word_facts import WordFacts
from portkit.vocab.keywords import KEYWORDS
from portkit.vocab.vocabulary import Entity

# a leading `::` changes nothing, but behind a word or template arguments it is no leading one
_SCOPE = re.compile(
    r"(?:(?:(?<![\w:])|(?:\A|[^\w:>\s])\s*::\s*)((?:[A-Za-z_]\w*\s*::\s*)+)|(::\s*))\Z", re.A
)
# The same from its end, on text that is turned round: a search would try each word of the window.
_EPOCS = re.compile(r"((?:\s*::\s*\w*[A-Za-z_])+)(?:\s*::(?!\s*[\w>:]))?(?![\w:])(?!\s+:)", re.A)
_QUALIFIED = re.compile(r"::[ \t\n\r\f\v]*([A-Za-z_]\w*)(?![\w$\x80-\xff])", re.A)
_WHITE = re.compile(r"\s+", re.A)
_SCOPE_WINDOW = 160
_WIDE_WINDOW = 4000
_MEANING = BLANKS + ".:>"  # what before a word may make a member of it, or a name in a scope
_NEAR = 24  # characters in which nearly every gap between two tokens ends
_NEVER = 1 << 62
_CONDITIONS = frozenset({"if", "elif", "ifdef", "ifndef", "elifdef", "elifndef"})


class Zone(enum.Enum):
    """Where a word stands, as far as the letters tell."""

    CODE = enum.auto()
    MACRO_BODY = enum.auto()
    PASTE = enum.auto()
    PARAMETER = enum.auto()  # a macro's parameter, where it is named or used
    DEFINES = enum.auto()  # the name that a #define defines
    CONDITION = enum.auto()
    DIRECTIVE = enum.auto()  # #undef, #pragma
    STRING = enum.auto()


class Candidate(msgspec.Struct, gc=False):
    """A word that may be CUDA's. `scope` is its lexical qualifier ("", "::", "cub", "a::b")."""

    offset: int
    word: str
    zone: Zone
    sense: WordFacts
    scope: str = ""
    member: bool = False
    after: str = ""  # the next character that is not white space
    named: bool = False  # its qualifier is the CUDA namespace that has it
    length: int = 0  # bytes in the file, where that is not the length of the word

    @property
    def end(self) -> int:
        return self.offset + (self.length or len(self.word))

    @property
    def entities(self) -> tuple[Entity, ...]:
        return self.sense.entities

    @property
    def shape(self) -> str:
        """The library that the word's shape suggests, when the vocabulary lacks it."""
        return self.sense.shape

    @property
    def weak(self) -> bool:
        """Is it a plain word too, which counts only when Clang or a qualifier says so?"""
        return self.sense.weak

    @property
    def is_alone(self) -> bool:
        """Does the word stand in code as nobody's member, and not for a namespace of CUDA's?"""
        leads = self.named or (self.sense.namespace and self.after == ":")
        return self.zone is Zone.CODE and not (self.member or leads)

    @property
    def telling(self) -> bool:
        """Does the word by itself, or with its qualifier, suggest CUDA?"""
        return self.named or not self.sense.weak


def list_candidates(
    lexed: Lexed,
    directives: Directives,
    in_order: Words,
    senses: Mapping[str, WordFacts],
    words: Set[str],
    aliases: Mapping[str, str],
    wrapped: Set[str],
    roots: frozenset[str],
    plain: bool,
) -> list[Candidate]:
    """Return the candidates among the occurrences of the words of `senses`, in file order.

    `in_order` and `words`: all that its code has; `aliases`: what its namespace aliases stand for;
    `wrapped`: namespaces of CUDA's that another one may stand around; `roots`: CUDA's namespaces.
    Plain words are left out where nothing of CUDA's could stand, and in literals and directives but
    for macro bodies; without `plain`, where nobody can be asked about them, everywhere but behind
    their namespace.
    """
    code, cut, listed = lexed.code, lexed.cut, list[Candidate]()
    skip = {i.span.start for i in directives.includes}
    literal_starts, literal_ends = [*lexed.literals.starts, _NEVER], [*lexed.literals.ends, _NEVER]
    line_starts, line_ends = [*directives.ranges.starts, _NEVER], [*directives.ranges.ends, _NEVER]
    literal = line = 0
    # weak words that count only behind `.`, `->` or `::`, before `=` or `:`, or beside `##`
    weak = [(w, s) for w, s in senses.items() if s.weak]
    bound = (
        {w for w, s in weak if not s.anywhere and words.isdisjoint(s.roots)}
        if plain
        else {w for w, s in weak if not s.outermost}
    )
    befores, afters = (".>:#", "=:#") if plain else (":#", "#")
    tells_before, tells_after = BLANKS + befores, BLANKS + afters
    shortcut = not (plain or "##" in code)
    for offset, word in (
        _qualified(code, in_order, senses.keys(), bound) if shortcut else in_order.find(senses)
    ):
        # the characters around the word, but for one space each; most often they tell enough
        end = offset + len(word)
        before, after = code[offset - 1 : offset], code[end : end + 1]
        before = before if before != " " else code[offset - 2 : offset - 1]
        after = after if after != " " else code[end + 1 : end + 2]
        free = before not in tells_before and after not in tells_after
        if word in bound and (free or _stands_free(code, offset, end, befores, afters)):
            continue
        # both lists are in order, and so are the words: each is walked once
        sense, zone = senses[word], Zone.CODE
        while literal_ends[literal] <= offset:
            literal += 1
        if literal_starts[literal] <= offset:
            if not sense.weak:
                listed.append(Candidate(offset, intern(word), Zone.STRING, sense))
            continue
        while line_ends[line] <= offset:
            line += 1
        if line_starts[line] <= offset:
            there = directive_zone(code, directives, directives.lines[line].keyword, offset, word)
            if (
                there is None
                or offset in skip
                or (sense.weak and there is not Zone.MACRO_BODY and there is not Zone.PASTE)
            ):
                continue
            zone = there
        candidate = Candidate(offset, intern(word), zone, sense)
        if offset in cut:
            candidate.length = cut[offset] - offset
        candidate.after = after if after not in BLANKS else _after(code, directives, end)
        if before in _MEANING:
            _before(code, directives, candidate)
        if candidate.scope:
            root, colons, rest = candidate.scope.partition("::")
            candidate.scope = aliases.get(root, root) + colons + rest
            if wrapped and root not in roots and rest.partition("::")[0] in {*wrapped, ""}:
                _unwrap(candidate, rest, wrapped)
            candidate.named = _is_named(candidate, roots)
        if not sense.weak or _weak_is_worth_asking(candidate, word not in bound, plain, words):
            listed.append(candidate)
    return listed


def _qualified(
    code: str, in_order: Words, words: Set[str], bound: Set[str]
) -> list[tuple[int, str]]:
    """Return the occurrences of `words`, but of those of `bound` only the ones behind `::`."""
    behind = (
        [(m.start(1), m.group(1)) for m in _QUALIFIED.finditer(code) if m.group(1) in bound]
        if bound
        else []
    )
    return sorted(in_order.find(words - bound) + behind)


def _stands_free(code: str, start: int, end: int, befores: str, afters: str) -> bool:
    """Can it be seen at a glance that none of `befores` stands before a word, and none of `afters`
    behind it?
    """
    before, after = code[start - 1 : start], code[end : end + 1]
    if before in BLANKS:
        before = code[max(0, start - _NEAR) : start].rstrip(BLANKS)[-1:]
    if before in befores:
        return False
    if after in BLANKS:
        after = code[end : end + _NEAR].lstrip(BLANKS)[:1]
    return after not in afters


def _weak_is_worth_asking(
    candidate: Candidate, anywhere: bool, plain: bool, words: Set[str]
) -> bool:
    """A plain word is asked about only where some CUDA entity of that name could stand."""
    sense = candidate.sense
    if candidate.zone is Zone.PASTE:
        return True
    if candidate.zone is Zone.MACRO_BODY or not plain:
        return candidate.named or sense.outermost
    if sense.inner and not candidate.named:
        return False  # an inner namespace's name by itself, such as `std`
    if sense.field and (
        candidate.member or candidate.after == ":" or _may_inherit(candidate, words)
    ):
        return not sense.common or not words.isdisjoint(sense.structs)
    return not candidate.member and (anywhere or bool(candidate.scope and sense.roots))


def _may_inherit(candidate: Candidate, words: Set[str]) -> bool:
    """Is a field assigned to without its object? That is so in a struct with a CUDA struct for its
    base, which a file then names.
    """
    return candidate.after == "=" and not words.isdisjoint(candidate.sense.structs)


def _unwrap(candidate: Candidate, rest: str, wrapped: Set[str]) -> None:
    """Take the namespace that a project puts around CUDA's from the scope of a word."""
    if rest or candidate.word in wrapped:
        candidate.scope = rest


def _is_named(candidate: Candidate, roots: frozenset[str]) -> bool:
    """Is the word behind the namespace that has it, written in full, in part, or with a sibling of
    its outer namespace?
    """
    parts = candidate.scope.split("::")
    if parts[0] not in roots:
        return False
    for entity in candidate.sense.entities:
        have = entity.qualifier.split("::")
        if have[-1] == parts[-1] and (len(have) == len(parts) or have[-len(parts) :] == parts):
            return True
    return False


def directive_zone(
    code: str, directives: Directives, keyword: str, offset: int, word: str
) -> Zone | None:
    """Return where the word at `offset` of a directive stands; None where it is of no interest."""
    if keyword == "define":
        i = bisect_right(directives.macros, offset, key=lambda m: m.span.start) - 1
        macro = directives.macros[i] if i >= 0 else None
        if macro is None or offset >= macro.body.end:
            return None
        if offset == macro.span.start:
            return Zone.DEFINES
        if offset < macro.body.start:
            return Zone.PARAMETER
        if macro.parameters is not None and word in macro.parameters:
            return Zone.PARAMETER
        return Zone.PASTE if is_pasted(code, offset, offset + len(word)) else Zone.MACRO_BODY
    if keyword in _CONDITIONS:
        return Zone.CONDITION
    return Zone.DIRECTIVE if keyword in ("undef", "pragma") else None


def is_pasted(code: str, start: int, end: int) -> bool:
    """Return whether the word code[start:end] is an operand of ##."""
    before = code_before(code, start)
    return code.startswith("##", code_after(code, end)) or code[max(0, before - 2) : before] == "##"


def look_around(lexed: Lexed, directives: Directives, candidate: Candidate) -> None:
    """Set what the code around a word makes of it."""
    candidate.after = _after(lexed.code, directives, candidate.end)
    _before(lexed.code, directives, candidate)


def _after(code: str, directives: Directives, end: int) -> str:
    end = directives.after(code, end)
    return code[end : end + 1].strip(BLANKS)


def _before(code: str, directives: Directives, candidate: Candidate) -> None:
    """Set what the code before the word makes of it: a member, or a name in a scope."""
    end = candidate.offset
    before = code[end - 1 : end]
    if before == " ":
        end -= 1
        before = code[end - 1 : end]
    if before in BLANKS:
        end = directives.before(code, candidate.offset)
        before = code[end - 1 : end]
    if before not in ".:>":
        return
    last = code[max(0, end - 2) : end]
    if last == "::":
        candidate.scope = _scope_before(code, directives, end)
    elif last == "->":
        candidate.member = not candidate.sense.types  # `-> Type` is what a function returns
    elif last[-1:] == ".":
        candidate.member = True


def _scope_before(code: str, directives: Directives, end: int) -> str:
    """Return the qualifier that ends at `end`, without white space and its last colons; "::" by
    itself stays.
    """
    window = code[max(0, end - _SCOPE_WINDOW) : end]
    if "#" in window:
        window = _without_directives(code, directives, max(0, end - _WIDE_WINDOW), end)[
            -_SCOPE_WINDOW:
        ]
    turned = _EPOCS.match(window[::-1])
    rest = window[: -turned.end()] if turned is not None else window[:-2]
    if (not rest or rest.isspace()) and len(window) == _SCOPE_WINDOW:
        # a comment may have stood there
        wide = _without_directives(code, directives, max(0, end - _WIDE_WINDOW), end)
        window = _WHITE.sub(" ", wide)[-_SCOPE_WINDOW:]
        turned = _EPOCS.match(window[::-1])
    if turned is not None and turned.end() < len(window):
        scope = turned.group(1)[::-1]
    else:
        match = _SCOPE.search(window)
        if match is None:
            return ""
        scope = match.group(1) or match.group(2)
    first, colons, rest = scope.partition("::")
    if first.strip() in KEYWORDS:
        scope = rest if rest.strip() else colons  # `return ::name`
    return _WHITE.sub("", scope)[:-2] or "::"


def _without_directives(code: str, directives: Directives, start: int, end: int) -> str:
    """Return the code before `end`, of its own directive or of none, at most from `start` on."""
    own, ranges = directives.at(end - 1), directives.ranges
    if own is not None:
        return code[max(start, own.start) : end]
    pieces, i = list[str](), bisect_right(ranges.starts, end) - 1
    while i >= 0 and ranges.ends[i] > start:
        pieces.append(code[ranges.ends[i] : end])
        end = ranges.starts[i]
        i -= 1
    pieces.append(code[start : max(start, end)])
    return "".join(reversed(pieces))

# SPDX-License-Identifier: Apache-2.0
"""One file as the lexer sees it: its directives and the words in it that may name something of CUDA's."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

from portkit.model import Kind
from portkit.scan.cxx.directives import Directives, read_directives
from portkit.scan.cxx.lexer import Lexed, code_words, lex, mask
from portkit.vocab.stub_files import library_names
from portkit.vocab.vocabulary import Entity, Vocabulary

_SCOPE = re.compile(r"(?:(?<![\w:])(?:[A-Za-z_]\w*\s*::\s*)+|::\s*)\Z", re.A)
_SPACE = re.compile(r"(?:\s|\\\r?\n|/\*.*?\*/|//[^\n]*)*", re.S)
_SCOPE_WINDOW = 160
_GAP = " \t\r\n\f\v\x1c\x1d\x1e\x1f\x85\xa0\\/"  # what may stand between two tokens, or start or end it
_NEVER = 1 << 62
_KEPT = 50_000


_CALLED = re.compile(r"(?:(?<=[.>:])|(?<=[.>:]template\s))\s*([A-Za-z_]\w*)\s*(?:<[^;(){}]{0,200}>)?\s*\(", re.A)


_SPLICED = re.compile(r"(?<=\w)\\\r?\n(?=\w)", re.A)
_WORD_BEFORE = re.compile(r"(?<!\w)[A-Za-z_]\w*\Z", re.A)
_PIECES = re.compile(r"[A-Za-z_]\w*(?:\\\r?\n\w+)+", re.A)


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


@dataclass(slots=True)
class Candidate:
    """A word that may be CUDA's. `scope` is its lexical qualifier ("", "::", "cub", "a::b")."""

    offset: int
    word: str
    zone: Zone
    scope: str = ""
    member: bool = False
    after: str = ""  # the next character that is not white space
    entities: tuple[Entity, ...] = ()
    shape: str = ""  # library that the word's shape suggests, when the vocabulary lacks it
    weak: bool = False  # also a plain word: counts only when Clang or a qualifier says so
    named: bool = False  # its qualifier is the CUDA namespace that has it
    length: int = 0  # bytes in the file, where that is not the length of the word

    @property
    def end(self) -> int:
        return self.offset + (self.length or len(self.word))

    @property
    def telling(self) -> bool:
        """Does the word by itself, or with its qualifier, suggest CUDA?"""
        return not self.weak or self.named


@dataclass(slots=True)
class SourceFile:
    """A C or C++ file: bytes as read, text as lexed, and what stands in it."""

    rel: str
    path: str
    data: bytes
    encoding: str
    masked: bytes
    lexed: Lexed
    directives: Directives
    words: set[str]
    candidates: list[Candidate] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)  # that the file itself opens
    defined: set[str] = field(default_factory=set)  # macros that the file defines
    called: frozenset[str] | None = None  # see called_members


_ALIAS = re.compile(r"(?<!\w)namespace\s+([A-Za-z_]\w*)\s*=\s*(?:::\s*)?([A-Za-z_]\w*(?:\s*::\s*\w+)*)\s*;", re.A)
_NAMESPACE = re.compile(r"(?<![\w])namespace\s+([A-Za-z_][\w:\s]*?)\s*(?:\{|\Z)", re.A)


def read_source(rel: str, path: str, data: bytes, encoding: str, vocabulary: Vocabulary) -> SourceFile:
    """Lex a file and list its candidates in file order."""
    masked = mask(data, encoding)
    lexed = lex(masked)
    directives = read_directives(lexed)
    words = lexed.words()
    source = SourceFile(rel, path, data, encoding, masked, lexed, directives, words)
    source.defined = {m.name for m in directives.macros}
    if "namespace" in words:
        for match in _NAMESPACE.finditer(lexed.text):
            if lexed.is_code(match.start()):
                source.namespaces.update(p.strip() for p in match.group(1).split("::"))
    memo = vocabulary.memo
    wanted = {w: found for w in words - vocabulary.nothing if (found := memo.get(w) or _lookup(w, vocabulary)) is not None}
    _list_candidates(source, wanted, vocabulary.namespaces)
    return source


Found = tuple[tuple[Entity, ...], str, bool]  # entities, the library that the shape suggests, weak


def _lookup(word: str, vocabulary: Vocabulary) -> Found | None:
    """Return what a word may be, kept for the next file; of the words that are nothing only so many are kept."""
    found = _look_up(word, vocabulary)
    if found is not None:
        vocabulary.memo[word] = found
    else:
        if len(vocabulary.nothing) > _KEPT:
            vocabulary.nothing.clear()
        vocabulary.nothing.add(word)
    return found


def _look_up(word: str, vocabulary: Vocabulary) -> Found | None:
    entities = vocabulary.get(word)
    if entities and word in library_names():
        # the C and C++ libraries have the word too: only a CUDA namespace's own counts
        entities = tuple(e for e in entities if e.qualifier and e.kind is not Kind.FIELD)
        return (entities, "", True) if entities else None
    if entities:
        inner = all((e.qualifier and e.kind is not Kind.FIELD) or e.kind is Kind.NAMESPACE for e in entities)
        weak = vocabulary.is_plain(word) or inner
        if weak and vocabulary.shape_of(word) is not None and all(e.kind is Kind.FIELD for e in entities):
            weak = False  # a field whose name has CUDA's shape is never a plain word
        return entities, "", weak
    shape = vocabulary.shape_of(word)
    return ((), shape, False) if shape is not None else None


def _list_candidates(source: SourceFile, wanted: dict[str, Found], roots: frozenset[str]) -> None:
    lexed, directives = source.lexed, source.directives
    text, listed = lexed.text, source.candidates
    aliases = aliases_of(source)
    skip = {i.span.start for i in directives.includes}
    comment_ends, comment_starts, literal_ends, literal_starts = (
        [*lexed.comments.ends, _NEVER],
        [*lexed.comments.starts, _NEVER],
        [*lexed.literals.ends, _NEVER],
        [*lexed.literals.starts, _NEVER],
    )
    line_ends, line_starts = [*directives.ranges.ends, _NEVER], [*directives.ranges.starts, _NEVER]
    comment = literal = line = 0
    for offset, word in lexed.find(wanted):
        # all three lists are in order, and so are the words: each is walked once
        while comment_ends[comment] <= offset:
            comment += 1
        if comment_starts[comment] <= offset:
            continue
        entities, shape, weak = wanted[word]
        while literal_ends[literal] <= offset:
            literal += 1
        if literal_starts[literal] <= offset:
            listed.append(Candidate(offset, word, Zone.STRING, entities=entities, shape=shape, weak=weak))
            continue
        while line_ends[line] <= offset:
            line += 1
        candidate = Candidate(offset, word, Zone.CODE, entities=entities, shape=shape, weak=weak)
        if line_starts[line] <= offset:
            zone = _directive_zone(source, directives.lines[line].keyword, candidate)
            if zone is None or offset in skip:
                continue
            candidate.zone = zone
        after = text[offset + len(word) : offset + len(word) + 1]
        if after in _GAP:
            _after(text, candidate)
        else:
            candidate.after = after
        if text[offset - 1 : offset] in _GAP or text[offset - 1] in ":.>":
            _before(lexed, candidate)
        if candidate.scope:
            root, colons, rest = candidate.scope.partition("::")
            candidate.scope = aliases.get(root, root) + colons + rest
            candidate.named = _is_named(candidate, roots)
        if weak and candidate.zone is Zone.CODE and not _weak_is_worth_asking(candidate, source):
            continue
        listed.append(candidate)


def aliases_of(source: SourceFile) -> dict[str, str]:
    """Return what each namespace alias of a file stands for."""
    if "namespace" not in source.words:
        return {}
    return {m.group(1): re.sub(r"\s+", "", m.group(2)) for m in _ALIAS.finditer(source.lexed.text)}


def zone_of(source: SourceFile, offset: int, word: str) -> Zone:
    """Return where the word of code at `offset` stands."""
    line = source.directives.at(offset)
    zone = _directive_zone(source, line.keyword, Candidate(offset, word, Zone.CODE)) if line is not None else Zone.CODE
    return zone if zone is not None else Zone.DIRECTIVE


def _is_named(candidate: Candidate, roots: frozenset[str]) -> bool:
    """Is the word behind the namespace that has it, written in full, in part, or with a sibling of its outer namespace?"""
    parts = candidate.scope.split("::")
    if parts[0] not in roots:
        return False
    for entity in candidate.entities:
        have = entity.qualifier.split("::")
        if have[-1] == parts[-1] and (len(have) == len(parts) or have[-len(parts) :] == parts):
            return True
    return False


def _weak_is_worth_asking(candidate: Candidate, source: SourceFile) -> bool:
    """A plain word is asked about only where some CUDA entity of that name could stand."""
    for entity in candidate.entities:
        if entity.kind is Kind.FIELD:
            if candidate.member or candidate.after in ("=", ":"):
                return True
        elif (not candidate.member and (not entity.qualifier or entity.kind is Kind.NAMESPACE or candidate.scope)) or (
            not candidate.member and entity.qualifier.split("::")[0] in source.words
        ):
            return True
    return False


def _directive_zone(source: SourceFile, keyword: str, candidate: Candidate) -> Zone | None:
    if keyword == "define":
        macro = next((m for m in source.directives.macros if m.span.start <= candidate.offset < m.body.end), None)
        if macro is None:
            return None
        if candidate.offset == macro.span.start:
            return Zone.DEFINES
        if candidate.offset < macro.body.start:
            return Zone.PARAMETER
        if macro.parameters is not None and candidate.word in macro.parameters:
            return Zone.PARAMETER
        return Zone.PASTE if is_pasted(source.lexed.text, candidate.offset, candidate.end) else Zone.MACRO_BODY
    if keyword in ("if", "elif", "ifdef", "ifndef", "elifdef", "elifndef"):
        return Zone.CONDITION
    return Zone.DIRECTIVE if keyword in ("undef", "pragma") else None


def is_pasted(text: str, start: int, end: int) -> bool:
    """Return whether the word text[start:end] is an operand of ##."""
    after = text[end : end + 80].lstrip(" \t\\\r\n")
    before = text[max(0, start - 80) : start].rstrip(" \t\\\r\n")
    return after.startswith("##") or before.endswith("##")


def called_members(source: SourceFile) -> frozenset[str]:
    """Return the words that stand in a file as `.word(`, `->word(` or `::word(`, template arguments passed over."""
    if source.called is None:
        source.called = frozenset(_CALLED.findall(source.lexed.text))
    return source.called


def spliced_names(source: SourceFile, vocabulary: Vocabulary) -> list[Candidate]:
    """Return CUDA's names that a backslash at a line's end cuts in two; the preprocessor joins them."""
    found, text = list[Candidate](), source.lexed.text
    if "\\" not in text:
        return []
    for splice in _SPLICED.finditer(text):
        start = _WORD_BEFORE.search(text, max(0, splice.start() - 200), splice.start())
        match = _PIECES.match(text, start.start()) if start is not None and source.lexed.is_code(splice.start()) else None
        if match is None or (found and found[-1].end > match.start()):
            continue
        word = re.sub(r"\\\r?\n", "", match.group())
        entities, shape, weak = _look_up(word, vocabulary) or ((), "", True)
        if not weak:
            found.append(Candidate(match.start(), word, Zone.PASTE, entities=entities, shape=shape, length=len(match.group())))
    return found


def pasted_stems(source: SourceFile, vocabulary: Vocabulary) -> list[Candidate]:
    """Return words of macro bodies that ## joins into CUDA names though they are none themselves (`cuda##x`)."""
    found, text = [], source.lexed.text
    known = {c.offset for c in source.candidates}
    for macro in source.directives.macros:
        if text.find("##", macro.body.start, macro.body.end) < 0:
            continue
        for offset, word in code_words(text, macro.body.start, macro.body.end):
            if offset in known or not source.lexed.is_code(offset) or word in (macro.parameters or ()):
                continue
            if is_pasted(text, offset, offset + len(word)) and vocabulary.is_stem(word):
                found.append(Candidate(offset, word, Zone.PASTE, shape=vocabulary.stem_library(word)))
    return found


def _after(text: str, candidate: Candidate) -> None:
    match = _SPACE.match(text, candidate.end)
    position = match.end() if match else candidate.end
    candidate.after = text[position : position + 1]


def _before(lexed: Lexed, candidate: Candidate) -> None:
    text = lexed.text
    end = _code_before(lexed, candidate.offset)
    last = text[max(0, end - 2) : end]
    if last.endswith(".") or last == "->":
        types_only = candidate.entities and all(e.kind is Kind.TYPE for e in candidate.entities)
        candidate.member = not (types_only and last == "->")  # `-> Type` is what a function returns
    elif last == "::" and (scope := _SCOPE.search(text[max(0, end - _SCOPE_WINDOW) : end])) is not None:
        candidate.scope = re.sub(r"\s+", "", scope.group())[:-2] or "::"


def _code_before(lexed: Lexed, offset: int) -> int:
    """Return where the code before `offset` ends: white space, continued lines and comments are passed over."""
    while True:
        while offset and lexed.text[offset - 1] in " \t\r\n\f\v\\":
            offset -= 1
        comment = lexed.comments.index(offset - 1)
        if comment < 0:
            return offset
        offset = lexed.comments.starts[comment]

# SPDX-License-Identifier: Apache-2.0
"""Which words inside string literals are references: symbols, library names and source text handed
to a loader.
"""

from __future__ import annotations

import re

from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.letters.word_facts import WordFacts
from portkit.model.spans import Span
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Vocabulary

# a callee's name, on text that is turned round
_ENDING_NAME = re.compile(r"\s*(\w*[A-Za-z_])", re.A)
_SIGN = re.compile(r"[();{}]")
_INNER = re.compile(
    r'\A(?:u8|[uUL])?R?"(?:[^()\\\s"]{0,16}\()?(.*?)(?:\)[^()\\\s"]{0,16})?"\Z', re.S
)
_ABI = re.compile(r"(?:_v\d+|_ptsz|_ptds)+\Z", re.A)
_SPLICE = re.compile(r"\\\r?\n")
_WINDOW = 4000
_ENDINGS = (".so", ".dll", ".dylib")  # one of them is in every shared library's file name


def names_loader(source: SourceFile, vocabulary: Vocabulary) -> bool:
    """Return whether the code of a file names a function that looks symbols up."""
    return any(
        source.lexed.is_code(offset)
        for offset, _ in source.lexed.find(source.words & vocabulary.symbol_loaders)
    )


def string_references(source: SourceFile, vocabulary: Vocabulary, loading: bool) -> list[Candidate]:
    """Return the candidates in literals that a loader takes as a symbol, a library or source text.

    A literal counts when it is a whole symbol name in a call of a symbol loader; when it is the
    whole name of a function of the vocabulary and the file's unit names such a loader (`loading`),
    since a wrapper or a table may hand it on; when it is source text (see
    `source_texts`). Library names are new candidates.
    """
    found = []
    texts = source_texts(source, vocabulary)
    literals, last, content, is_source = source.lexed.literals, -1, "", False
    for candidate in source.candidates:
        if candidate.zone is not Zone.STRING or (candidate.weak and not candidate.entities):
            continue
        i = literals.index(candidate.offset)
        start, end = literals.starts[i], literals.ends[i]
        if i != last:
            last, content = i, content_of(source, start, end)
            is_source = any(span.start <= start < span.end for span in texts)
        if content == candidate.word and not candidate.weak:
            if loading and (
                _is_function(candidate, vocabulary)
                or callee(source, start) in vocabulary.symbol_loaders
            ):
                found.append(candidate)
        elif is_source and not candidate.weak:
            found.append(candidate)
    found += _libraries(source, vocabulary)
    return sorted(found, key=lambda c: c.offset)


def source_texts(source: SourceFile, vocabulary: Vocabulary) -> tuple[Span, ...]:
    """Return the literals that hold source text (an execution-space word stands in it), in a file that
    calls a source loader; those side by side are one.
    """
    if source.words.isdisjoint(vocabulary.source_loaders):
        return ()
    found, spaces, literals = list[Span](), vocabulary.execution_space, source.lexed.literals
    # whether source text is in the run of literals, where it starts, and how far it goes
    held, last, end_before = False, -1, -1
    for start, end in zip(literals.starts, literals.ends, strict=True):
        text = source.lexed.text[start:end]
        if last >= 0 and not source.lexed.code[end_before:start].strip():
            held = held or any(s in text for s in spaces)
        else:
            if held:
                found.append(Span(last, end_before))
            held, last = any(s in text for s in spaces), start
        end_before = end
    if held:
        found.append(Span(last, end_before))
    return tuple(found)


def content_of(source: SourceFile, start: int, end: int) -> str:
    """Return what is in the literal from `start` to `end`, escapes as they are written."""
    inner = _INNER.match(_SPLICE.sub("", source.lexed.text[start:end]))
    return inner.group(1) if inner else ""


def _is_function(candidate: Candidate, vocabulary: Vocabulary) -> bool:
    """Is the word a function's name, or one with the suffix of an ABI version or of a per-thread
    stream?
    """
    entities = candidate.entities or vocabulary.get(_ABI.sub("", candidate.word))
    return any(e.kind is Kind.FUNCTION and not e.qualifier for e in entities)


def _libraries(source: SourceFile, vocabulary: Vocabulary) -> list[Candidate]:
    found, text = list[Candidate](), source.lexed.text
    pattern = vocabulary.library_file
    if pattern is None or '"' not in text or not any(e[1:] in source.words for e in _ENDINGS):
        return []
    for start, end in zip(source.lexed.literals.starts, source.lexed.literals.ends, strict=True):
        if text.find(".", start, end) < 0:
            continue
        written = text[start:end]
        content = _SPLICE.sub("", written)
        for match in pattern.finditer(content) if any(e in content for e in _ENDINGS) else ():
            if (
                content[1 : match.start()].rpartition("/")[2] == ""
                and match.end() == len(content) - 1
            ):
                # where continued lines cut the literal, all of it stands for the name
                at = 1 if content != written else match.start()
                sense = WordFacts(shape=vocabulary.library_of_file(match))
                found.append(
                    Candidate(
                        start + at, match.group(), Zone.STRING, sense, length=len(written) - 1 - at
                    )
                )
    return found


def callee(source: SourceFile, offset: int) -> str:
    """Return the name of the function whose argument list holds `offset`, or "" (looks back a few
    lines).
    """
    code, depth, own = source.lexed.code, 0, source.directives.at(offset)
    before = code[max(0, offset - _WINDOW) : offset][::-1]
    for match in _SIGN.finditer(before):
        at = offset - match.end()
        if not source.lexed.is_code(at):
            continue
        if source.directives.at(at) is not own:
            if own is not None:
                return ""  # no directive goes on in what stands before it
            continue
        if match.group() in ";{}":
            return ""
        depth += 1 if match.group() == ")" else -1
        if depth < 0:
            name = _ENDING_NAME.match(before, match.end())
            if name is not None:
                return name.group(1)[::-1]
            depth = 0  # a bracket around a part of the argument
    return ""

# SPDX-License-Identifier: Apache-2.0
"""Names in literals that the environment and a shell know: `getenv("CUDA_VISIBLE_DEVICES")`,
`system("nvcc ...")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.letters.strings import callee, content_of
from portkit.languages.cxx.letters.word_facts import WordFacts
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Vocabulary

_VARIABLE = re.compile(r"([A-Z_][A-Z0-9_]*+)(?:=.*)?", re.A | re.S)
_ENVIRONMENT = "environment"  # the library of such variables
_SPEAKS = re.compile(r"env", re.I)  # of the name of a function around getenv


def environment_names(source: SourceFile, vocabulary: Vocabulary) -> Iterator[Candidate]:
    """Yield the environment variables of CUDA's that a file reads or sets.

    The whole literal is such a name, or one with a value (`NAME=value`), and it is an argument of a
    function for the environment, of a wrapper by its name, or stands where the file has such a
    function: a constant may hand it on. One that the tables lack counts by its letters where it is
    an argument of such a function.
    """
    memo, functions = vocabulary.memo, vocabulary.environment_functions
    names = {w for w in source.words if (known := memo.get(w)) and known.environment}
    asks, last = not source.words.isdisjoint(functions), -1
    for match in vocabulary.environment_literal.finditer(source.lexed.text) if asks else ():
        unknown = match.group(1) not in names and source.lexed.literals.index(match.start()) >= 0
        if unknown and callee(source, match.start()) in functions:
            yield Candidate(
                match.start(1), match.group(1), Zone.STRING, WordFacts(shape=_ENVIRONMENT)
            )
    if not names:
        return
    for offset, word in source.lexed.find(names):
        i = source.lexed.literals.index(offset)
        if i in (-1, last):
            continue
        start, end = source.lexed.literals.starts[i], source.lexed.literals.ends[i]
        told = _VARIABLE.fullmatch(content_of(source, start, end))
        if told is None or told.group(1) != word:
            continue
        called = callee(source, start)
        if asks or called in functions or _SPEAKS.search(called) is not None:
            last = i
            entities = tuple(e for e in vocabulary.get(word) if e.kind is Kind.ENVIRONMENT)
            yield Candidate(offset, word, Zone.STRING, WordFacts(entities))


def tool_names(source: SourceFile, vocabulary: Vocabulary) -> Iterator[Candidate]:
    """Yield CUDA's programs that a file runs: a word of a literal handed to `system` and its like,
    or one that starts a command line which a variable may hand on.
    """
    runners, tools = source.words & vocabulary.command_functions, vocabulary.tools
    if not runners:
        return
    literals, text = source.lexed.literals, source.lexed.text
    for start, end in zip(literals.starts, literals.ends, strict=True):
        found = [m for m in tools.finditer(text, start, end)]
        if not found:
            continue
        leads = found[0].start() == start + 1 and text[found[0].end()] == " "
        if leads or callee(source, start) in runners:
            for match in found:
                at, name = match.start(), match.group()
                yield Candidate(at, name, Zone.STRING, WordFacts(shape="compiler"))

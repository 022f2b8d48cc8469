# SPDX-License-Identifier: Apache-2.0
"""The reader of Python files: references, what tests ask, and CUDA source text in strings.

Python's own parser reads them: places are bytes of the file, and nothing is printed again.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator

from portkit.languages.base import Parsed
from portkit.languages.python import spaces
from portkit.languages.python.lexical import by_letters
from portkit.languages.python.lexical import comments as comments_by_letters
from portkit.languages.python.lines import Lines
from portkit.languages.python.places import places
from portkit.languages.python.tables import python_words
from portkit.languages.python.texts import read_texts
from portkit.languages.python.walk import Walk
from portkit.model.reading import FileFacts, Issue, PythonFacts
from portkit.model.spans import Span
from portkit.model.words import Parse
from portkit.vocab.vocabulary import Vocabulary

RULE, UNREAD = "PK912", "PK901"
_WORD = re.compile(r"[A-Za-z_]\w*")
_PTX = re.compile(rb"(\.version)\s+\d+\.\d+[^\"']{0,80}?\.target\s+sm_\d+")
_FILLED = "_"  # a word stands where a {} is


def parsed(data: bytes) -> ast.Module | None:
    """Return the tree of a file; None where Python's parser refuses it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is no concern of the reader's
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def read_python(data: bytes, vocabulary: Vocabulary) -> Parsed:
    """Return what the bytes of a Python file say. Never raises on content.

    A string (plain, bytes, or with {} in it) holds CUDA source when an execution-space word stands
    in it beside other words. A string that is a statement by itself, as a docstring is, is read by
    people only and does not count. A file that Python's parser refuses is read by its letters: it
    gets an issue, and one at its first execution-space word.
    """
    words, spaced = python_words(), spaces(vocabulary)
    tree = parsed(data) if words.telling.search(data) is not None else ast.Module([], [])
    if tree is None:
        return _unparsed(data, spaced)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of expressions in braces, which are parsed apart
            walk = Walk(data, tree, words)
    except RecursionError:
        return _unparsed(data, spaced)
    held, texts, unclear = read_texts(data, walk.texts.found(), vocabulary)
    spoken = [*held, *walk.references]
    references = sorted({r.span: r for r in reversed(spoken)}.values(), key=lambda r: r.span)
    before, after = places(tree, walk.lines, words.framework, words.modules)
    facts = PythonFacts(
        tuple(sorted(walk.modules)), before, after, walk.values.asides,
        tuple(sorted(walk.gates.found, key=lambda g: g.span)),
        tuple(texts),
    )  # fmt: skip
    sources = _sources(data, tree, vocabulary) if spaced.search(data) is not None else []
    unclear += _assembly(data)
    read = {text.span for text in texts} | {issue.span for issue in unclear}
    issues = [*unclear, *(issue for issue in sources if issue.span not in read)]
    issues.sort(key=lambda issue: issue.span)
    return Parsed(Parse.SYNTAX, references, FileFacts(python=facts), tuple(issues))


def _unparsed(data: bytes, spaced: re.Pattern[bytes]) -> Parsed:
    first = spaced.search(data)
    issues = []
    references = by_letters(data, python_words())
    if references:
        issues.append(Issue(UNREAD, references[0].span, {"case": "python"}))
    if first is not None:
        args = {
            "name": first.group().decode(),
            "case": "unparsed",
            "count": str(len(spaced.findall(data))),
        }
        issues.append(Issue(RULE, Span(*first.span()), args))
    facts = FileFacts(python=PythonFacts())
    return Parsed(Parse.LEX, references, facts, tuple(issues))


def _assembly(data: bytes) -> list[Issue]:
    """Return an issue for each text in PTX, by the two directives that begin one."""
    found = _PTX.finditer(data) if b".target" in data else ()
    return [Issue(RULE, Span(*m.span(1)), {"name": "ptx", "case": "ptx-text"}) for m in found]


def _sources(data: bytes, tree: ast.Module, vocabulary: Vocabulary) -> list[Issue]:
    """Return an issue for each string that holds CUDA source."""
    words, lines = frozenset(vocabulary.execution_space), Lines(data)
    issues = []
    for node, text in _strings(tree):
        found = _WORD.findall(text)
        held = next((w for w in found if w in words), None)
        if held is not None and not words.issuperset(found):
            issues.append(Issue(RULE, lines.span(node), {"name": held}))
    return sorted(issues, key=lambda issue: issue.span)


def _strings(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield the strings that are values, with their text; what fills a {} is a word in it, and is
    looked at by itself.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node, node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        elif isinstance(node, ast.JoinedStr):
            yield (
                node,
                " ".join(
                    p.value if isinstance(p, ast.Constant) and isinstance(p.value, str) else _FILLED
                    for p in node.values
                ),
            )
            waiting += [p for p in node.values if not isinstance(p, ast.Constant)]
        else:
            waiting += ast.iter_child_nodes(node)


def comments(data: bytes) -> Iterator[Span]:
    """Yield the comments of a file: by Python's tokenizer, and by their letters where it gives up."""
    lines, found = Lines(data), list[Span]()
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                found.append(Span(lines.after(*token.start), lines.after(*token.end)))
    except (tokenize.TokenError, SyntaxError):
        yield from comments_by_letters(data)
        return
    yield from found

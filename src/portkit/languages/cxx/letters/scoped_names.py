# SPDX-License-Identifier: Apache-2.0
"""Names behind a namespace of CUDA's that the vocabulary does not have there: unknown to it, and
not silent.
"""

from __future__ import annotations

import re
import string
from collections.abc import Container

from portkit.languages.cxx.letters.source import Candidate, SourceFile, aliases_of, zone_of
from portkit.languages.cxx.letters.word_facts import WordFacts
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Entity, Vocabulary

_PART = re.compile(r"\s*::\s*(?:template\s+)?([A-Za-z_]\w*)", re.A)
_DEFINES = re.compile(r"(?<!\w)(?:namespace|struct|class|enum|union)\Z")
_QUALIFIES = frozenset(string.ascii_letters + string.digits + "_>")


def unknown_scoped_names(
    source: SourceFile, vocabulary: Vocabulary, opened: Container[str]
) -> list[Candidate]:
    """Return the first word behind each chain of CUDA's namespaces that no row has there.

    `opened` are the namespaces that the project itself opens: what lies in them may be the
    project's, so it is left to the rows and to Clang. The candidates carry the library of the
    outermost namespace and stand in file order.
    """
    aliases = aliases_of(source)
    roots = {r: r for r in vocabulary.namespaces & source.words} | {
        a: to for a, to in aliases.items() if "::" not in to
    }
    roots = {
        word: to for word, to in roots.items() if to in vocabulary.namespaces and to not in opened
    }
    found, code, code_before = [], source.lexed.code, source.directives.before
    for offset, word in source.lexed.places(roots):
        if not source.lexed.is_code(offset):
            continue
        end = code_before(code, offset)
        before = code[max(0, end - 40) : end]
        if before.endswith((".", "->")) or _DEFINES.search(before):
            continue
        if (
            before.endswith("::")
            and code[(end := code_before(code, end - 2)) - 1 : end] in _QUALIFIES
        ):
            continue
        candidate = _first_unknown(source, vocabulary, roots[word], offset + len(word))
        if candidate is not None:
            found.append(candidate)
    return found


def _first_unknown(
    source: SourceFile, vocabulary: Vocabulary, root: str, position: int
) -> Candidate | None:
    outer = _namespace(vocabulary, root, "")
    library, path = (outer.library, root) if outer is not None else ("", root)
    code = source.lexed.code
    while (match := _PART.match(code, position)) is not None:
        word, position = match.group(1), match.end()
        inner = _namespace(vocabulary, word, path)
        if inner is not None:
            library, path = inner.library, f"{path}::{word}"
            continue
        candidate = Candidate(
            match.start(1),
            word,
            zone_of(source, match.start(1), word),
            WordFacts(shape=library),
            path,
            named=True,
        )
        candidate.length = source.lexed.end(match.start(1), word) - match.start(1)
        candidate.after = code[position : position + 1]
        return candidate if library and not _has(vocabulary, word, path) else None
    return None


def _namespace(vocabulary: Vocabulary, word: str, qualifier: str) -> Entity | None:
    return next(
        (e for e in vocabulary.get(word) if e.kind is Kind.NAMESPACE and e.qualifier == qualifier),
        None,
    )


def _has(vocabulary: Vocabulary, word: str, path: str) -> bool:
    """Does some row have the word there, or in the namespace of the same name beside it
    (`at::cuda`, `c10::cuda`)?
    """
    last = path.rpartition("::")[2]
    return any(e.qualifier.rpartition("::")[2] == last for e in vocabulary.get(word))

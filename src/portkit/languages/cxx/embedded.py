# SPDX-License-Identifier: Apache-2.0
"""CUDA source text that stands in a file of another language: read by its letters and its syntax,
as a file of its own.
"""

from __future__ import annotations

from pathlib import Path

from portkit.languages.cxx.letters.source import read_source
from portkit.languages.cxx.settle.reader import finish
from portkit.languages.cxx.values.reading import CxxOptions, FileVerdicts, Substitutes
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.languages.file_ref import FileRef
from portkit.model.reading import FileScan
from portkit.model.words import Parse, Rung
from portkit.vocab.vocabulary import Vocabulary

_NAME = "text.cu"


def read_embedded(text: bytes, vocabulary: Vocabulary) -> FileScan:
    """Return what a text of CUDA C++ says; its offsets are the text's. Nothing in it is proved."""
    source = read_source(_NAME, _NAME, text, "utf-8", vocabulary, plain=False)
    file = FileRef(_NAME, _NAME, "", "utf-8", len(text), text.count(b"\n"))
    options = CxxOptions(Path(), Rung.SYNTAX, lambda rel, include: None)
    return finish(
        file,
        source,
        IncludeGraph(),
        vocabulary,
        options,
        FileVerdicts(),
        {},
        False,
        (),
        Substitutes(),
        Parse.SYNTAX,
        {},
    )

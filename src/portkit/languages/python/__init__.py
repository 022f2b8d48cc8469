# SPDX-License-Identifier: Apache-2.0
"""The reader of Python files: which ones hold CUDA source text in strings, and where. It yields
issues, no references.
"""

from __future__ import annotations

import re

from portkit.vocab.vocabulary import Vocabulary

SUFFIX = ".py"


def spaces(vocabulary: Vocabulary) -> re.Pattern[bytes]:
    """Return the pattern of an execution-space word as a word of its own: what a file must hold to
    be worth reading.
    """
    words = "|".join(re.escape(w) for w in sorted(vocabulary.execution_space))
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{words})(?![A-Za-z0-9_])".encode())

# SPDX-License-Identifier: Apache-2.0
"""Library names as --only and --skip take them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from portkit.model.errors import PortkitError
from portkit.model.words import BUILD_LIBRARY


def libraries(option: str, values: Iterable[str]) -> frozenset[str]:
    """Return the libraries in `values` (commas within one allowed). Raises PortkitError for one
    that is not known.
    """
    names = frozenset(name.strip() for value in values for name in value.split(",") if name.strip())
    if not names:
        return names
    from portkit.vocab.vocabulary import load_vocabulary

    known = frozenset(load_vocabulary().libraries) | {BUILD_LIBRARY}
    for name in sorted(names - known):
        close = difflib.get_close_matches(name.lower(), sorted(known), 1, 0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        hint += f"known: {', '.join(sorted(known))}"
        raise PortkitError(f"{option}: unknown library {name!r}", hint=hint)
    return names

# SPDX-License-Identifier: Apache-2.0
"""Keys of cached results."""

from __future__ import annotations

import hashlib

from portkit.languages.jobs import encode

KEY_BYTES = 16


def content_key(*parts: object) -> bytes:
    """Return the key of plain values."""
    return hashlib.blake2b(encode(parts), digest_size=KEY_BYTES).digest()

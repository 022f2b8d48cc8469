# SPDX-License-Identifier: Apache-2.0
"""What the running command has written so far, in words: for a run that is interrupted."""

from __future__ import annotations

WRITTEN: list[str] = []

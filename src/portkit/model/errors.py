# SPDX-License-Identifier: Apache-2.0
"""A user's mistake, or a refusal, and what to do about it."""

from __future__ import annotations

from portkit.printable import printable


def extra_hint(extra: str) -> str:
    """Return how to install an extra of portkit's own: from a clone or a wheel by its path.

    Never by the bare name: on a package index it is not ours.
    """
    wheel = f"./portkit-VERSION-py3-none-any.whl[{extra}]"
    return f"in a clone of portkit: pip install '.[{extra}]'; with a wheel: pip install '{wheel}'"


class PortkitError(Exception):
    """A user's mistake or a refusal: exit code 2, and one line whatever is in it. `path`: the file,
    `hint`: what to do.
    """

    def __init__(self, message: str, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.path, self.hint = message, path, hint

    def __str__(self) -> str:
        where, advice = (
            f"{self.path}: " if self.path else "",
            f" ({self.hint})" if self.hint else "",
        )
        return printable(f"{where}{self.message}{advice}")

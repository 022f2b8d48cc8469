# SPDX-License-Identifier: Apache-2.0
"""The entry point. What takes no more than a file is answered here, before anything large is
imported; `main` has the rest.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; every outcome becomes an exit code: 0, 1, 2 or 130."""
    from portkit.quick.answer import answer

    text = answer(sys.argv[1:])
    if text is None:
        from portkit.cli.main import main as whole

        whole()
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (
        OSError,
        UnicodeError,
        AttributeError,
    ):  # a closed pipe, a full disk, a locale without the characters
        from portkit.cli.main import main as whole

        whole()
    sys.exit(0)

# SPDX-License-Identifier: Apache-2.0
"""The Python surface: `Session` and `Options`. They are stable, what else is in portkit is not: see
docs/api.md.

The command line, the language server and the hooks stand on it.
"""

from portkit.api.options import Options
from portkit.api.session import Session

__all__ = ["Options", "Session"]

# SPDX-License-Identifier: Apache-2.0
# What a type checker sees of `__init__.py`, which loads these two when they are asked for.

from portkit.api import Options as Options
from portkit.api import Session as Session

__all__ = ["Options", "Session", "__version__"]
__version__: str

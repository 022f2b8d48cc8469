# SPDX-License-Identifier: Apache-2.0
"""portkit moves CUDA code bases to China's domestic GPU stacks and says how it knows each step.

`Session` and `Options` are the Python surface. They are loaded when they are asked for: a command
line that needs neither starts without them.
"""

__version__ = "0.1.0"
__all__ = ["Options", "Session", "__version__"]


def __getattr__(name: str) -> object:
    # No import statement: what a cache rests on is read off those, and every module rests on this
    # one.
    if name in ("Options", "Session"):
        import importlib

        return getattr(importlib.import_module("portkit.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

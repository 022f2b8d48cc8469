# SPDX-License-Identifier: Apache-2.0
"""What building the package does besides packing it: the ready answers of `query` are made from the
tables.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The path is set here: the environments that pip builds in take a checkout's folder out of
# PYTHONPATH. 0: leave them out, for tests of installation; `query` is slower then, never wrong.
WITHOUT = "PORTKIT_BUILD_ANSWERS"
RUN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop()); "
    "runpy.run_module('portkit.quick.build', run_name='__main__')"
)


class Answers(BuildHookInterface):  # type: ignore[type-arg]
    """Makes src/portkit/_data/answers.bin, for a wheel and for an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run portkit's own program for it, by the interpreter that builds; a file that is fresh
        stays as it is.
        """
        if os.environ.get(WITHOUT) == "0":
            return
        env = {key: value for key, value in os.environ.items() if key != "PORTKIT_MAPPINGS"}
        command = [sys.executable, "-c", RUN, str(Path(self.root) / "src")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"the ready answers of query could not be made:\n{done.stdout}{done.stderr}"
            )

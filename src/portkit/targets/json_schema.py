# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of a target.toml, for editors that check TOML: `python -m
portkit.targets.json_schema`.
"""

from __future__ import annotations

import json
from typing import Any

from portkit.config.json_schema import json_schema_of
from portkit.targets.schema import TargetFile


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a target.toml. It knows nothing of what `target_file` finds between
    keys.
    """
    return json_schema_of(TargetFile, title="portkit target")


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))

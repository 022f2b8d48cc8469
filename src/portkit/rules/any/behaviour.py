# SPDX-License-Identifier: Apache-2.0
"""PK80x: the same call, another behaviour: streams, limits, errors; and PK108, libraries that a
target lacks.
"""

from __future__ import annotations

from portkit.rules.any.features import feature_rule, load_features

feature_rule(
    "PK802",
    "stream-semantics",
    "stream-priorities",
    "per-thread-stream",
    "legacy-stream",
    "stream-callbacks",
)
feature_rule(
    "PK803",
    "runtime-behaviour",
    "occupancy",
    "device-limits",
    "contexts",
    "profiler-control",
    "error-text",
)
feature_rule(
    "PK804",
    "device-builtins",
    "nanosleep",
    "device-clock",
    "byte-permute",
    "execution-bounds",
    "built-in-variables",
)
feature_rule(
    "PK108", "library-on-target", *(name for name in load_features() if name.startswith("lib-"))
)

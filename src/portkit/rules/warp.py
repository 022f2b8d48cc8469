# SPDX-License-Identifier: Apache-2.0
"""PK301: warp primitives as a target offers them."""

from __future__ import annotations

from portkit.rules.features import feature_rule

feature_rule("PK301", "warp-primitives", "warp-primitives", "maskless-shuffle", "warp-reductions")

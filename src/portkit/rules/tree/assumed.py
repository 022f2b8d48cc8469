# SPDX-License-Identifier: Apache-2.0
"""PK112: names that are kept because the target is assumed to have them (see plan.grouped)."""

from __future__ import annotations

from portkit.model.words import Severity
from portkit.rules.registry import issue_rule

issue_rule("PK112", "assumed-same", severity=Severity.INFO)

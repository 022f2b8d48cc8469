# SPDX-License-Identifier: Apache-2.0
"""PK810: a function that is affected through what it calls. The call graph of the whole scan finds
it (plan.callers).
"""

from __future__ import annotations

from portkit.model.words import Severity
from portkit.rules.registry import issue_rule

issue_rule("PK810", "affected-caller", severity=Severity.WARNING, scope="name")

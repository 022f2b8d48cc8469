# SPDX-License-Identifier: Apache-2.0
"""PK701: a build file asks for CUDA. The reading of the file finds it."""

from __future__ import annotations

from portkit.model.words import Effort, Severity
from portkit.rules.registry import issue_rule

issue_rule("PK701", "build-asks-for-cuda", severity=Severity.WARNING, effort=Effort.HOURS)

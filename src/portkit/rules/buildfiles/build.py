# SPDX-License-Identifier: Apache-2.0
"""PK701, PK703 to PK716: what of a build file asks for CUDA. The plan of the file makes the findings
(plan.building), and the reading those on what it does not understand.

PK702, an include that nvcc makes by itself, is a source file's and stands in rules.cxx.
"""

from __future__ import annotations

from portkit.model.words import Effort, Severity
from portkit.rules.registry import issue_rule

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

issue_rule(
    "PK701", "build-asks-for-cuda", severity=_ERROR, effort=Effort.HOURS, blocking=True
)  # fmt: skip
issue_rule("PK703", "build-library", severity=_ERROR, effort=Effort.HOURS, blocking=True)
issue_rule("PK704", "build-flag", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK705", "build-architecture", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK706", "build-options-of-cuda", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK707", "device-source-dropped", severity=_ERROR, effort=Effort.HOURS, blocking=True)
issue_rule("PK708", "build-version-test", severity=_WARNING, effort=Effort.MINUTES)
issue_rule(
    "PK709", "flags-on-compile-and-link", severity=_ERROR, effort=Effort.HOURS, blocking=True
)
issue_rule("PK710", "absolute-cuda-path", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK711", "image-or-package", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK712", "tool-output-parsed", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK713", "extension-key", severity=_WARNING, effort=Effort.MINUTES)
issue_rule("PK714", "falls-back-to-cpu", severity=_ERROR, effort=Effort.HOURS, blocking=True)
issue_rule("PK715", "build-not-understood", severity=_WARNING, effort=Effort.HOURS)
issue_rule("PK716", "build-package", severity=_ERROR, effort=Effort.HOURS, blocking=True)

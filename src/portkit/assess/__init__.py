# SPDX-License-Identifier: Apache-2.0
"""Assessment: a plan's readiness and totals, computed once."""

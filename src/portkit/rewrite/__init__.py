# SPDX-License-Identifier: Apache-2.0
"""Rewriting: edits, safe writing, diffs."""

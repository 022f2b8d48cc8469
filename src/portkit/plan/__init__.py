# SPDX-License-Identifier: Apache-2.0
"""Plans: what one target asks of a tree. Decisions, edits, conflicts."""

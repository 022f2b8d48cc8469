# SPDX-License-Identifier: Apache-2.0
"""Rules: constructs beyond names, seen through a view of a file."""

# SPDX-License-Identifier: Apache-2.0
"""Answers that need a file or two: built-in modules only, so that they come at once."""

# SPDX-License-Identifier: Apache-2.0
"""Verification: the output is read again before it is written."""

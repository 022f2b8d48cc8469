# SPDX-License-Identifier: Apache-2.0
"""Targets: what a vendor's platform calls things and what it cannot do. Knows names, and nothing of
any file.
"""

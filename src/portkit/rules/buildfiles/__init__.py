# SPDX-License-Identifier: Apache-2.0
"""Rules for build files."""

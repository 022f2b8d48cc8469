# SPDX-License-Identifier: Apache-2.0
"""The pipeline over many files."""

# SPDX-License-Identifier: Apache-2.0
"""Scanning: sources in, references and facts out. Knows what CUDA is and nothing of any target."""

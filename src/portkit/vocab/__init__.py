# SPDX-License-Identifier: Apache-2.0
"""Vocabularies: what a platform's names are, and the stub headers made from them."""

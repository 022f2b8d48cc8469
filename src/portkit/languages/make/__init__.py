# SPDX-License-Identifier: Apache-2.0
"""Make: variables, rules and recipes with their bytes, and what of them is CUDA's."""

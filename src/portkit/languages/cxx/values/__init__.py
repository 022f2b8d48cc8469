# SPDX-License-Identifier: Apache-2.0
"""The plain values that reading a tree passes along, apart from the code that makes them."""

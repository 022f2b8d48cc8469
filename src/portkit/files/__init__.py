# SPDX-License-Identifier: Apache-2.0
"""Finding the files of a tree, their bytes and lines, and what a compile database says about them."""

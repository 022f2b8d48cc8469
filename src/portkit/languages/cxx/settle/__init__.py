# SPDX-License-Identifier: Apache-2.0
"""What is believed: the ladder joins the letters, Clang and the syntax tree into references."""

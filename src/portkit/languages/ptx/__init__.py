# SPDX-License-Identifier: Apache-2.0
"""Reading of inline PTX: the parser, and what each instruction does."""

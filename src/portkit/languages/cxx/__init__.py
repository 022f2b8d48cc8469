# SPDX-License-Identifier: Apache-2.0
"""The reader of C, C++ and CUDA sources: lexer, directives, Clang, syntax, and the ladder that
joins them.
"""

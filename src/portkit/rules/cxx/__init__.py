# SPDX-License-Identifier: Apache-2.0
"""Rules for C, C++ and CUDA code."""

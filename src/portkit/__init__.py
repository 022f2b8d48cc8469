# SPDX-License-Identifier: Apache-2.0
"""portkit moves CUDA code bases to China's domestic GPU stacks and says how it knows each step."""

__version__ = "0.1.0"

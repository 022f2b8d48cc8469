# SPDX-License-Identifier: Apache-2.0
"""CMake files: where a project asks for CUDA, and the sources that it lists."""

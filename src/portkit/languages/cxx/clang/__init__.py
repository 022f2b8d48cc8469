# SPDX-License-Identifier: Apache-2.0
"""What Clang says: libclang, sessions against stub headers, questions about words, stand-ins."""

# SPDX-License-Identifier: Apache-2.0
"""What the bytes say: words, comments, literals, directives, constructs. No Clang, no grammar."""

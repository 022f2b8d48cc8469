# SPDX-License-Identifier: Apache-2.0
"""Build files that are recognised and not read."""

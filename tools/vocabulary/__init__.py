# SPDX-License-Identifier: Apache-2.0
"""The parts of build_vocabulary.py: reading headers, inventory and hand-kept rows, and writing the
tables.
"""

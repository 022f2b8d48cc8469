# SPDX-License-Identifier: Apache-2.0
"""Rules over a whole scan, in a package of their own: a run whose files are all known needs no
others.
"""

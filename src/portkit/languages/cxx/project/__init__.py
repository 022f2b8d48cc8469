# SPDX-License-Identifier: Apache-2.0
"""How a tree is read: units, jobs for workers, cache keys, and what files tell each other."""

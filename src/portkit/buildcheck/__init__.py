# SPDX-License-Identifier: Apache-2.0
"""Whether a ported tree's own build reaches the device compiler: tried with stand-ins for it."""

# SPDX-License-Identifier: Apache-2.0
"""PK61x and PK62x: the memory model: what is shared, mapped, cached, ordered, and how large it may
be.
"""

from __future__ import annotations

from portkit.rules.any.features import feature_rule

feature_rule("PK611", "managed-memory", "managed-memory")
feature_rule("PK612", "mapped-host-memory", "mapped-host-memory")
feature_rule("PK613", "textures", "textures", "texture-references")
feature_rule("PK614", "interop", "graphics-interop", "external-memory")
feature_rule("PK615", "sharing", "ipc", "ipc-events", "peer-access", "multicast", "dma-buf")
feature_rule("PK616", "virtual-memory", "virtual-memory")
feature_rule("PK617", "allocation", "stream-ordered-allocation", "pitched-memory")
feature_rule("PK618", "stream-memory-operations", "stream-memory-operations")
feature_rule(
    "PK619", "cache-control", "cache-persistence", "cache-configuration", "read-only-cache"
)
feature_rule("PK620", "shared-memory", "static-shared-memory", "large-shared-memory")
feature_rule("PK621", "device-symbols", "constant-memory", "constant-symbols")
feature_rule(
    "PK622", "atomics-and-order", "atomics", "system-atomics", "memory-order", "memory-fence"
)
feature_rule("PK623", "block-barriers", "block-barrier", "named-barriers", "block-votes")

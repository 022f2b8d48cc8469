# SPDX-License-Identifier: Apache-2.0
"""One name of the vocabulary while the tables are being built, and how findings about one name are
merged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

COLUMNS = (
    "name",
    "kind",
    "qualifier",
    "header",
    "since",
    "deprecated",
    "removed",
    "arity",
    "flags",
    "type",
)
# Not namespaced, yet nobody else's: a word that matches is never flagged `plain`.
DISTINCT = re.compile(
    r"^(cuda[A-Z_]|cu[A-Z]|CU[A-Z_]|CU[a-z]+|PFN_cu|cublas|CUBLAS|cufft|CUFFT|curand|CURAND|cusolver|CUSOLVER|cusparse|CUSPARSE|cudnn|CUDNN|"
    r"p?nccl[A-Z]|NCCL_|nvrtc|NVRTC_|nvml|NVML_|nvtx|NVTX_|NV(PW|PA|PERF)_|npp|Npp|NPPI?_|nvjpeg|NVJPEG_|cutensor|CUTENSOR|cuFile|cupti|nvshmem|NVSHMEM|"
    r"__|h2[a-z]|cuuint|(C10|AT|TORCH)_CU|(CUTLASS|CUTE|RAFT|CUDNN_FRONTEND)_[A-Z]|C10_WARP_SIZE$|gpuAtomic[A-Z]|aoti_torch_\w*cuda|atomic[A-Z]|make_([a-z]+[1-4]|cu[A-Zd])|(tex|surf)([123]D|Cubemap)|(texture|surface)Reference$|"
    r"dim3$|(u?(char|short|int|long|longlong)|float|double)[1-4](_\d+a)?$|half2$|nv_(half|bfloat)|(thread|block)Idx$|(block|grid)Dim$|warpSize$|"
    r"(bsr|csr)\w+Info(Host)?(_t)?$|(gesvdj|syevj)Info(_t)?$|pruneInfo(_t)?$|cooperative_groups$|nvcuda$|CR_CUDART|LIB_FORMAT_CUFFT|REGISTER_CUDA|THRUST_|CUB_|_CUB)"
)
# say less than any other header that declares the name
WEAK_HEADERS = ("", "cuda_device_runtime_api.h")
GUARD_FLAG = "guard"  # an include guard, or a macro that programs test in its place
NEVER_PLAIN = frozenset({"header", "builtin"})
ALWAYS_PLAIN = frozenset({"field", "link_library", "environment"})


@dataclass
class Name:
    """What is known of one name. `releases` are the CUDA releases ("11", "12", "13") whose headers
    have it.
    """

    name: str
    kind: str
    library: str
    qualifier: str = ""
    header: str = ""
    since: str = ""
    deprecated: str = ""
    removed: str = ""
    arities: set[int] = field(default_factory=set)
    variadic: bool = False
    flags: set[str] = field(default_factory=set)
    type: str = ""
    releases: set[str] = field(default_factory=set)
    mixed: bool = False  # overloads that return different types

    def arity(self) -> str:
        """Return the arity column: `2`, `1-3`, `2+` or nothing."""
        if not self.arities:
            return ""
        low, high = min(self.arities), max(self.arities)
        if self.variadic:
            return f"{low}+"
        return str(low) if low == high else f"{low}-{high}"

    def row(self) -> list[str]:
        """Return the name as a row of its table."""
        versions = [self.since, self.deprecated, self.removed]
        return [
            self.name,
            self.kind,
            self.qualifier,
            self.header,
            *versions,
            self.arity(),
            " ".join(sorted(self.flags)),
            "" if self.mixed else self.type,
        ]


Key = tuple[str, str, str]
Table = dict[Key, Name]


def key_of(made: Name) -> Key:
    """Return what makes a name one: fields and namespaced names keep their qualifier."""
    return made.library, made.name, made.qualifier


def add(table: Table, made: Name, release: str = "") -> None:
    """Merge one finding about a name into the table. The first finding's header and type stand;
    arities add up.
    """
    if release:
        made.releases.add(release)
    key = key_of(made)
    known = table.get(key)
    if known is None:
        table[key] = made
        return
    if known.kind == "macro" and made.kind != "macro":
        known, made = made, known
        table[key] = known
    known.arities |= made.arities
    known.variadic |= made.variadic
    known.flags |= made.flags
    known.releases |= made.releases
    known.type = known.type or made.type
    known.mixed |= made.mixed
    if known.header in WEAK_HEADERS and made.header:
        known.header = made.header


def is_plain(made: Name) -> bool:
    """Return whether a name needs Clang or a qualifier before it counts as CUDA's."""
    if (made.kind in NEVER_PLAIN and not made.qualifier) or GUARD_FLAG in made.flags:
        return False
    return made.kind in ALWAYS_PLAIN or DISTINCT.match(made.name) is None

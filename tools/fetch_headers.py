# SPDX-License-Identifier: Apache-2.0
"""Download NVIDIA's header wheels from PyPI one at a time and keep only their headers.

usage: python tools/fetch_headers.py OUT_DIR [LABEL ...]

Each wheel becomes OUT_DIR/<label>/..., where the label ends in the CUDA release that it belongs to
(`cublas-11`, `cublas-12`, `cublas-13`). A folder that exists is not fetched again; a wheel that
cannot be had is named on stderr and left out. The headers are read for names by build_vocabulary.py
and are not committed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# label -> requirement; the unsuffixed packages are CUDA 13's
WHEELS = {
    "runtime-13": "nvidia-cuda-runtime<14",
    "runtime-12": "nvidia-cuda-runtime-cu12",
    "runtime-11": "nvidia-cuda-runtime-cu11",
    "crt-13": "nvidia-cuda-crt<14",
    "crt-12": "nvidia-cuda-nvcc-cu12",
    "crt-11": "nvidia-cuda-nvcc-cu11",
    "nvrtc-13": "nvidia-cuda-nvrtc<14",
    "nvrtc-12": "nvidia-cuda-nvrtc-cu12",
    "nvrtc-11": "nvidia-cuda-nvrtc-cu11",
    "nvtx-13": "nvidia-nvtx<14",
    "nvtx-12": "nvidia-nvtx-cu12",
    "nvtx-11": "nvidia-nvtx-cu11",
    "cupti-13": "nvidia-cuda-cupti<14",
    "cupti-12": "nvidia-cuda-cupti-cu12",
    "cupti-11": "nvidia-cuda-cupti-cu11",
    "profiler-13": "nvidia-cuda-profiler-api<14",
    "nvml-13": "nvidia-nvml-dev<14",
    "nvml-12": "nvidia-nvml-dev-cu12",
    "nvml-11": "nvidia-nvml-dev-cu11",
    "cufile-13": "nvidia-cufile<2",
    "cufile-12": "nvidia-cufile-cu12",
    "nvjpeg-13": "nvidia-nvjpeg<14",
    "nvjpeg-12": "nvidia-nvjpeg-cu12",
    "nvjpeg-11": "nvidia-nvjpeg-cu11",
    "cccl-13": "nvidia-cuda-cccl<14",
    "cccl-12": "nvidia-cuda-cccl-cu12",
    "cccl-11": "nvidia-cuda-cccl-cu11",
    "curand-13": "nvidia-curand<11",
    "curand-12": "nvidia-curand-cu12",
    "curand-11": "nvidia-curand-cu11",
    "npp-13": "nvidia-npp<14",
    "npp-12": "nvidia-npp-cu12",
    "npp-11": "nvidia-npp-cu11",
    "cutensor-13": "cutensor-cu13",
    "cutensor-12": "cutensor-cu12",
    "cusparselt-13": "nvidia-cusparselt-cu13",
    "cusparselt-12": "nvidia-cusparselt-cu12",
    "nccl-13": "nvidia-nccl-cu13",
    "nccl-12": "nvidia-nccl-cu12",
    "nccl-11": "nvidia-nccl-cu11",
    "nvshmem-13": "nvidia-nvshmem-cu13",
    "nvshmem-12": "nvidia-nvshmem-cu12",
    "cufft-13": "nvidia-cufft<13",
    "cufft-12": "nvidia-cufft-cu12",
    "cufft-11": "nvidia-cufft-cu11",
    "cusparse-13": "nvidia-cusparse<13",
    "cusparse-12": "nvidia-cusparse-cu12",
    "cusparse-11": "nvidia-cusparse-cu11",
    "cusolver-13": "nvidia-cusolver<13",
    "cusolver-12": "nvidia-cusolver-cu12",
    "cusolver-11": "nvidia-cusolver-cu11",
    "cublas-13": "nvidia-cublas<14",
    "cublas-12": "nvidia-cublas-cu12",
    "cublas-11": "nvidia-cublas-cu11",
    "cudnn-13": "nvidia-cudnn-cu13",
    "cudnn-12": "nvidia-cudnn-cu12",
    "cudnn-11": "nvidia-cudnn-cu11",
}
SUFFIXES = (".h", ".hpp", ".cuh", ".inl")


def fetch(label: str, requirement: str, out: Path) -> bool:
    """Download one wheel and unpack its headers to OUT/label; return whether that worked."""
    folder = out / label
    if folder.is_dir():
        return True
    with tempfile.TemporaryDirectory(dir=out) as temporary:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-cache-dir",
            "--only-binary=:all:",
            "-d",
            temporary,
            requirement,
        ]
        if subprocess.run(command, capture_output=True).returncode != 0:
            return False
        wheel = next(Path(temporary).glob("*.whl"), None)
        if wheel is None:
            return False
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                tail = name.rpartition("/include/")[2] if "/include/" in name else ""
                plain = tail.rpartition("/")[2]
                if tail and (plain.endswith(SUFFIXES) or "." not in plain) and plain:
                    target = folder / tail
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(name))
        folder.mkdir(exist_ok=True)
        (folder / "VERSION").write_text(wheel.name.split("-")[1] + "\n")
    return True


def main() -> None:
    """Fetch the labels named on the command line, or all."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for label in sys.argv[2:] or WHEELS:
        if not fetch(label, WHEELS[label], out):
            print(f"not to be had: {label} ({WHEELS[label]})", file=sys.stderr)


if __name__ == "__main__":
    main()

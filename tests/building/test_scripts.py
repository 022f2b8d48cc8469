# SPDX-License-Identifier: Apache-2.0
"""Scripts, images, pipelines, lists of packages."""

from __future__ import annotations

from pathlib import Path

from build_trees import move

FILES = {
    "run.sh": "#!/bin/sh\n# CUDA_HOME of the node\nexport CUDA_VISIBLE_DEVICES=0\n"
    "CUDA_VISIBLE_DEVICES=1 ./app\nnvidia-smi -q | awk '{print $3}'\nnvcc --version | head -1\n"
    "export NCCL_ALGO=Ring\nexport PATH=/usr/local/cuda/bin:$PATH\nL=$CUDA_HOME/lib64\n",
    "docker/Dockerfile": "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nENV CUDA_HOME=/usr/local/cuda\n"
    "RUN apt-get install -y cuda-toolkit-12-4 libnccl-dev=2.1\n",
    ".github/workflows/gpu.yml": "jobs:\n  t:\n    container: nvcr.io/nvidia/pytorch:24.01-py3\n"
    '    env:\n      CUDA_LAUNCH_BLOCKING: "1"\n    run: docker run --gpus all app\n',
    "requirements.txt": "numpy\nnvidia-cublas-cu12==12.1\ncupy-cuda12x\n"
    "--extra-index-url https://download.pytorch.org/whl/cu121\n",
}


def test_what_is_run_around_a_build(tmp_path: Path) -> None:
    moved = move(tmp_path, FILES, "musa")
    script = moved.files["run.sh"]
    assert "export MUSA_VISIBLE_DEVICES=0\nMUSA_VISIBLE_DEVICES=1 ./app\n" in script
    assert "PATH=/usr/local/musa/bin:$PATH\nL=$MUSA_HOME/lib\n" in script
    assert "# CUDA_HOME of the node" in script
    assert moved.rules("run.sh") == [
        ("PK712", "nvidia-smi"), ("PK708", "nvcc"), ("PK716", "NCCL_ALGO"),
    ]  # fmt: skip
    assert "ENV MUSA_HOME=/usr/local/musa\n" in moved.files["docker/Dockerfile"]
    assert {r for r, _ in moved.rules("docker/Dockerfile")} == {"PK711"}
    assert len(moved.rules("docker/Dockerfile")) == 3
    assert 'MUSA_LAUNCH_BLOCKING: "1"' in moved.files[".github/workflows/gpu.yml"]
    assert moved.rules(".github/workflows/gpu.yml") == [
        ("PK711", "nvcr.io/nvidia/pytorch:24.01-py3"), ("PK711", "--gpus all"),
    ]  # fmt: skip
    assert [r for r, _ in moved.rules("requirements.txt")] == ["PK711"] * 3


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    for target in ("musa", "maca", "enflame"):
        once = move(tmp_path / target / "a", FILES, target).files
        assert move(tmp_path / target / "b", dict(once), target).files == once


def test_an_image_names_the_targets(tmp_path: Path) -> None:
    moved = move(tmp_path, FILES, "musa")
    file = next(f for f in moved.plan.files if f.scan.path == "docker/Dockerfile")
    assert "-devel-" in file.findings[0].args["note"]

# SPDX-License-Identifier: Apache-2.0
"""Stub declarations for Clang: what a unit is given for the names that it uses."""

from __future__ import annotations

import re

import pytest

from portkit.vocab.stub_files import provided_names, stub_hints
from portkit.vocab.stubs import stubs_for
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def made(vocabulary: Vocabulary, *names: str, language: str = "cuda") -> list[str]:
    entities = [e for n in names for e in vocabulary.get(n)]
    hints = stub_hints()
    return stubs_for(
        entities, language, provided_names(), hints["shapes"], hints["aliases"]
    ).splitlines()


def test_an_enumeration_has_its_enumerators_and_its_other_name(vocabulary: Vocabulary) -> None:
    lines = made(vocabulary, "cudaError_t", "cudaSuccess", "cudaErrorInvalidValue")
    (line,) = [x for x in lines if x.startswith("enum cudaError ")]
    told = re.fullmatch(
        r"enum cudaError : int { cudaErrorInvalidValue = (\d+), cudaSuccess = (\d+) };", line
    )
    assert told is not None
    assert told[1] != told[2]  # each has its own place in a `switch`
    assert "typedef cudaError cudaError_t;" in lines


def test_a_tag_that_the_name_does_not_tell_is_in_the_hints(vocabulary: Vocabulary) -> None:
    lines = made(vocabulary, "CUresult", "CUDA_SUCCESS")
    assert any(x.startswith("enum cudaError_enum : int { CUDA_SUCCESS = ") for x in lines)
    assert "typedef cudaError_enum CUresult;" in lines


def test_the_status_of_the_driver_is_not_that_of_the_runtime(vocabulary: Vocabulary) -> None:
    lines = made(vocabulary, "CUresult", "cudaError_t", "cudaError_enum", "cudaSuccess")
    assert "typedef CUresult cudaError_enum;" in lines
    assert "typedef cudaError cudaError_t;" in lines


def test_enumerations_stay_apart(vocabulary: Vocabulary) -> None:
    lines = made(vocabulary, "cudaError_t", "cublasStatus_t", "CUBLAS_STATUS_SUCCESS")
    assert "enum cudaError_t : int {  };" in lines
    assert any(x.startswith("enum cublasStatus_t : int { CUBLAS_STATUS_SUCCESS = ") for x in lines)


def test_a_status_function_returns_its_enumeration(vocabulary: Vocabulary) -> None:
    assert "cudaError_t cudaFree(...);" in made(vocabulary, "cudaFree", "cudaError_t")


def test_c_has_no_enumerations_of_another_shape(vocabulary: Vocabulary) -> None:
    assert not any(
        line.startswith("enum cudaError :")
        for line in made(vocabulary, "cudaError_t", "cudaSuccess", language="c")
    )

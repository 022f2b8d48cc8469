// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

// Stops the program when a runtime call fails.
#define CUDA_CHECK(expr)                                                                 \
  do {                                                                                   \
    cudaError_t status_ = (expr);                                                        \
    if (status_ != cudaSuccess) {                                                        \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status_)); \
      std::exit(1);                                                                      \
    }                                                                                    \
  } while (0)

// Reports what a launch left behind.
#define CHECK_LAUNCH() CUDA_CHECK(cudaGetLastError())

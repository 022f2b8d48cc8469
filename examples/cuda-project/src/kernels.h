// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

// All matrices are row-major; `columns` and `count` are multiples of four.
void launch_row_softmax(float* data, int rows, int columns, int* nan_count, cudaStream_t stream);
void launch_to_half(const float* source, __half* destination, int count, cudaStream_t stream);

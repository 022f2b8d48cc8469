// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include "check.h"

void* TrackedMemory::cudaMalloc(std::size_t bytes) {
  void* pointer = nullptr;
#if defined(CUDART_VERSION) && CUDART_VERSION >= 11020
  CUDA_CHECK(cudaMallocAsync(&pointer, bytes, nullptr));
#else
  CUDA_CHECK(::cudaMalloc(&pointer, bytes));
#endif
  live_ += 1;
  return pointer;
}

void TrackedMemory::cudaFree(void* pointer) {
  if (pointer == nullptr) return;
#if defined(CUDART_VERSION) && CUDART_VERSION >= 11020
  CUDA_CHECK(cudaFreeAsync(pointer, nullptr));
#else
  CUDA_CHECK(::cudaFree(pointer));
#endif
  live_ -= 1;
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cublas_v2.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

// Multiplies row-major half matrices into a float matrix: out[m, n] = a[m, k] * b[k, n].
class Gemm {
 public:
  explicit Gemm(cudaStream_t stream);
  ~Gemm();
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;

  void run(const __half* a, const __half* b, float* out, int m, int n, int k) const;

 private:
  cublasHandle_t handle_ = nullptr;
};

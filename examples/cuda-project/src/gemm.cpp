// SPDX-License-Identifier: Apache-2.0
#include "gemm.h"

#include <cstdio>
#include <cstdlib>

namespace {

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    std::fprintf(stderr, "%s failed with cuBLAS status %d\n", what, static_cast<int>(status));
    std::exit(1);
  }
}

}  // namespace

Gemm::Gemm(cudaStream_t stream) {
  check(cublasCreate(&handle_), "cublasCreate");
  check(cublasSetStream(handle_, stream), "cublasSetStream");
  check(cublasSetMathMode(handle_, CUBLAS_DEFAULT_MATH), "cublasSetMathMode");
}

Gemm::~Gemm() { cublasDestroy(handle_); }

void Gemm::run(const __half* a, const __half* b, float* out, int m, int n, int k) const {
  const float one = 1.0f;
  const float zero = 0.0f;
  // cuBLAS counts columns first: a row-major product is the product of the transposes in the other order.
  check(cublasGemmEx(handle_, CUBLAS_OP_N, CUBLAS_OP_N, n, m, k, &one, b, CUDA_R_16F, n, a, CUDA_R_16F, k, &zero,
                     out, CUDA_R_32F, n, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT_TENSOR_OP),
        "cublasGemmEx");
}

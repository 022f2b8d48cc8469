// SPDX-License-Identifier: Apache-2.0
// Reductions inside a warp of 32 lanes.
#pragma once

#include <cuda_runtime.h>

constexpr unsigned kFullMask = 0xffffffff;
constexpr int kWarpSize = 32;

__device__ __forceinline__ unsigned lane_id() {
  unsigned lane;
  asm("mov.u32 %0, %%laneid;" : "=r"(lane));
  return lane;
}

// A load through the read-only path that does not stay in L1.
__device__ __forceinline__ float4 load_once(const float4* address) {
  float4 v;
  asm volatile("ld.global.nc.L1::no_allocate.v4.f32 {%0, %1, %2, %3}, [%4];"
               : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
               : "l"(address));
  return v;
}

__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int offset = kWarpSize / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffff, value, offset);
  }
  return value;
}

__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
  for (int offset = kWarpSize / 2; offset > 0; offset /= 2) {
    value = fmaxf(value, __shfl_xor_sync(kFullMask, value, offset));
  }
  return value;
}

// How many lanes hold a value that is not a number.
__device__ __forceinline__ int warp_count_nan(float value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  return static_cast<int>(__reduce_add_sync(kFullMask, isnan(value) ? 1u : 0u));
#else
  return __popc(__ballot_sync(kFullMask, isnan(value)));
#endif
}

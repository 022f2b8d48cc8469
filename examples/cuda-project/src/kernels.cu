// SPDX-License-Identifier: Apache-2.0
#include "kernels.h"

#include "check.h"
#include "warp.cuh"

namespace {

constexpr int kBlock = 256;
constexpr int kWarps = kBlock / kWarpSize;

// One block a row. Shared memory holds one partial result a warp.
__global__ void row_softmax(float* __restrict__ data, int columns, int* nan_count) {
  __shared__ float partial[kWarps];
  float4* row = reinterpret_cast<float4*>(data + static_cast<size_t>(blockIdx.x) * columns);
  const int warp = threadIdx.x / kWarpSize;

  float highest = -INFINITY;
  for (int i = threadIdx.x; i < columns / 4; i += blockDim.x) {
    const float4 v = row[i];
    highest = fmaxf(highest, fmaxf(fmaxf(v.x, v.y), fmaxf(v.z, v.w)));
  }
  highest = warp_max(highest);
  if (lane_id() == 0) partial[warp] = highest;
  __syncthreads();
  for (int w = 0; w < kWarps; ++w) highest = fmaxf(highest, partial[w]);
  __syncthreads();

  float sum = 0.0f;
  for (int i = threadIdx.x; i < columns / 4; i += blockDim.x) {
    float4 v = row[i];
    v.x = __expf(v.x - highest);
    v.y = __expf(v.y - highest);
    v.z = __expf(v.z - highest);
    v.w = __expf(v.w - highest);
    sum += v.x + v.y + v.z + v.w;
    row[i] = v;
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) partial[warp] = sum;
  __syncthreads();
  sum = 0.0f;
  for (int w = 0; w < kWarps; ++w) sum += partial[w];

  const int bad = warp_count_nan(sum);
  if (threadIdx.x == 0 && bad > 0) atomicAdd(nan_count, 1);

  const float scale = 1.0f / sum;
  for (int i = threadIdx.x; i < columns / 4; i += blockDim.x) {
    float4 v = row[i];
    row[i] = make_float4(v.x * scale, v.y * scale, v.z * scale, v.w * scale);
  }
}

// Four numbers a thread; the source is read once and never again.
__global__ void to_half(const float4* __restrict__ source, __half2* __restrict__ destination, int quads) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= quads) return;
  const float4 v = load_once(source + i);
  destination[2 * i] = __floats2half2_rn(v.x, v.y);
  destination[2 * i + 1] = __floats2half2_rn(v.z, v.w);
}

}  // namespace

void launch_row_softmax(float* data, int rows, int columns, int* nan_count, cudaStream_t stream) {
  row_softmax<<<rows, kBlock, 0, stream>>>(data, columns, nan_count);
  CHECK_LAUNCH();
}

void launch_to_half(const float* source, __half* destination, int count, cudaStream_t stream) {
  const int quads = count / 4;
  to_half<<<(quads + kBlock - 1) / kBlock, kBlock, 0, stream>>>(reinterpret_cast<const float4*>(source),
                                                               reinterpret_cast<__half2*>(destination), quads);
  CHECK_LAUNCH();
}

// SPDX-License-Identifier: Apache-2.0
// Row-wise softmax of a matrix product on every device of this machine, with one count of bad rows over all of them.
#include <cstdio>
#include <memory>
#include <vector>

#include <cuda_runtime.h>

#include "check.h"
#include "comm.h"
#include "gemm.h"
#include "kernels.h"
#include "memory.h"

namespace {

constexpr int kRows = 512;
constexpr int kInner = 256;
constexpr int kColumns = 1024;

// What one device works on.
struct Worker {
  int device = 0;
  cudaStream_t stream = nullptr;
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  std::unique_ptr<DeviceArray<float>> input, weight, output;
  std::unique_ptr<DeviceArray<__half>> input_half, weight_half;
  std::unique_ptr<DeviceArray<int>> bad_rows;
  std::unique_ptr<Gemm> gemm;
};

Worker make_worker(int device, TrackedMemory& memory) {
  Worker w;
  w.device = device;
  CUDA_CHECK(cudaSetDevice(device));
  CUDA_CHECK(cudaStreamCreateWithFlags(&w.stream, cudaStreamNonBlocking));
  CUDA_CHECK(cudaEventCreate(&w.begin));
  CUDA_CHECK(cudaEventCreate(&w.end));
  w.input = std::make_unique<DeviceArray<float>>(memory, kRows * kInner);
  w.weight = std::make_unique<DeviceArray<float>>(memory, kInner * kColumns);
  w.output = std::make_unique<DeviceArray<float>>(memory, kRows * kColumns);
  w.input_half = std::make_unique<DeviceArray<__half>>(memory, kRows * kInner);
  w.weight_half = std::make_unique<DeviceArray<__half>>(memory, kInner * kColumns);
  w.bad_rows = std::make_unique<DeviceArray<int>>(memory, 1);
  CUDA_CHECK(cudaDeviceSynchronize());  // the allocations are ordered in the default stream
  w.gemm = std::make_unique<Gemm>(w.stream);
  return w;
}

void upload(float* destination, const std::vector<float>& host, cudaStream_t stream) {
  CUDA_CHECK(cudaMemcpyAsync(destination, host.data(), host.size() * sizeof(float), cudaMemcpyHostToDevice, stream));
}

void fill(Worker& w) {
  std::vector<float> host(kRows * kInner);
  for (std::size_t i = 0; i < host.size(); ++i) host[i] = static_cast<float>(i % 7) * 0.125f;
  upload(w.input->data(), host, w.stream);
  CUDA_CHECK(cudaStreamSynchronize(w.stream));
  host.assign(kInner * kColumns, 0.01f);
  upload(w.weight->data(), host, w.stream);
  CUDA_CHECK(cudaMemsetAsync(w.bad_rows->data(), 0, sizeof(int), w.stream));
  CUDA_CHECK(cudaStreamSynchronize(w.stream));
}

void run(Worker& w) {
  CUDA_CHECK(cudaSetDevice(w.device));
  CUDA_CHECK(cudaEventRecord(w.begin, w.stream));
  launch_to_half(w.input->data(), w.input_half->data(), kRows * kInner, w.stream);
  launch_to_half(w.weight->data(), w.weight_half->data(), kInner * kColumns, w.stream);
  w.gemm->run(w.input_half->data(), w.weight_half->data(), w.output->data(), kRows, kColumns, kInner);
  launch_row_softmax(w.output->data(), kRows, kColumns, w.bad_rows->data(), w.stream);
  CUDA_CHECK(cudaEventRecord(w.end, w.stream));
}

}  // namespace

int main() {
  int devices = 0;
  CUDA_CHECK(cudaGetDeviceCount(&devices));
  if (devices == 0) {
    std::puts("no device: cudaGetDeviceCount() says 0");
    return 0;
  }

  TrackedMemory memory;
  std::vector<Worker> workers;
  for (int d = 0; d < devices; ++d) {
    workers.push_back(make_worker(d, memory));
    cudaDeviceProp properties{};
    CUDA_CHECK(cudaGetDeviceProperties(&properties, d));
    std::printf("device %d: %s, warp of %d\n", d, properties.name, properties.warpSize);
    fill(workers.back());
  }
  for (Worker& w : workers) run(w);

  Communicators comms(devices);
  std::vector<int*> counters;
  std::vector<cudaStream_t> streams;
  for (Worker& w : workers) {
    counters.push_back(w.bad_rows->data());
    streams.push_back(w.stream);
  }
  comms.sum(counters, 1, streams);

  for (Worker& w : workers) {
    int bad = 0;
    float milliseconds = 0.0f;
    CUDA_CHECK(cudaSetDevice(w.device));
    CUDA_CHECK(cudaMemcpyAsync(&bad, w.bad_rows->data(), sizeof(bad), cudaMemcpyDeviceToHost, w.stream));
    CUDA_CHECK(cudaStreamSynchronize(w.stream));
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, w.begin, w.end));
    std::printf("device %d: %.3f ms, %d bad rows in all\n", w.device, milliseconds, bad);
  }
  for (Worker& w : workers) {
    CUDA_CHECK(cudaSetDevice(w.device));
    w.gemm.reset();
    CUDA_CHECK(cudaEventDestroy(w.begin));
    CUDA_CHECK(cudaEventDestroy(w.end));
    CUDA_CHECK(cudaStreamDestroy(w.stream));
    w.input.reset(), w.weight.reset(), w.output.reset();
    w.input_half.reset(), w.weight_half.reset(), w.bad_rows.reset();
  }
  return memory.live() == 0 ? 0 : 1;
}

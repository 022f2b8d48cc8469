// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <cuda_runtime.h>

// Counts what it hands out. Its members are named like the runtime's functions; they are this project's own.
class TrackedMemory {
 public:
  void* cudaMalloc(std::size_t bytes);
  void cudaFree(void* pointer);
  std::size_t live() const { return live_; }

 private:
  std::size_t live_ = 0;
};

// Device memory of one element type that frees itself.
template <typename T>
class DeviceArray {
 public:
  DeviceArray(TrackedMemory& memory, std::size_t count)
      : memory_(memory), data_(static_cast<T*>(memory.cudaMalloc(count * sizeof(T)))), count_(count) {}
  ~DeviceArray() { memory_.cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return data_; }
  std::size_t size() const { return count_; }

 private:
  TrackedMemory& memory_;
  T* data_;
  std::size_t count_;
};

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <cuda_runtime.h>
#include <nccl.h>

// One communicator a device, all in this process.
class Communicators {
 public:
  explicit Communicators(int devices);
  ~Communicators();
  Communicators(const Communicators&) = delete;
  Communicators& operator=(const Communicators&) = delete;

  // Sums `count` integers of every device into all of them.
  void sum(const std::vector<int*>& data, std::size_t count, const std::vector<cudaStream_t>& streams) const;

 private:
  std::vector<ncclComm_t> comms_;
};

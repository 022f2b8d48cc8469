// SPDX-License-Identifier: Apache-2.0
#include "comm.h"

#include <stdexcept>
#include <string>

namespace {

void check(ncclResult_t result) {
  if (result != ncclSuccess) throw std::runtime_error(std::string("NCCL: ") + ncclGetErrorString(result));
}

}  // namespace

Communicators::Communicators(int devices) : comms_(devices) {
  check(ncclCommInitAll(comms_.data(), devices, nullptr));
}

Communicators::~Communicators() {
  for (ncclComm_t comm : comms_) ncclCommDestroy(comm);
}

void Communicators::sum(const std::vector<int*>& data, std::size_t count,
                        const std::vector<cudaStream_t>& streams) const {
  check(ncclGroupStart());
  for (std::size_t i = 0; i < comms_.size(); ++i) {
    check(ncclAllReduce(data[i], data[i], count, ncclInt32, ncclSum, comms_[i], streams[i]));
  }
  check(ncclGroupEnd());
}

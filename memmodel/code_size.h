// How much flash the engine's code for a Plan takes: an estimate from the compiled sizes of its parts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memmodel/device_kernels.h"
#include "sim/plan/plan.h"

namespace thaw {

/// One part of the code and its size; `calls` is 0 for what is there once.
struct CodePart {
  std::string name;
  int32_t calls = 0;
  int64_t bytes = 0;
};

/// The parts that a firmware for this plan links, each once, and the generated calls with their parameters;
/// by name as in the table of the source, with one of the sets of kernels. An estimate: other compilers and
/// flags give other sizes.
std::vector<CodePart> code_size_estimate(const Plan& plan, DeviceKernels kernels);

}  // namespace thaw

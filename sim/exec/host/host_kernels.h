// The plan's steps computed by kernels made for the host's vector units: the same bits as the engine's
// portable C, many times faster. Weights of frozen layers are packed once.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Bound to one plan and one set of buffer addresses (arena and state of one Executor).
class HostKernels {
 public:
  HostKernels(const Plan& plan, const std::vector<std::byte*>& address);
  ~HostKernels();

  /// Runs step number `step`; as run_portable.
  bool run(size_t step, const StepInput* input);

  /// Tells that trained values were changed from outside: packed copies of them are made again.
  void state_changed();

 private:
  struct Prepared;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace thaw

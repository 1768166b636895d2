// One plan step computed by the engine's portable C kernels: plan structures become kernel arguments.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Where the buffers of a plan lie, by id.
struct BufferAddresses {
  const std::vector<std::byte*>& address;

  template <class T>
  T* at(BufferId id) const {
    return id.present() ? reinterpret_cast<T*>(address[id.index()]) : nullptr;
  }
};

/// Runs one step. `input` is needed by loss, backward and update steps only. Returns false when the loss
/// says that this sample changes nothing.
bool run_portable(const Plan& plan, const Step& step, const BufferAddresses& buffers, const StepInput* input);

}  // namespace thaw

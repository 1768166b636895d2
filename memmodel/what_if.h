// What one more frozen tensor would save, or one more trained tensor would cost: the schedule planned again
// with that one changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memmodel/device_plan.h"

namespace thaw {

/// The weights or the bias of one convolution: what freezing it removes where it is trained, or has removed
/// where it is frozen.
struct FreezingEffect {
  int32_t op = 0;  // Convolution::index, as in schedules
  std::string layer;
  std::string obstacle;  // why the layer cannot be trained, a sentence; the fields below are then empty
  bool weights = false;  // or the bias
  int64_t ram_bytes = 0;
  std::vector<std::string> gone;  // buffers and steps that only the plan with the tensor trained has, by name
};

/// For every convolution its weights, then its bias, in the order of the network. `device` is the plan of
/// `schedule` on `board`.
std::vector<FreezingEffect> freezing_effects(const Network& network, const Schedule& schedule,
                                             const DevicePlan& device, const Board& board);

}  // namespace thaw

// The arena over time: how many bytes are alive at each step, and which buffers, as text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// One step of the plan. `live_bytes` counts reserved sizes, as the layout's lower bound does; `at_peak`
/// marks every step at which as many bytes are alive as at no other.
struct TimelineStep {
  int32_t step = 0;
  int64_t live_bytes = 0;
  bool at_peak = false;
  std::vector<BufferId> alive;  // ascending
};

/// One entry a step.
std::vector<TimelineStep> timeline(const Plan& plan);

/// A row a step (one for all steps of a row stream): number, phase, live bytes, a map of the arena (lowest
/// address left, one letter for the kind of buffer, capitals for every other one so that neighbours can be
/// told apart, '.' free, '!' two buffers in one place), name; the peak marked. `map_columns` characters wide.
std::string timeline_text(const Plan& plan, const Layout& layout, int32_t map_columns = 48);

}  // namespace thaw

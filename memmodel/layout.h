// A Layout: where every arena buffer of a Plan lies, and what that proves.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/plan/plan.h"

namespace thaw {

/// Offsets in bytes from the start of the arena, one for each buffer of the plan (absent for state and
/// constants). A buffer takes its size rounded up to its alignment; the arena's own alignment is
/// kRegionAlignment (state_layout.h). `peak` is the arena size; `lower_bound` the most bytes alive at one
/// step, below which no placement exists; `proven_optimal` is true where peak equals the bound or a search
/// was exhaustive.
struct Layout {
  std::vector<std::optional<int64_t>> offsets;
  int64_t peak = 0;
  int64_t lower_bound = 0;
  int32_t peak_step = 0;  // first step at which lower_bound bytes are alive
  bool proven_optimal = false;
};

}  // namespace thaw

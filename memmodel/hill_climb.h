// Improves a placement by changing the order in which first fit places the blocks: one that ends at the peak
// moves in front of one of those placed before it. The idea is that of Vela's hill-climb allocator (Arm).
#pragma once

#include <cstdint>
#include <vector>

#include "memmodel/first_fit.h"
#include "memmodel/interval.h"

namespace thaw {

/// When the climb ends, whichever comes first. Work is counted in comparisons, never in time, so that the
/// result is the same on every machine.
struct ClimbLimits {
  int64_t target = 0;       // peak at which to stop: the lower bound
  int64_t iterations = 0;   // orders tried
  int64_t comparisons = 0;  // of the first fit
};

/// Starts from `order`, whose placement is `placement`, and returns the best placement found: never worse.
Placement hill_climb(const std::vector<Interval>& intervals, FirstFit& first_fit, std::vector<int32_t> order,
                     const Placement& placement, const ClimbLimits& limits);

}  // namespace thaw

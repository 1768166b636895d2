// The selection whose contributions add up to most under the planned RAM and flash of the board: the
// published objective with the memory that a user pays for, by branch and bound.
#pragma once

#include <cstdint>
#include <limits>

#include "search/contributions.h"

namespace thaw {

struct BestSelection {
  Selection selection;
  double gain = 0.0;   // nats, with the caution
  double bound = 0.0;  // no selection that fits has more; equal to `gain` where the search was exhaustive
  int32_t plans = 0;   // schedules that were planned
};

struct BestSelectionOptions {
  double caution = 0.5;     // weights count by gain - caution * error, so that noise is not taken for a gain
  int32_t most_plans = 60;  // schedules planned for each depth of biases, seconds in all
  int64_t most_ram = std::numeric_limits<int64_t>::max();  // bytes, where that is less than the board's
};

/// What was not looked into counts in `bound`. Pinned weights are part of every selection. The bound takes
/// for granted that updating more never needs less memory.
BestSelection best_selection(const Evaluator& evaluator, const TrainingRecipe& recipe,
                             const SearchSpace& space, const Contributions& contributions,
                             const BestSelectionOptions& options);

}  // namespace thaw

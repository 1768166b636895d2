// Latent replay: where a plan is cut so that a sample that was seen before need not run the frozen layers
// again. Everything before the cut is the same in every step; what crosses it, kept, stands for the sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/plan/plan.h"

namespace thaw {

struct LatentCut {
  size_t step = 0;                // the first that runs when a sample is trained from its latent
  std::vector<BufferId> buffers;  // what crosses the cut, ascending: one after another they are the latent
  int64_t bytes = 0;              // of a latent
};

/// The cut of a training plan with the fewest bytes, of equal ones the last: before the first step that reads
/// a trained value or writes a mask or a saved input, not within a stream, and behind the rows that an
/// application gives. State variables that are read behind the cut belong to the latent.
LatentCut latent_cut(const Plan& plan);

}  // namespace thaw

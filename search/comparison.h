// The table at the end: what was found beside what anyone would try without a search, all trained on all
// training samples and read on the test split once.
#pragma once

#include <string>
#include <vector>

#include "search/evaluator.h"
#include "search/starting_schedule.h"

namespace thaw {

struct ComparisonRow {
  std::string name;
  Evaluation evaluation;  // on test
};

/// Baselines: last layer only, biases only, the last 1, 2, 4, 8, ... layers, full update. Each gets the
/// learning rate that its own looks on validation prefer; the full update, which is slow and may diverge,
/// tries the slowest rate only besides `rate` and is trained with one seed. Row 0 is `chosen`, row 1 `start`.
std::vector<ComparisonRow> compare_on_test(Evaluator& evaluator, const Schedule& chosen,
                                           const Schedule& start, const Fidelity& look, const Fidelity& full,
                                           const std::vector<uint32_t>& seeds,
                                           const std::vector<double>& rates, const SearchLog& log);

}  // namespace thaw

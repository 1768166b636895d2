// What anyone would try without a search. Baselines are candidates like all others: measured on validation
// with the same seeds and folds, and able to win.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/evaluator.h"
#include "search/learning_rate.h"
#include "search/strategies/strategy.h"

namespace thaw {

struct Baseline {
  std::string name;
  Schedule schedule;                        // at its own best rate
  std::optional<Evaluation> on_validation;  // in full; absent where it does not fit, and so cannot win
};

/// Last layer only, biases only, the last 1, 2, 4, 8, ... layers and the full update, each at the rate that
/// it prefers on validation. Of those that do not fit the board only the full update stays, for orientation:
/// it gets the better of `good_rate`, which suits what the strategy found, and a slower one, by looks alone.
std::vector<Baseline> measured_baselines(Evaluator& evaluator, const TrainingRecipe& recipe, double good_rate,
                                         const RateSearch& rates, const SearchLog& log);

/// Of the baselines and of their rows on test with so many seeds, the answer's and the start's with them
/// (expected_work.h).
double baselines_work(const Evaluator& evaluator, const StrategyTask& task, int32_t test_seeds);

}  // namespace thaw

// The main job: a model, data and a board in, a proven update schedule out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/comparison.h"
#include "search/freeze.h"

namespace thaw {

struct SearchOptions {
  TrainingRecipe recipe;
  std::optional<double> learning_rate;  // fixed; otherwise the best of default_learning_rates()
  int32_t epochs = 4;
  double threshold_points = 1.0;
  uint32_t seed = 1;
  int32_t seeds = 3;  // of the final table
};

struct SearchResult {
  Schedule schedule;  // with its promise: accuracy on test, bytes, work, signature of the first seed
  FreezeResult freeze;
  std::vector<ComparisonRow> comparison;
};

/// Strategy `freeze` with its baselines. Every decision is taken on the validation samples; the test split is
/// read once, at the end, by what is then compared.
SearchResult search_by_freezing(Evaluator& evaluator, const SearchOptions& options, const SearchLog& log);

}  // namespace thaw

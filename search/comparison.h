// The table at the end: what was found beside what anyone would try without a search, all trained on all
// training samples and read on the test split once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/baselines.h"
#include "search/choice.h"

namespace thaw {

struct ComparisonRow {
  std::string name;
  std::optional<Evaluation> on_validation;  // what decisions were taken on; absent where it does not fit
  Evaluation evaluation;                    // on test
  double low = 0.0, high = 1.0;             // 95 % interval of the metric
  bool is_chosen = false;                   // updates what row 0 updates, maybe at another rate
  /// Of the test samples, by how much this row's metric is better than the chosen one's.
  PairedDifference against_chosen;

  /// Whether a paired test says that this row is better than the chosen one (95 % interval above 0).
  bool surely_better() const { return !is_chosen && !evaluation.diverged() && against_chosen.low() > 0.0; }
};

/// Row 0 is `chosen`, row 1 `start`, then the baselines; each trained with every seed, what does not fit with
/// the first alone. A row that diverges on all the training samples is trained again at half its rate.
std::vector<ComparisonRow> compare_on_test(Evaluator& evaluator, const Contender& chosen,
                                           const Contender& start, const std::vector<Baseline>& baselines,
                                           const std::vector<uint32_t>& seeds, const RateSearch& rates,
                                           const SearchLog& log);

}  // namespace thaw

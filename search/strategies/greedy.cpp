// The strategy `greedy`: from the biases that add most, again and again the one layer more that lowers the
// measured loss most.
#include "search/best_selection.h"
#include "search/expected_work.h"
#include "search/strategies/additive.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

// Layers that are added, or exchanged, at most; and how many are expected.
constexpr int32_t kMostRounds = 16;
constexpr double kExpectedRounds = 4.0;

/// What each tensor adds alone only ranks the neighbours: whole selections are measured, so that tensors that
/// do the same job are not both taken. Ends where no neighbour is surely better (swaps.h).
Trace greedy(Evaluator& evaluator, const StrategyTask& given, const SearchLog& log) {
  StrategyTask task = without_what_cannot_fit(evaluator, given);
  task.swap_rounds = kMostRounds;
  const Contributions contributions = contributions_at_a_good_rate(evaluator, task, log);
  TrainingRecipe recipe = task.recipe;
  recipe.learning_rate = contributions.learning_rate;
  SearchSpace biases_alone = task.space;
  biases_alone.weights = task.space.pinned;
  const BestSelection start = best_selection(evaluator, recipe, biases_alone, contributions, {});
  return confirmed_after_swaps(evaluator, task, contributions, start.selection, log);
}

double greedy_work(const Evaluator& evaluator, const StrategyTask& task) {
  const auto looks = static_cast<double>(task.swap_neighbours + task.swap_precisions);
  return additive_work(evaluator, task) + looks_work(evaluator, task, kExpectedRounds * looks);
}

}  // namespace

Strategy greedy_strategy() {
  return {"greedy", "from biases alone, one layer more at a time, each measured beside what was taken",
          greedy, greedy_work};
}

}  // namespace thaw

// The strategy `evolution`: the published method, for comparison.
#include <fmt/format.h>

#include "search/evolution.h"
#include "search/strategies/additive.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

// Budgets that are tried, each this share of the one before: an evolution takes a second.
constexpr double kNextBudget = 0.9;
constexpr int64_t kLeastBudget = 256;

// What the paper says its evolution needs.
constexpr int32_t kSamples = 5000;

/// Evolution on the contributions (evolution.h) in the largest number of bytes of extra memory whose result
/// fits the board; improved by swaps and confirmed like that of `peak`.
Trace evolution(Evaluator& evaluator, const StrategyTask& given, const SearchLog& log) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  const Network& network = *evaluator.problem().network;
  TrainingRecipe recipe = task.recipe;
  const Contributions contributions = contributions_at_a_good_rate(evaluator, task, log);
  recipe.learning_rate = contributions.learning_rate;
  const ExtraBytes extra(network, recipe, task.space);
  EvolutionOptions options;
  options.seed = recipe.seed;
  options.samples = kSamples;
  Selection best = least_selection(task.space, network);
  for (int64_t bytes = evaluator.problem().board.ram_bytes; bytes >= kLeastBudget;
       bytes = static_cast<int64_t>(static_cast<double>(bytes) * kNextBudget)) {
    const Selection found = evolved(network, task.space, contributions, extra, bytes, options);
    if (!evaluator.fits(schedule_of(network, recipe, found))) continue;
    best = found;
    log(fmt::format("evolved in {} bytes of the paper's extra memory: {}", bytes,
                    selection_text(network, best)));
    break;
  }
  return confirmed_after_swaps(evaluator, task, contributions, best, log);
}

}  // namespace

Strategy evolution_strategy() {
  return {"evolution", "the published method: the same objective by evolution, then swaps", evolution,
          additive_work};
}

}  // namespace thaw

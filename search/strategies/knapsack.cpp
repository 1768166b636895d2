// The strategy `knapsack`: the published objective, solved exactly on the paper's extra memory.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "search/knapsack.h"
#include "search/strategies/additive.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

// Budgets that are tried, each this share of the one before.
constexpr double kNextBudget = 0.98;
constexpr int64_t kLeastBudget = 64;

struct Found {
  Selection selection;
  int64_t extra_bytes = 0;
};

/// The optimum of the largest number of bytes whose planned memory fits.
Found best_that_fits(const Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
                     const Knapsack& table) {
  const Network& network = *evaluator.problem().network;
  Selection last;
  for (int64_t bytes = table.most_bytes(); bytes >= kLeastBudget;
       bytes = static_cast<int64_t>(static_cast<double>(bytes) * kNextBudget)) {
    const std::optional<Selection> selection = table.best(bytes);
    if (!selection) break;
    if (*selection != last && evaluator.fits(schedule_of(network, recipe, *selection)))
      return {*selection, bytes};
    last = *selection;
  }
  return {least_selection(space, network), 0};
}

/// Of the optima for every number of bytes of extra memory (knapsack.h), the one that adds most among those
/// whose planned RAM and flash fit the board; improved by swaps and confirmed like that of `peak`. Says what
/// the paper's proxy costs: its bytes beside those that are planned.
Trace knapsack(Evaluator& evaluator, const StrategyTask& given, const SearchLog& log) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  const Network& network = *evaluator.problem().network;
  TrainingRecipe recipe = task.recipe;
  const Contributions contributions = contributions_at_a_good_rate(evaluator, task, log);
  recipe.learning_rate = contributions.learning_rate;
  const Knapsack table(network, recipe, task.space, contributions, evaluator.problem().board.ram_bytes);
  const Found best = best_that_fits(evaluator, recipe, task.space, table);
  log(fmt::format("by contributions: {}; nothing in {} bytes of the paper's extra memory adds up to more",
                  selection_text(network, best.selection), best.extra_bytes));
  return confirmed_after_swaps(evaluator, task, contributions, best.selection, log);
}

}  // namespace

Strategy knapsack_strategy() {
  return {"knapsack", "the published objective solved exactly under the paper's extra memory, then swaps",
          knapsack, additive_work};
}

}  // namespace thaw

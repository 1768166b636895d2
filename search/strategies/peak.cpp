#include "search/strategies/peak.h"

#include <fmt/format.h>

#include "search/best_selection.h"
#include "search/strategies/additive.h"

namespace thaw {
namespace {

// Schedules planned for each depth of biases: seconds in all.
constexpr int32_t kMostPlans = 60;

// Errors that are taken off each gain before gains are added up.
constexpr double kCaution = 0.5;

}  // namespace

Trace peak(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  TrainingRecipe recipe = task.recipe;
  const Contributions contributions = contributions_at_a_good_rate(evaluator, task, log);
  recipe.learning_rate = contributions.learning_rate;
  const BestSelection best =
      best_selection(evaluator, recipe, task.space, contributions, kCaution, kMostPlans);
  log(fmt::format(
      "by contributions: {} ({} schedules planned, {})", selection_text(network, best.selection), best.plans,
      best.bound > best.gain
          ? fmt::format("at most {:.1f} % from the optimum", 100.0 * (best.bound / best.gain - 1.0))
          : "proven optimal"));
  return confirmed_after_swaps(evaluator, task, contributions, best.selection, log);
}

}  // namespace thaw

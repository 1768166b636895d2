// The strategy `peak`: what contributes most under the planned RAM of the board, then swaps that are
// measured.
#include <fmt/format.h>

#include "search/best_selection.h"
#include "search/expected_work.h"
#include "search/strategies/additive.h"
#include "search/strategies/smaller_budgets.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

// Smaller budgets that a search for the fewest bytes is expected to confirm.
constexpr double kBudgetsForBytes = 5.0;

/// Measures what each tensor adds alone (contributions.h), takes the selection with the largest sum that fits
/// (best_selection.h), and then, since contributions overlap, tries the most promising neighbours by looks:
/// something added or enlarged, and what adds least taken out until it fits. A swap is taken where it lowers
/// the validation loss by more than the error of a look, at most a few times. Rates are searched and the
/// selections before and after the swaps confirmed in full.
Trace peak(Evaluator& evaluator, const StrategyTask& given, const SearchLog& log) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  const Network& network = *evaluator.problem().network;
  TrainingRecipe recipe = task.recipe;
  const Contributions contributions = contributions_at_a_good_rate(evaluator, task, log);
  recipe.learning_rate = contributions.learning_rate;
  const BestSelection best = best_selection(evaluator, recipe, task.space, contributions, {});
  log(fmt::format(
      "by contributions: {} ({} schedules planned, {})", selection_text(network, best.selection), best.plans,
      best.bound > best.gain
          ? fmt::format("at most {:.1f} % from the optimum", 100.0 * (best.bound / best.gain - 1.0))
          : "proven optimal"));
  Trace trace = confirmed_after_swaps(evaluator, task, contributions, best.selection, log);
  confirm_smaller_budgets(evaluator, task, contributions, trace, log);
  finish(trace, task, trace.stop_reason);
  return trace;
}

double peak_work(const Evaluator& evaluator, const StrategyTask& task) {
  const double budgets = task.goal == Goal::bytes ? kBudgetsForBytes : task.smaller_budgets;
  return additive_work(evaluator, task) +
         request_work(evaluator, typical_schedule(evaluator, task), task.rates.full, MeasuredOn::validation,
                      budgets * static_cast<double>(task.rates.seeds.size()));
}

}  // namespace

Strategy peak_strategy() {
  return {"peak", "what adds most under the planned RAM, then swaps that are measured", peak, peak_work};
}

}  // namespace thaw

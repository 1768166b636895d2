// The strategy `fisher`: what gradients say of each tensor, without a trial training.
#include "search/fisher.h"
#include "search/best_selection.h"
#include "search/expected_work.h"
#include "search/schedules.h"
#include "search/strategies/additive.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

/// The selection with the largest sum of Fisher information (fisher.h) under the planned RAM and flash of the
/// board, confirmed in full at the rate that it prefers.
Trace fisher(Evaluator& evaluator, const StrategyTask& given, const SearchLog& log) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  log("the gradients of single samples");
  StrategyTask without_swaps = task;
  without_swaps.swap_rounds = 0;
  Contributions information = fisher_contributions(evaluator.problem(), task.recipe, task.space);
  const BestSelection best =
      best_selection(evaluator, task.recipe, task.space, information, {.caution = 0.0});
  information.learning_rate = rate_of_looks(evaluator, task);
  Trace trace = confirmed_after_swaps(evaluator, without_swaps, information, best.selection, log);
  trace.contributions.reset();  // they are not nats
  trace.stop_reason = "one selection, by gradients alone";
  return trace;
}

double fisher_work(const Evaluator& evaluator, const StrategyTask& given) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  const Schedule deepest = bias_schedule(*evaluator.problem().network, task.recipe, task.space.first_op);
  return rate_and_confirmation_work(evaluator, task, deepest);
}

}  // namespace

Strategy fisher_strategy() {
  return {"fisher", "what gradients say of each tensor under the planned RAM, without trial trainings",
          fisher, fisher_work};
}

}  // namespace thaw

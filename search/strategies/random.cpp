// The strategy `random`: what a search must beat.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "search/evolution.h"
#include "search/expected_work.h"
#include "search/schedules.h"
#include "search/starting_schedule.h"
#include "search/strategies/additive.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

constexpr size_t kConfirmed = 3;
constexpr int32_t kDrawsALook = 50;  // at most: small budgets hold few schedules

std::vector<Selection> drawn(const Evaluator& evaluator, const StrategyTask& task) {
  const Network& network = *evaluator.problem().network;
  std::mt19937_64 next(task.recipe.seed);
  std::set<Selection> seen;
  std::vector<Selection> result = {least_selection(task.space, network)};
  seen.insert(result.front());
  for (int32_t i = 0; i < kDrawsALook * task.random_looks; ++i) {
    if (std::ssize(result) >= task.random_looks) break;
    const double density = static_cast<double>(1 + next() % 8) / 10.0;
    Selection selection = random_selection(task.space, head_op(network), density, next);
    if (seen.insert(selection).second && evaluator.fits(schedule_of(network, task.recipe, selection)))
      result.push_back(std::move(selection));
  }
  return result;
}

/// Draws schedules that fit until `StrategyTask::random_looks` were found, looks at each, and confirms the
/// three of least validation loss.
Trace random_search(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  TrainingRecipe recipe = task.recipe;
  recipe.learning_rate = rate_of_looks(evaluator, task);
  const std::vector<Selection> selections = drawn(evaluator, task);
  log(fmt::format("looking at {} random schedules that fit", selections.size()));
  std::vector<EvaluationRequest> requests;
  for (const Selection& s : selections)
    requests.push_back({"random: " + selection_text(network, s), schedule_of(network, recipe, s),
                        task.rates.look, MeasuredOn::validation, task.look_seeds, TrialKind::look});
  const std::vector<Evaluation> looks = evaluator.evaluate(requests);
  std::vector<size_t> order(looks.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return looks[a].judged_loss() < looks[b].judged_loss(); });
  Trace trace;
  for (size_t i = 0; i < std::min(kConfirmed, order.size()); ++i)
    trace.steps.push_back(confirmed_step(evaluator, task, fmt::format("random {}", i + 1),
                                         selections[order[i]], recipe.learning_rate, log));
  finish(trace, task, fmt::format("{} random schedules were looked at", selections.size()));
  return trace;
}

double random_search_work(const Evaluator& evaluator, const StrategyTask& given) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  return looks_work(evaluator, task, task.random_looks) +
         static_cast<double>(kConfirmed) *
             rate_and_confirmation_work(evaluator, task, typical_schedule(evaluator, task));
}

}  // namespace

Strategy random_strategy() {
  return {"random", "random schedules that fit, the best by looks", random_search, random_search_work};
}

}  // namespace thaw

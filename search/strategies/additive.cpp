#include "search/strategies/additive.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "search/expected_work.h"
#include "search/schedules.h"
#include "search/starting_schedule.h"
#include "search/swaps.h"

namespace thaw {
namespace {

// What a search is expected to need: looks at rates, rounds of swaps.
constexpr double kRateLooks = 6.0, kSwapRounds = 1.5;

constexpr const char* kMixed = "biases and some of the weights";

}  // namespace

TraceStep confirmed_step(Evaluator& evaluator, const StrategyTask& task, const std::string& name,
                         const Selection& selection, double rate, const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  Schedule schedule = schedule_of(network, task.recipe, selection);
  schedule.training.learning_rate = rate;
  TraceStep step{name, selection_summary(network, selection),
                 confirmed(evaluator,
                           {name, schedule, task.rates.full, MeasuredOn::validation, task.rates.seeds,
                            TrialKind::confirm},
                           task.rates),
                 true};
  log(fmt::format("{}: {} at {} bytes of RAM", name, value_text(step.evaluation), step.evaluation.ram_bytes));
  return step;
}

StrategyTask without_what_cannot_fit(const Evaluator& evaluator, const StrategyTask& task) {
  const Network& network = *evaluator.problem().network;
  StrategyTask result = task;
  SearchSpace& space = result.space;
  space.first_op = deepest_bias_that_fits(evaluator, task.recipe, task.space);
  const Selection pinned = least_selection(task.space, network);
  if (!pinned.weights.empty()) space.first_op = std::min(space.first_op, pinned.first_bias);
  std::erase_if(space.weights, [&](int32_t op) {
    if (space.pins(op)) return false;
    const Selection alone = with_share({op, {}}, {op, space.eighths.front()});
    return op < space.first_op || !evaluator.fits(schedule_of(network, task.recipe, alone));
  });
  return result;
}

double rate_of_looks(Evaluator& evaluator, const StrategyTask& task) {
  if (task.rates.given) return *task.rates.given;
  const Network& network = *evaluator.problem().network;
  // Neither as deep as the budget allows nor what fits it: contributions measured at one rate serve all
  // budgets.
  const int32_t half = (first_trainable_convolution(network) + head_op(network)) / 2;
  Selection mixed{std::max(half, deepest_bias_that_fits(evaluator, task.recipe, task.space)), {}};
  for (const int32_t op : search_space(network).weights)
    if (op >= mixed.first_bias) mixed = with_share(mixed, {op, 1});
  const Schedule schedule = schedule_of(network, task.recipe, mixed);
  const double rough =
      roughly_best_learning_rate(evaluator, kMixed, schedule, task.rates).value_or(kSlowestRate);
  return better_learning_rate(evaluator, kMixed, schedule, {rough / 2, rough, rough * 2}, task.rates)
      .value_or(kSlowestRate);
}

double additive_work(const Evaluator& evaluator, const StrategyTask& given) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  const Schedule deepest = bias_schedule(*evaluator.problem().network, task.recipe, task.space.first_op);
  const double rate = task.rates.given ? 0.0
                                       : request_work(evaluator, deepest, task.rates.look,
                                                      MeasuredOn::validation, kRateLooks);
  return rate + contributions_work(evaluator, task) +
         looks_work(evaluator, task,
                    1.0 + kSwapRounds * static_cast<double>(task.swap_neighbours + task.swap_precisions)) +
         rate_and_confirmation_work(evaluator, task, typical_schedule(evaluator, task));
}

void finish(Trace& trace, const StrategyTask& task, std::string stop_reason) {
  const Evaluation& best = best_step(trace).evaluation;
  trace.reference = best.value();
  for (TraceStep& step : trace.steps) step.holds = within_threshold(step.evaluation, best, task.threshold);
  trace.stop_reason = std::move(stop_reason);
}

Contributions contributions_at_a_good_rate(Evaluator& evaluator, const StrategyTask& task,
                                           const SearchLog& log) {
  TrainingRecipe recipe = task.recipe;
  recipe.learning_rate = rate_of_looks(evaluator, task);
  log(fmt::format("measuring what each of {} layers adds, at rate {:.3g}",
                  head_op(*evaluator.problem().network) - task.space.first_op, recipe.learning_rate));
  return measure_contributions(evaluator, recipe, task.space, task.first_look, task.look_seeds);
}

Trace confirmed_after_swaps(Evaluator& evaluator, const StrategyTask& task,
                            const Contributions& contributions, const Selection& chosen,
                            const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  TrainingRecipe recipe = task.recipe;
  recipe.learning_rate = contributions.learning_rate;
  const SwapOptions options = {task.rates.look, task.look_seeds, task.swap_rounds, task.swap_neighbours,
                               task.swap_precisions};
  const Swapped swapped =
      improved_by_swaps(evaluator, recipe, task.space, contributions, chosen, options, log);
  const double rate = best_learning_rate(evaluator, "the chosen selection",
                                         schedule_of(network, recipe, swapped.selection), task.rates)
                          .value_or(kSlowestRate);
  Trace trace;
  trace.contributions = contributions;
  trace.steps.push_back(confirmed_step(evaluator, task, "by contributions", chosen, rate, log));
  if (swapped.swaps > 0)
    trace.steps.push_back(confirmed_step(
        evaluator, task, fmt::format("after {} swap{}", swapped.swaps, swapped.swaps == 1 ? "" : "s"),
        swapped.selection, rate, log));
  finish(trace, task,
         swapped.swaps < task.swap_rounds ? "no neighbour is surely better"
                                          : fmt::format("{} swaps were taken", swapped.swaps));
  return trace;
}

}  // namespace thaw

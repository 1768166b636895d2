#include "search/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "search/learning_rate.h"
#include "search/starting_schedule.h"

namespace thaw {
namespace {

/// Seeds of a full evaluation on validation, one a fold: enough to judge so many samples, two at least.
std::vector<uint32_t> confirmation_seeds(const std::vector<Fold>& folds, size_t enough, uint32_t seed) {
  std::vector<uint32_t> seeds;
  size_t judged = 0;
  for (const Fold& fold : folds) {
    if (seeds.size() >= 2 && judged >= enough) break;
    seeds.push_back(seed + static_cast<uint32_t>(seeds.size()));
    judged += fold.validation.size();
  }
  return seeds;
}

/// Everything that was measured in full and may be the answer.
std::vector<Contender> contenders_of(const Trace& trace, const std::vector<Baseline>& baselines,
                                     const SearchSpace& space) {
  std::vector<Contender> contenders;
  for (const Baseline& baseline :
       baselines)  // first: of two that are equal the one with a name is the answer
    if (baseline.on_validation && allows(space, baseline.schedule))
      contenders.push_back({baseline.name, *baseline.on_validation});
  for (const TraceStep& step : trace.steps) contenders.push_back({step.name, step.evaluation});
  return contenders;
}

/// Chooses, then gives the chosen one, whose rate is that of the start, the rate that it prefers itself, and
/// chooses again.
Choice choose_and_tune(Evaluator& evaluator, std::vector<Contender>& contenders, Goal goal, double threshold,
                       const RateSearch& rates, const SearchLog& log) {
  Choice first = choose_schedule(evaluator, contenders, goal, threshold);
  if (rates.given) return first;
  const Contender chosen = contenders[first.chosen];
  Schedule schedule = chosen.evaluation.request.schedule;
  const std::optional<double> rate = best_learning_rate(evaluator, chosen.name, schedule, rates);
  if (!rate || rate == schedule.training.learning_rate) return first;
  schedule.training.learning_rate = *rate;
  const std::string name = fmt::format("{} at rate {:.3g}", chosen.name, *rate);
  log("tuned: " + name);
  contenders.push_back(
      {name, confirmed(evaluator, {name, schedule, rates.full, MeasuredOn::validation, rates.seeds}, rates)});
  return choose_schedule(evaluator, contenders, goal, threshold);
}

Promise promise_of(const ComparisonRow& row) {
  const Evaluation& on_test = row.evaluation;
  Promise promise;
  promise.metric = on_test.metric();
  promise.mean = on_test.value();
  promise.low = row.low;
  promise.high = row.high;
  promise.seeds = static_cast<int32_t>(on_test.seeds.size());
  promise.ram_bytes = on_test.ram_bytes;
  promise.flash_bytes = on_test.flash_bytes;
  promise.macs_per_step = on_test.macs_per_step;
  promise.signature = on_test.seeds[0].signature;
  return promise;
}

// Training samples that a look should see where there are so many: with fewer its loss says little.
constexpr size_t kLookSamples = 1500;

/// Share of the training samples of a look: half, or all of a small set.
double look_share(const SearchProblem& problem) {
  return problem.folds.front().train.size() >= 2 * kLookSamples ? 0.5 : 1.0;
}

StrategyTask strategy_task(const Evaluator& evaluator, const SearchOptions& options) {
  StrategyTask task;
  task.recipe = options.start_recipe();
  task.threshold = options.threshold_points / 100.0;
  task.rates.given = options.learning_rate;
  task.rates.look = {"look", std::max(1, options.epochs / 2), 0.5};
  task.rates.run = {"rate", options.epochs, 1.0};
  task.rates.full = {"full", options.epochs, 1.0};
  task.rates.seeds = confirmation_seeds(evaluator.problem().folds, options.effort.judged, options.seed);
  task.first_look = {"look", std::max(1, options.epochs / 4), look_share(evaluator.problem())};
  task.space = search_space(*evaluator.problem().network, options.pinned, options.forbidden);
  for (uint32_t i = 0; i < static_cast<uint32_t>(options.effort.look_seeds); ++i)
    task.look_seeds.push_back(options.seed + i);
  task.swap_rounds = options.effort.swap_rounds;
  task.swap_neighbours = options.effort.swap_neighbours;
  task.random_looks = options.effort.random_looks;
  task.smaller_budgets = options.effort.smaller_budgets;
  task.goal = options.goal;
  return task;
}

}  // namespace

TrainingRecipe SearchOptions::start_recipe() const {
  TrainingRecipe result = with_epochs(recipe, epochs);
  result.seed = seed;
  if (learning_rate) result.learning_rate = *learning_rate;
  return result;
}

std::optional<size_t> SearchResult::chosen_step() const {
  const int32_t number = contenders[choice.chosen].evaluation.number;
  for (size_t i = 0; i < trace.steps.size(); ++i)
    if (trace.steps[i].evaluation.number == number) return i;
  return std::nullopt;
}

double expected_work(const Evaluator& evaluator, const SearchOptions& options) {
  const StrategyTask task = strategy_task(evaluator, options);
  return strategy_named(options.strategy).work(evaluator, task) +
         baselines_work(evaluator, task, options.seeds);
}

SearchResult search(Evaluator& evaluator, const SearchOptions& options, const SearchLog& log) {
  const StrategyTask task = strategy_task(evaluator, options);
  const RateSearch& rates = task.rates;

  require_classifier_fits(evaluator.problem(), task.recipe);
  SearchResult result;
  result.trace = strategy_named(options.strategy).run(evaluator, task, log);
  log("stopped: " + result.trace.stop_reason);

  const std::vector<Baseline> baselines = measured_baselines(
      evaluator, task.recipe, result.trace.steps.back().evaluation.request.schedule.training.learning_rate,
      rates, log);
  result.contenders = contenders_of(result.trace, baselines, task.space);
  result.choice = choose_and_tune(evaluator, result.contenders, options.goal, task.threshold, rates, log);
  log("chosen: " + result.choice.reason);

  std::vector<uint32_t> seeds;
  for (int32_t i = 0; i < options.seeds; ++i) seeds.push_back(options.seed + static_cast<uint32_t>(i));
  result.comparison = compare_on_test(
      evaluator, result.contenders[result.choice.chosen],
      {result.trace.steps.front().name, result.trace.steps.front().evaluation}, baselines, seeds, rates, log);
  const Evaluation& on_test = result.comparison[0].evaluation;
  result.schedule = evaluator.problem().on_device(on_test.request.schedule);
  result.schedule.promise = promise_of(result.comparison[0]);
  if (result.trace.contributions)
    result.reasons = explain(evaluator, task.space, *result.trace.contributions, result.schedule);
  if (compares_output(evaluator.problem().network->task))
    result.as_it_is = output_as_it_is(evaluator, on_test);
  else if (!options.shipped_predictions.empty())
    result.as_it_is = as_it_is(evaluator, options.shipped_predictions, on_test);
  return result;
}

std::vector<std::string> better_than_chosen(const SearchResult& result) {
  std::vector<std::string> sentences;
  const MetricKind metric = result.comparison[0].evaluation.metric();
  const bool points = metric == MetricKind::accuracy;
  const auto add = [&](const std::string& name, double value, int64_t ram, const PairedDifference& d) {
    const auto text = [&](double difference) { return metric_text(metric, difference, false); };
    sentences.push_back(
        fmt::format("on test, '{}' ({}, {} bytes of RAM) is better than the chosen schedule by {}{} "
                    "(95 % interval {} to {}, paired)",
                    name, metric_text(metric, value), ram, text(d.mean), points ? " points" : "",
                    text(d.low()), text(d.high())));
  };
  for (const ComparisonRow& row : result.comparison)
    if (row.surely_better() && !row.evaluation.over_budget)
      add(row.name, row.evaluation.value(), row.evaluation.ram_bytes, row.against_chosen);
  if (const auto& shipped = result.as_it_is; shipped && shipped->surely_better())
    add("as it is", shipped->value, shipped->ram_bytes, shipped->against_chosen);
  return sentences;
}

}  // namespace thaw

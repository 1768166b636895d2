#include "search/search.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/interval.h"
#include "search/learning_rate.h"
#include "search/schedules.h"

namespace thaw {
namespace {

// Attempts to find a starting schedule that trains without diverging, each a quarter shallower.
constexpr int32_t kStableAttempts = 6;

/// Gives the schedule its learning rate; where every rate diverges, freezes the deepest quarter and tries
/// again.
Schedule stabilised(Evaluator& evaluator, Schedule start, const Fidelity& look, uint32_t seed,
                    const std::vector<double>& rates, const SearchLog& log) {
  for (int32_t attempt = 0; attempt < kStableAttempts; ++attempt) {
    double accuracy = 0.0;
    start.training.learning_rate =
        best_learning_rate(evaluator, "start", start, look, seed, rates, &accuracy);
    if (accuracy > 0.0) break;
    const int32_t first = start.update.front().op;
    const int32_t end = evaluator.problem().network->convolution_count();
    if (first >= end) break;
    const int32_t shallower = std::min(end, first + std::max(1, (end - first) / 4));
    log(fmt::format("training from layer {} on diverges at every rate: starting at layer {}", first,
                    shallower));
    start = without_layers_before(start, shallower);
  }
  return start;
}

Promise promise_of(const Evaluation& on_test, int64_t test_count) {
  Promise promise;
  promise.accuracy_mean = on_test.accuracy();
  const AccuracyInterval interval = wilson_interval(promise.accuracy_mean, test_count);
  promise.accuracy_low = interval.low;
  promise.accuracy_high = interval.high;
  promise.seeds = static_cast<int32_t>(on_test.seeds.size());
  promise.ram_bytes = on_test.ram_bytes;
  promise.flash_bytes = on_test.flash_bytes;
  promise.macs_per_step = on_test.macs_per_step;
  promise.signature = on_test.seeds[0].signature;
  return promise;
}

}  // namespace

SearchResult search_by_freezing(Evaluator& evaluator, const SearchOptions& options, const SearchLog& log) {
  const Fidelity full = {"full", options.epochs, 1.0};
  const Fidelity look = {"look", std::max(1, options.epochs / 2), 0.5};
  const std::vector<double> rates =
      options.learning_rate ? std::vector<double>{*options.learning_rate} : default_learning_rates();
  TrainingRecipe recipe = options.recipe;
  recipe.epochs = options.epochs;
  recipe.seed = options.seed;
  if (options.learning_rate) recipe.learning_rate = *options.learning_rate;

  SearchResult result;
  Schedule start = starting_schedule(evaluator, recipe, look, log);
  start = stabilised(evaluator, start, look, options.seed, rates, log);
  log(fmt::format("start: {} layers updated, learning rate {:.3g}", start.update.size(),
                  start.training.learning_rate));
  FreezeOptions freezing;
  freezing.threshold = options.threshold_points / 100.0;
  freezing.look = look;
  freezing.full = full;
  freezing.seed = options.seed;
  result.freeze = freeze(evaluator, start, freezing, log);
  log("stopped: " + result.freeze.stop_reason);

  result.schedule = result.freeze.curve[result.freeze.chosen].evaluation.request.schedule;
  std::vector<uint32_t> seeds;
  for (int32_t i = 0; i < options.seeds; ++i) seeds.push_back(options.seed + static_cast<uint32_t>(i));
  result.comparison = compare_on_test(evaluator, result.schedule, start, look, full, seeds, rates, log);
  result.schedule.promise = promise_of(result.comparison[0].evaluation, evaluator.problem().test->count);
  return result;
}

}  // namespace thaw

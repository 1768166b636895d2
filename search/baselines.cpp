#include "search/baselines.h"

#include <fmt/format.h>

#include <optional>

#include "search/expected_work.h"
#include "search/schedules.h"

namespace thaw {
namespace {

// A schedule with more layers often wants a slower rate.
constexpr double kSlower = 4.0;

struct Named {
  std::string name;
  Schedule schedule;
};

std::vector<Named> named_schedules(const Network& network, const TrainingRecipe& recipe) {
  const int32_t count = head_op(network);
  const int32_t first = first_trainable_convolution(network);
  std::vector<Named> result = {{"last layer only", last_layer_schedule(network, recipe)}};
  if (first == count) return result;
  result.push_back({"biases only", bias_schedule(network, recipe, first)});
  for (int32_t k = 1; k < count - first; k *= 2)
    result.push_back({fmt::format("last {} layer{}", k, k == 1 ? "" : "s"),
                      last_layers_schedule(network, recipe, count - k)});
  result.push_back({"full update", last_layers_schedule(network, recipe, first)});
  return result;
}

}  // namespace

std::vector<Baseline> measured_baselines(Evaluator& evaluator, const TrainingRecipe& recipe, double good_rate,
                                         const RateSearch& rates, const SearchLog& log) {
  std::vector<Baseline> result;
  std::vector<Named> schedules = named_schedules(*evaluator.problem().network, recipe);
  // What does not fit is no answer and takes longest to train. One of them says what more memory could give.
  const size_t last = schedules.size() - 1;
  for (size_t i = 0; i < schedules.size(); ++i) {
    Named& named = schedules[i];
    if (i < last && !evaluator.fits(named.schedule)) continue;
    log("baseline: " + named.name);
    Baseline baseline{named.name, named.schedule, std::nullopt};
    double& rate = baseline.schedule.training.learning_rate;
    if (!evaluator.fits(baseline.schedule)) {
      rate = better_learning_rate(evaluator, named.name, baseline.schedule, {good_rate / kSlower, good_rate},
                                  rates)
                 .value_or(kSlowestRate);
    } else {
      rate = best_learning_rate(evaluator, named.name, baseline.schedule, rates).value_or(kSlowestRate);
      baseline.on_validation = confirmed(evaluator,
                                         {named.name, baseline.schedule, rates.full, MeasuredOn::validation,
                                          rates.seeds, TrialKind::baseline},
                                         rates);
      baseline.schedule = baseline.on_validation->request.schedule;
    }
    result.push_back(std::move(baseline));
  }
  return result;
}

double baselines_work(const Evaluator& evaluator, const StrategyTask& task, int32_t test_seeds) {
  double work = 0.0;
  const auto test = [&](const Schedule& schedule, double seeds) {
    work += request_work(evaluator, schedule, task.rates.full, MeasuredOn::test, seeds);
  };
  test(typical_schedule(evaluator, task), 2.0 * test_seeds);
  const std::vector<Named> schedules = named_schedules(*evaluator.problem().network, task.recipe);
  for (const Named& named : schedules) {
    if (evaluator.fits(named.schedule)) {
      work += rate_and_confirmation_work(evaluator, task, named.schedule);
      test(named.schedule, test_seeds);
    } else if (&named == &schedules.back()) {
      work += request_work(evaluator, named.schedule, task.rates.look, MeasuredOn::validation,
                           task.rates.given ? 0.0 : 2.0);
      test(named.schedule, 1.0);
    }
  }
  return work;
}

}  // namespace thaw

#include "search/baselines.h"

#include <fmt/format.h>

#include <optional>

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
  const int32_t count = network.convolution_count();
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

}  // namespace thaw

#include "search/comparison.h"

#include <fmt/format.h>

#include "search/learning_rate.h"
#include "search/schedules.h"

namespace thaw {
namespace {

struct Baseline {
  std::string name;
  Schedule schedule;
  bool whole_network = false;
};

std::vector<Baseline> baselines(const Network& network, const TrainingRecipe& recipe) {
  const int32_t count = network.convolution_count();
  const int32_t first = first_trainable_convolution(network);
  std::vector<Baseline> result = {{"last layer only", last_layer_schedule(network, recipe), false}};
  if (first == count) return result;
  result.push_back({"biases only", bias_schedule(network, recipe, first), false});
  for (int32_t k = 1; k < count - first; k *= 2)
    result.push_back({fmt::format("last {} layer{}", k, k == 1 ? "" : "s"),
                      last_layers_schedule(network, recipe, count - k), false});
  result.push_back({"full update", last_layers_schedule(network, recipe, first), true});
  return result;
}

}  // namespace

std::vector<ComparisonRow> compare_on_test(Evaluator& evaluator, const Schedule& chosen,
                                           const Schedule& start, const Fidelity& look, const Fidelity& full,
                                           const std::vector<uint32_t>& seeds,
                                           const std::vector<double>& rates, const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  std::vector<ComparisonRow> rows = {{"chosen", {}}, {"start", {}}};
  std::vector<EvaluationRequest> requests = {{"test: chosen", chosen, full, MeasuredOn::test, seeds},
                                             {"test: start", start, full, MeasuredOn::test, seeds}};
  for (Baseline& baseline : baselines(network, chosen.training)) {
    log("baseline: " + baseline.name);
    std::vector<double> tried = rates;
    if (baseline.whole_network && rates.size() > 1) {
      tried = {rates.front()};
      if (chosen.training.learning_rate != rates.front()) tried.push_back(chosen.training.learning_rate);
    }
    if (tried.size() > 1)
      baseline.schedule.training.learning_rate =
          best_learning_rate(evaluator, baseline.name, baseline.schedule, look, seeds[0], tried);
    else
      baseline.schedule.training.learning_rate = tried[0];
    requests.push_back({"test: " + baseline.name, baseline.schedule, full, MeasuredOn::test,
                        baseline.whole_network ? std::vector<uint32_t>{seeds[0]} : seeds});
    rows.push_back({baseline.name, {}});
  }
  log("the test split, once");
  const std::vector<Evaluation> measured = evaluator.evaluate(requests);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].evaluation = measured[i];
  return rows;
}

}  // namespace thaw

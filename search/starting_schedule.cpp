#include "search/starting_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "memmodel/device_plan.h"
#include "search/schedules.h"
#include "sim/base/error.h"

namespace thaw {

void require_classifier_fits(const SearchProblem& problem, const TrainingRecipe& recipe) {
  const Network& network = *problem.network;
  const MemoryTotals needed =
      device_training_plan(network, last_layer_schedule(network, recipe), problem.board).totals;
  const auto check = [&](const char* what, const Budget& budget) {
    if (budget.fits()) return;
    throw Error(network.graph.file_name,
                fmt::format("training only the classifier needs {} bytes of {}, {} has {} ({} too many)",
                            budget.required, what, problem.board.name, budget.available, budget.excess()),
                "Choose a larger board or a smaller model");
  };
  check("RAM", needed.ram);
  check("flash", needed.flash);
}

namespace {

/// The deepest convolution whose bias, with all later ones, still fits.
int32_t deepest_bias_that_fits(const Evaluator& evaluator, const TrainingRecipe& recipe) {
  const Network& network = *evaluator.problem().network;
  int32_t low = first_trainable_convolution(network);
  int32_t high = network.convolution_count();  // fits: the classifier alone
  while (low < high) {
    const int32_t middle = (low + high) / 2;
    if (evaluator.fits(bias_schedule(network, recipe, middle)))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

struct Candidate {
  int32_t op = 0;
  double gain = 0.0;  // accuracy over biases alone, 0..1
  int64_t bytes = 1;  // RAM that its weights add
};

std::vector<Candidate> measured_candidates(Evaluator& evaluator, const Schedule& biases, int32_t first_op,
                                           const RateSearch& rates) {
  const Network& network = *evaluator.problem().network;
  std::vector<EvaluationRequest> requests = {
      {"biases alone", biases, rates.look, MeasuredOn::validation, {rates.seeds.front()}, TrialKind::look}};
  std::vector<Candidate> candidates;
  for (int32_t op = first_op; op < network.convolution_count(); ++op) {
    int32_t eighths = 8;
    while (eighths > 0 && !evaluator.fits(with_weights(biases, network, op, eighths))) eighths /= 2;
    const Schedule with = with_weights(biases, network, op, eighths);
    if (with == biases) continue;
    candidates.push_back({op, 0.0, 1});
    requests.push_back({"weights of " + network.convolution_layer(op).name + " alone",
                        with,
                        rates.look,
                        MeasuredOn::validation,
                        {rates.seeds.front()},
                        TrialKind::look});
  }
  const std::vector<Evaluation> measured = evaluator.evaluate(requests);
  for (size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].gain = measured[i + 1].accuracy() - measured[0].accuracy();
    candidates[i].bytes = std::max<int64_t>(1, measured[i + 1].ram_bytes - measured[0].ram_bytes);
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.gain / static_cast<double>(a.bytes) > b.gain / static_cast<double>(b.bytes);
  });
  return candidates;
}

}  // namespace

Schedule starting_schedule(Evaluator& evaluator, const TrainingRecipe& recipe, const RateSearch& rates,
                           const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  require_classifier_fits(evaluator.problem(), recipe);
  const int32_t first_op = deepest_bias_that_fits(evaluator, recipe);
  Schedule everything = last_layers_schedule(network, recipe, first_op);
  if (evaluator.fits(everything)) {
    log(fmt::format("all weights and biases from layer {} on fit the budget", first_op));
    return everything;
  }
  Schedule biases = bias_schedule(network, recipe, first_op);
  log(fmt::format("the biases of the last {} convolutions fit; measuring the weights of each",
                  network.convolution_count() - first_op));
  biases.training.learning_rate =
      roughly_best_learning_rate(evaluator, "biases alone", biases, rates).value_or(kSlowestRate);
  Schedule start = biases;
  for (const Candidate& candidate : measured_candidates(evaluator, biases, first_op, rates))
    for (int32_t eighths : {8, 4, 2, 1}) {
      const Schedule with = with_weights(start, network, candidate.op, eighths);
      if (with == start || !evaluator.fits(with)) continue;
      start = with;
      break;
    }
  return start;
}

}  // namespace thaw

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
      device_training_plan(network, problem.on_device(last_layer_schedule(network, recipe)), problem.board)
          .totals;
  const auto check = [&](const char* what, const Budget& budget) {
    if (budget.fits()) return;
    throw Error(network.graph.file_name,
                fmt::format("training only {} needs {} {}, {} has {} ({} too many)", head_words(network),
                            budget.required, what, problem.board.name, budget.available, budget.excess()),
                "Choose a larger board or a smaller model");
  };
  check("bytes of RAM", needed.ram);
  check("bytes of flash", needed.flash);
  check("instructions", needed.work);
}

int32_t deepest_bias_that_fits(const Evaluator& evaluator, const TrainingRecipe& recipe,
                               const SearchSpace& space) {
  const Network& network = *evaluator.problem().network;
  int32_t low = space.first_op;
  int32_t high = head_op(network);  // fits: the head alone
  while (low < high) {
    const int32_t middle = (low + high) / 2;
    if (evaluator.fits(bias_schedule(network, recipe, middle)))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

namespace {

struct Candidate {
  int32_t op = 0;
  double gain = 0.0;  // score over biases alone
  int64_t bytes = 1;  // RAM that its weights add
};

std::vector<Candidate> measured_candidates(Evaluator& evaluator, const TrainingRecipe& recipe,
                                           const SearchSpace& space, const Selection& biases,
                                           int32_t first_op, const RateSearch& rates) {
  const Network& network = *evaluator.problem().network;
  std::vector<EvaluationRequest> requests = {{"biases alone",
                                              schedule_of(network, recipe, biases),
                                              rates.look,
                                              MeasuredOn::validation,
                                              {rates.seeds.front()},
                                              TrialKind::look}};
  std::vector<Candidate> candidates;
  for (const int32_t op : space.weights) {
    if (op < first_op || space.pins(op)) continue;
    const auto fitting = std::find_if(space.eighths.rbegin(), space.eighths.rend(), [&](int32_t eighths) {
      return evaluator.fits(schedule_of(network, recipe, with_share(biases, {op, eighths})));
    });
    if (fitting == space.eighths.rend()) continue;
    candidates.push_back({op, 0.0, 1});
    requests.push_back({"weights of " + network.convolution_layer(op).name + " alone",
                        schedule_of(network, recipe, with_share(biases, {op, *fitting})),
                        rates.look,
                        MeasuredOn::validation,
                        {rates.seeds.front()},
                        TrialKind::look});
  }
  const std::vector<Evaluation> measured = evaluator.evaluate(requests);
  for (size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].gain = measured[i + 1].score() - measured[0].score();
    candidates[i].bytes = std::max<int64_t>(1, measured[i + 1].ram_bytes - measured[0].ram_bytes);
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.gain / static_cast<double>(a.bytes) > b.gain / static_cast<double>(b.bytes);
  });
  return candidates;
}

}  // namespace

Schedule starting_schedule(Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
                           const RateSearch& rates, const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  const int32_t first_op = deepest_bias_that_fits(evaluator, recipe, space);
  Selection start = least_selection(space, network);
  if (!space.biases_follow) start.first_bias = std::min(start.first_bias, first_op);
  Selection everything = start;
  for (const int32_t op : space.weights)
    if (op >= first_op) everything = with_share(everything, {op, 8});
  if (Schedule all = schedule_of(network, recipe, everything); evaluator.fits(all)) {
    log(fmt::format("all weights and biases from layer {} on fit the budget", first_op));
    return all;
  }
  log(fmt::format("the biases of the last {} convolutions fit; measuring the weights of each",
                  head_op(network) - first_op));
  TrainingRecipe at_rate = recipe;
  at_rate.learning_rate =
      roughly_best_learning_rate(evaluator, "biases alone", schedule_of(network, recipe, start), rates)
          .value_or(kSlowestRate);
  for (const Candidate& candidate : measured_candidates(evaluator, at_rate, space, start, first_op, rates))
    for (auto eighths = space.eighths.rbegin(); eighths != space.eighths.rend(); ++eighths) {
      const Selection with = with_share(start, {candidate.op, *eighths});
      if (!evaluator.fits(schedule_of(network, at_rate, with))) continue;
      start = with;
      break;
    }
  return schedule_of(network, at_rate, start);
}

}  // namespace thaw

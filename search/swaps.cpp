#include "search/swaps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "search/fold_losses.h"

namespace thaw {
namespace {

// One-sided 5 % of the normal distribution: the error is pooled over many looks.
constexpr double kSurely = 1.645;

struct Ranked {
  Selection selection;
  double gain = 0.0;
};

/// Takes out what contributes least until it fits; pinned weights and `kept` stay. False where that is not
/// enough.
bool made_to_fit(const Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
                 const Contributions& contributions, int32_t kept, Selection& selection) {
  const Network& network = *evaluator.problem().network;
  while (!evaluator.fits(schedule_of(network, recipe, selection))) {
    const WeightShare* least = nullptr;
    double least_gain = 0.0;
    for (const WeightShare& share : selection.weights) {
      if (share.op == kept || space.pins(share.op)) continue;
      const WeightGain* known = contributions.find(share);
      const double gain = known == nullptr ? 0.0 : known->gain.nats;
      if (least == nullptr || gain < least_gain) {
        least = &share;
        least_gain = gain;
      }
    }
    if (least == nullptr) return false;
    selection = without_share(space, network, selection, least->op);
  }
  return true;
}

}  // namespace

std::vector<Selection> neighbours(const Evaluator& evaluator, const TrainingRecipe& recipe,
                                  const SearchSpace& space, const Contributions& contributions,
                                  const Selection& selection) {
  const Network& network = *evaluator.problem().network;
  std::vector<Ranked> found;
  std::set<Selection> seen = {selection};
  const auto add = [&](Selection candidate, int32_t kept) {
    if (!made_to_fit(evaluator, recipe, space, contributions, kept, candidate)) return;
    if (seen.insert(candidate).second) found.push_back({candidate, contributions.gain(candidate)});
  };
  for (const int32_t op : space.weights)
    for (const int32_t eighths : space.eighths)
      if (eighths > selection.eighths_of(op)) add(with_share(selection, {op, eighths}), op);
  for (const WeightShare& share : selection.weights)
    if (!space.pins(share.op)) add(without_share(space, network, selection, share.op), -1);
  if (!space.biases_follow)
    for (const BiasGain& bias : contributions.biases) {
      Selection moved = selection;
      moved.first_bias =
          selection.weights.empty() ? bias.first_op : std::min(bias.first_op, selection.weights.front().op);
      add(moved, -1);
    }
  std::stable_sort(found.begin(), found.end(),
                   [](const Ranked& a, const Ranked& b) { return a.gain > b.gain; });
  std::vector<Selection> result;
  for (Ranked& ranked : found) result.push_back(std::move(ranked.selection));
  return result;
}

Swapped improved_by_swaps(Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
                          const Contributions& contributions, const Selection& start,
                          const SwapOptions& options, const SearchLog& log) {
  const Network& network = *evaluator.problem().network;
  const auto look = [&](const std::vector<Selection>& selections) {
    std::vector<EvaluationRequest> requests;
    for (const Selection& s : selections)
      requests.push_back({"look: " + selection_text(network, s), schedule_of(network, recipe, s),
                          options.look, MeasuredOn::validation, options.seeds, TrialKind::look});
    return evaluator.evaluate(requests);
  };
  Swapped result = {start, 0};
  if (options.rounds == 0) return result;
  std::set<Selection> looked_at = {start};
  std::vector<double> current = losses_by_fold(look({start}).front());
  double variances = 0.0, count = 0.0;
  for (int32_t round = 0; round < options.rounds; ++round) {
    std::vector<Selection> next;
    for (Selection& candidate : neighbours(evaluator, recipe, space, contributions, result.selection)) {
      if (next.size() == options.neighbours) break;
      if (looked_at.insert(candidate).second) next.push_back(std::move(candidate));
    }
    if (next.empty()) break;
    const std::vector<Evaluation> looks = look(next);
    std::vector<LossFall> falls;
    for (const Evaluation& e : looks) falls.push_back(loss_fall(current, losses_by_fold(e)));
    for (const LossFall& f : falls) variances += f.variance;
    count += static_cast<double>(falls.size());
    const auto best = static_cast<size_t>(
        std::max_element(falls.begin(), falls.end(),
                         [](const LossFall& a, const LossFall& b) { return a.mean < b.mean; }) -
        falls.begin());
    if (falls[best].mean <= kSurely * std::sqrt(variances / count)) break;
    result.selection = next[best];
    ++result.swaps;
    current = losses_by_fold(looks[best]);
    log(fmt::format("swap: {}", selection_text(network, result.selection)));
  }
  return result;
}

}  // namespace thaw

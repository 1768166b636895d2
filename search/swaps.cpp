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

/// Selections other than where they came from, each once, ranked by what they contribute.
class Candidates {
 public:
  Candidates(const Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
             const Contributions& contributions, const Selection& from)
      : evaluator_(evaluator), recipe_(recipe), space_(space), contributions_(contributions), seen_({from}) {}

  /// Made to fit; `kept` (-1: none) stays as it is.
  void add(Selection candidate, int32_t kept) {
    if (!made_to_fit(evaluator_, recipe_, space_, contributions_, kept, candidate)) return;
    if (seen_.insert(candidate).second) found_.push_back({candidate, contributions_.gain(candidate)});
  }

  std::vector<Selection> ranked() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Ranked& a, const Ranked& b) { return a.gain > b.gain; });
    std::vector<Selection> result;
    for (Ranked& ranked : found_) result.push_back(std::move(ranked.selection));
    return result;
  }

 private:
  const Evaluator& evaluator_;
  const TrainingRecipe& recipe_;
  const SearchSpace& space_;
  const Contributions& contributions_;
  std::set<Selection> seen_;
  std::vector<Ranked> found_;
};

}  // namespace

std::vector<Selection> neighbours(const Evaluator& evaluator, const TrainingRecipe& recipe,
                                  const SearchSpace& space, const Contributions& contributions,
                                  const Selection& selection) {
  const Network& network = *evaluator.problem().network;
  Candidates found(evaluator, recipe, space, contributions, selection);
  for (const int32_t op : space.weights)
    for (const int32_t eighths : space.eighths)
      if (eighths > selection.eighths_of(op)) found.add(with_share(selection, {op, eighths}), op);
  for (const WeightShare& share : selection.weights)
    if (!space.pins(share.op)) found.add(without_share(space, network, selection, share.op), -1);
  if (!space.biases_follow)
    for (const BiasGain& bias : contributions.biases) {
      Selection moved = selection;
      moved.first_bias =
          selection.weights.empty() ? bias.first_op : std::min(bias.first_op, selection.weights.front().op);
      found.add(moved, -1);
    }
  return found.ranked();
}

std::vector<Selection> precision_neighbours(const Evaluator& evaluator, const TrainingRecipe& recipe,
                                            const SearchSpace& space, const Contributions& contributions,
                                            const Selection& selection) {
  const Network& network = *evaluator.problem().network;
  Candidates found(evaluator, recipe, space, contributions, selection);
  for (const WeightShare& share : selection.weights)
    for (const int32_t bits : {0, 4, 8}) {
      const int32_t now = share.fraction_bits.value_or(recipe.fraction_bits);
      if (bits == now) continue;
      Selection changed = with_share(selection, {share.op, share.eighths, bits});
      if (bits > now) {
        found.add(std::move(changed), share.op);
        continue;
      }
      for (const int32_t op : space.weights)
        for (const int32_t eighths : space.eighths) {
          if (eighths <= selection.eighths_of(op)) continue;
          Selection more = with_share(changed, {op, eighths});
          if (evaluator.fits(schedule_of(network, recipe, more)) &&
              !evaluator.fits(schedule_of(network, recipe, with_share(selection, {op, eighths}))))
            found.add(std::move(more), op);
        }
    }
  return found.ranked();
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
    const auto take = [&](std::vector<Selection> candidates, size_t most) {
      most += next.size();
      for (Selection& candidate : candidates) {
        if (next.size() == most) break;
        if (looked_at.insert(candidate).second) next.push_back(std::move(candidate));
      }
    };
    take(neighbours(evaluator, recipe, space, contributions, result.selection), options.neighbours);
    take(precision_neighbours(evaluator, recipe, space, contributions, result.selection), options.precisions);
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

#include "search/fold_losses.h"

#include <algorithm>
#include <cmath>

namespace thaw {
namespace {

constexpr double kDivergedLoss = 10.0;

// Error of rounding to whole steps, in squared steps: no output is nearer than that.
constexpr double kRoundingError = 1.0 / 12.0;

/// The loss of a run in nats. Of a mean squared error that is the negative logarithm of the likelihood under
/// normal errors of that size, less what is the same for all (docs/decisions/042).
double nats(const Evaluation& evaluation, double loss) {
  return compares_output(evaluation.request.schedule.task) ? 0.5 * std::log(loss + kRoundingError) : loss;
}

}  // namespace

std::vector<double> losses_by_fold(const Evaluation& evaluation) {
  std::vector<double> losses;
  for (const SeedResult& s : evaluation.seeds)
    losses.push_back(s.outcome == Outcome::ok ? nats(evaluation, s.judged_loss) : kDivergedLoss);
  return losses;
}

LossFall loss_fall(const std::vector<double>& before, const std::vector<double>& after) {
  const auto n = static_cast<double>(before.size());
  LossFall fall;
  double squares = 0.0;
  for (size_t i = 0; i < before.size(); ++i) fall.mean += (before[i] - after[i]) / n;
  for (size_t i = 0; i < before.size(); ++i) squares += std::pow(before[i] - after[i] - fall.mean, 2.0);
  fall.variance = squares / std::max(1.0, n - 1.0) / n;
  return fall;
}

}  // namespace thaw

// Validation losses fold by fold: what looks are compared by.
#pragma once

#include <vector>

#include "search/files/evaluation.h"

namespace thaw {

/// Mean loss of each seed's fold, nats; of a run that diverged, more than anything that trained has.
std::vector<double> losses_by_fold(const Evaluation& evaluation);

/// How much lower `after` is than `before` on the same folds.
struct LossFall {
  double mean = 0.0;      // nats
  double variance = 0.0;  // of the mean; 0 for a single fold
};
LossFall loss_fall(const std::vector<double>& before, const std::vector<double>& after);

}  // namespace thaw

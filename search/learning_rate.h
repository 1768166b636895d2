// The learning rate of a class of schedules: the best of a few on the validation samples. The paper searches
// it by grid for every schedule too; one rate for all would favour some of them.
#pragma once

#include <string>
#include <vector>

#include "search/evaluator.h"

namespace thaw {

/// 1, 2, 4, 8 and 16 times 0.1/256: the published rate for batches of 256, scaled to one sample (arithmetic
/// section 11).
std::vector<double> default_learning_rates();

/// The rate with the best accuracy, the lowest of equals; diverged runs count as 0. Where the fastest rate
/// wins, faster ones are tried until one does not (a classifier alone wants far more than a whole network).
/// `best_accuracy`, if given, receives what it reached.
double best_learning_rate(Evaluator& evaluator, const std::string& role, const Schedule& schedule,
                          const Fidelity& fidelity, uint32_t seed, const std::vector<double>& rates,
                          double* best_accuracy = nullptr);

}  // namespace thaw

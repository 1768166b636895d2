// The learning rate of a class of schedules: the best of a few on the validation samples. The paper searches
// it by grid for every schedule too; one rate for all would favour some of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "search/evaluator.h"

namespace thaw {

/// How rates are searched and schedules confirmed.
struct RateSearch {
  std::optional<double> given;  // by the user: nothing is measured
  Fidelity look;                // finds the order of magnitude
  Fidelity run;                 // decides: a whole run, since short ones prefer rates too fast for long ones
  Fidelity full;                // of the confirmation
  std::vector<uint32_t> seeds;  // of the confirmation; rates are compared by the first
};

/// The slowest rate that is tried: 0.1/256, the published rate for batches of 256, scaled to one sample
/// (arithmetic section 11).
constexpr double kSlowestRate = 0.1 / 256.0;

/// The rate of the lowest loss, the slower of equals; empty where all are infinite (diverged).
std::optional<double> best_rate(const std::map<double, double>& loss_by_rate);

/// The rate with the lowest loss on validation, which ranks better than accuracy does
/// (docs/decisions/024): looks at 1, 4, 16 and 64 times kSlowestRate (and on, while
/// the fastest wins: a classifier alone wants far more than a whole network) find the order of magnitude,
/// whole runs at the halves and doubles around it the rate. The lower of equals; diverged runs never win.
/// Empty where every rate diverges.
std::optional<double> best_learning_rate(Evaluator& evaluator, const std::string& role,
                                         const Schedule& schedule, const RateSearch& search);

/// The same by looks alone, for what is too large to win.
std::optional<double> roughly_best_learning_rate(Evaluator& evaluator, const std::string& role,
                                                 const Schedule& schedule, const RateSearch& search);

/// The best of `candidates` by looks, for what is too large to win; empty where all diverge.
std::optional<double> better_learning_rate(Evaluator& evaluator, const std::string& role,
                                           const Schedule& schedule, const std::vector<double>& candidates,
                                           const RateSearch& search);

/// The schedule measured in full with every seed on `measured_on`; where a seed diverges, again at half the
/// rate, unless the rate is given, at most kMostHalvings times. The request of the result has the rate that
/// trained.
Evaluation confirmed(Evaluator& evaluator, EvaluationRequest request, const RateSearch& search);

constexpr int32_t kMostHalvings = 6;

}  // namespace thaw

// One training run: a schedule on some samples, judged by others. What a store keeps, what a process on
// another machine can be sent: all that its result depends on is in here and in the problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "search/evaluator.h"

namespace thaw {

struct TrainingRun {
  Schedule schedule;     // its recipe's epochs and seed are those of the run
  double samples = 1.0;  // share of the training samples, the first ones of the list
  MeasuredOn measured_on = MeasuredOn::validation;
  size_t fold = 0;  // of SearchProblem::folds; on validation only
};

/// The run of a request with its seed number `seed`, from 0, which is judged on fold number `seed` (in turn).
TrainingRun training_run(const EvaluationRequest& request, size_t seed, const SearchProblem& problem);

/// Places of the samples that a run trains on, in `SearchProblem::train`; empty: all of them.
std::vector<uint32_t> training_places(const TrainingRun& run, const SearchProblem& problem);

/// Everything that the result of a run depends on, as JSON: version of Thaw, model, data, which samples train
/// and which judge, the schedule with its recipe. The board is not in it: no bit of a result depends on it.
std::string question_of(const TrainingRun& run, const SearchProblem& problem);

}  // namespace thaw

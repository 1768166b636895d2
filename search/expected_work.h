// How much work training is on this machine, and how much a search will be, as far as that can be said before
// it begins: for the time that is left. In multiply-accumulates, of which a second does about as many
// whatever is trained.
#pragma once

#include "search/training_run.h"

namespace thaw {

struct StrategyTask;

/// Of one run: what comes after the frozen layers, which are computed once for all runs, and backward; with
/// `needed`, the schedule's memory on any board.
double run_work(const SearchProblem& problem, const MemoryTotals& needed, const TrainingRun& run);

/// Of so many runs of one request's kind; a share of a run is one that may not be needed.
double request_work(const Evaluator& evaluator, const Schedule& schedule, const Fidelity& fidelity,
                    MeasuredOn measured_on, double runs);

/// Of finding the rate of a schedule (learning_rate.h), and of confirming it on validation.
double rate_and_confirmation_work(const Evaluator& evaluator, const StrategyTask& task,
                                  const Schedule& schedule);

/// Of measuring contributions.
double contributions_work(const Evaluator& evaluator, const StrategyTask& task);

/// Of looking at so many schedules of middle depth.
double looks_work(const Evaluator& evaluator, const StrategyTask& task, double looks);

/// A schedule that is about as much work as those that a search confirms.
Schedule typical_schedule(const Evaluator& evaluator, const StrategyTask& task);

}  // namespace thaw

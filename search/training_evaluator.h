// Measures schedules by training them, unless the store knows the result; memory comes from the planner.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "search/run_trainer.h"
#include "search/store.h"
#include "search/trial_record.h"

namespace thaw {

/// Called when an evaluation has finished, from any job but one at a time.
using EvaluationProgress = std::function<void(const Evaluation&, size_t done, size_t total)>;

/// Training runs that were asked for; a run that several requests of one call need counts once. Runs of one
/// call can be trained at the same time, calls follow one another: P processes need about
/// longest + (seconds - longest) / P.
struct WorkDone {
  size_t trained = 0;
  size_t known = 0;                             // to the store
  double seconds = 0.0;                         // of training, all runs
  double longest = 0.0;                         // of the longest run of each call
  double macs_trained = 0.0, macs_known = 0.0;  // by expected_work.h
};

class TrainingEvaluator : public Evaluator {
 public:
  /// All but the problem must outlive the evaluator.
  TrainingEvaluator(const SearchProblem& problem, TrialRecord& record, Store& store, RunTrainer& trainer);

  const SearchProblem& problem() const override { return problem_; }

  using Evaluator::evaluate;
  /// Trains every request once a seed; what finished is in the store at once, in the record in asking order.
  /// Throws Error{"interrupted"} when `cancelled` says so.
  std::vector<Evaluation> evaluate(const std::vector<EvaluationRequest>& requests) override;
  CorrectBySeed correct(const Evaluation& evaluation) const override;
  PairedDifference difference(const Evaluation& a, const Evaluation& b) const override;
  /// By the planner.
  MemoryTotals memory(const Schedule& schedule) const override;

  const WorkDone& work() const { return work_; }

  std::function<bool()> cancelled;  // may be empty
  EvaluationProgress progress;      // may be empty

 private:
  struct Batch;
  Batch prepare(const std::vector<EvaluationRequest>& requests);
  void record_finished(Batch& batch);

  SearchProblem problem_;
  TrialRecord& record_;
  Store& store_;
  RunTrainer& trainer_;
  WorkDone work_;
};

}  // namespace thaw

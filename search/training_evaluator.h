// Measures schedules by training them on cached activations, several at once; memory comes from the planner.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "search/evaluator.h"
#include "search/trial_record.h"
#include "sim/exec/prefix_cache.h"

namespace thaw {

/// Called when an evaluation has finished, from any job but one at a time.
using EvaluationProgress = std::function<void(const Evaluation&, size_t done, size_t total)>;

class TrainingEvaluator : public Evaluator {
 public:
  TrainingEvaluator(const SearchProblem& problem, TrialRecord& record);

  const SearchProblem& problem() const override { return problem_; }

  using Evaluator::evaluate;
  /// Trains every request once a seed, `jobs` runs at a time; results do not depend on the number of jobs.
  /// What is asked twice, here or earlier, is trained once. Throws Error{"interrupted"} when `cancelled` says
  /// so: what had finished in order is in the record.
  std::vector<Evaluation> evaluate(const std::vector<EvaluationRequest>& requests) override;
  CorrectBySeed correct(const Evaluation& evaluation) const override;
  /// By the planner.
  MemoryTotals memory(const Schedule& schedule) const override;

  std::function<bool()> cancelled;  // may be empty
  EvaluationProgress progress;      // may be empty

 private:
  struct Caches {
    PrefixCache train, test;
  };
  struct Batch;
  Batch prepare(const std::vector<EvaluationRequest>& requests);
  const Caches& caches_before(size_t layer);
  size_t cheapest_cut(size_t layer) const;
  void drop_caches(const std::set<const Caches*>& keep);
  SeedResult run(const EvaluationRequest& request, const Plan& plan, size_t seed, const Caches& caches) const;
  const Fold& fold(size_t seed) const { return problem_.folds[seed % problem_.folds.size()]; }

  SearchProblem problem_;
  TrialRecord& record_;
  std::map<size_t, std::unique_ptr<Caches>> caches_;  // by layer
};

}  // namespace thaw

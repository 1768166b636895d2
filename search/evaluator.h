// Measures schedules: trains them on cached activations, several at once, and adds up their memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/device_plan.h"
#include "search/evaluation.h"
#include "search/trial_record.h"
#include "sim/base/paired_test.h"
#include "sim/data/folds.h"
#include "sim/exec/prefix_cache.h"
#include "sim/plan/network.h"

namespace thaw {

/// What is searched for, on what. Samples must outlive the evaluator. `ram_bytes` and `flash_bytes` replace
/// the board's where they are not 0.
struct SearchProblem {
  const Network* network = nullptr;
  const Samples* train = nullptr;
  const Samples* test = nullptr;
  std::vector<Fold> folds;  // places in `train`; the n-th seed of a request is judged on fold n (in turn)
  bool mirror = true;       // whether recipes mirror images: caches then hold mirrored samples too
  Board board;
  int32_t jobs = 1;
};

/// Called when an evaluation has finished, from any job but one at a time.
using EvaluationProgress = std::function<void(const Evaluation&, size_t done, size_t total)>;

class Evaluator {
 public:
  Evaluator(const SearchProblem& problem, TrialRecord& record);

  /// Trains every request once a seed, `jobs` runs at a time; results stand in the order of the requests and
  /// do not depend on the number of jobs. Throws Error{"interrupted"} when `cancelled` says so: what had
  /// finished in order is in the record.
  std::vector<Evaluation> evaluate(const std::vector<EvaluationRequest>& requests);
  Evaluation evaluate(const EvaluationRequest& request) { return evaluate(std::vector{request}).front(); }

  /// Which samples an evaluation in full got right. On validation each seed has its own fold, so that the
  /// folds follow one another in one list; on test there is a list a seed.
  CorrectBySeed correct(const Evaluation& evaluation) const;
  /// Accuracy of `a` less that of `b`, both in full, on the same split and with the same seeds on validation.
  PairedDifference difference(const Evaluation& a, const Evaluation& b) const {
    return paired_difference(correct(a), correct(b));
  }

  /// Memory of a schedule on the problem's board, by the planner.
  MemoryTotals memory(const Schedule& schedule) const {
    return device_training_plan(*problem_.network, schedule, problem_.board).totals;
  }
  /// Whether it fits the board's RAM and flash.
  bool fits(const Schedule& schedule) const { return memory(schedule).fits(); }

  const SearchProblem& problem() const { return problem_; }

  std::function<bool()> cancelled;  // may be empty
  EvaluationProgress progress;      // may be empty

 private:
  struct Caches {
    PrefixCache train, test;
  };
  const Caches& caches_before(size_t layer);
  size_t cheapest_cut(size_t layer) const;
  void drop_caches(const std::set<const Caches*>& keep);
  SeedResult run(const EvaluationRequest& request, const Plan& plan, size_t seed,
                 const Caches& caches) const;
  const Fold& fold(size_t seed) const { return problem_.folds[seed % problem_.folds.size()]; }

  SearchProblem problem_;
  TrialRecord& record_;
  std::map<size_t, std::unique_ptr<Caches>> caches_;  // by layer
};

}  // namespace thaw

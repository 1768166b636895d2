// Measures schedules: trains them on cached activations, several at once, and adds up their memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/totals.h"
#include "search/evaluation.h"
#include "search/trial_record.h"
#include "sim/exec/prefix_cache.h"
#include "sim/plan/network.h"

namespace thaw {

/// What is searched for, on what. Samples must outlive the evaluator. `ram_bytes` and `flash_bytes` replace
/// the board's where they are not 0.
struct SearchProblem {
  const Network* network = nullptr;
  const Samples* train = nullptr;
  const Samples* test = nullptr;
  std::vector<uint32_t> train_ids, validation_ids;  // places in `train`
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

  /// Memory of a schedule on the board, by the planner.
  MemoryTotals memory(const Schedule& schedule) const;
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
  SeedResult run(const EvaluationRequest& request, uint32_t seed, const Caches& caches) const;

  SearchProblem problem_;
  TrialRecord& record_;
  std::map<size_t, std::unique_ptr<Caches>> caches_;  // by layer
};

}  // namespace thaw

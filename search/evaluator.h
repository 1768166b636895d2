// What a strategy asks: how accurate schedules are, and what they need of the board. `TrainingEvaluator`
// answers by training; tests answer from tables of made-up accuracies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/totals.h"
#include "search/files/evaluation.h"
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
  InputBy input_by = InputBy::image;  // of the device
  int32_t jobs = 1;
  std::string data_sha256, version;  // of the data set and of Thaw, for digests

  /// The schedule as the device would run it: with its input.
  Schedule on_device(Schedule schedule) const {
    schedule.input_by = input_by;
    return schedule;
  }
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;

  virtual const SearchProblem& problem() const = 0;

  /// Accuracy, bytes and work of every request; results stand in the order of the requests.
  virtual std::vector<Evaluation> evaluate(const std::vector<EvaluationRequest>& requests) = 0;
  Evaluation evaluate(const EvaluationRequest& request) { return evaluate(std::vector{request}).front(); }

  /// Which samples an evaluation in full got right. On validation each seed has its own fold, so that the
  /// folds follow one another in one list; on test there is a list a seed.
  virtual CorrectBySeed correct(const Evaluation& evaluation) const = 0;
  /// By how much the metric of `a` is better than that of `b`, both in full, on the same split and with the
  /// same seeds on validation.
  virtual PairedDifference difference(const Evaluation& a, const Evaluation& b) const {
    return paired_difference(correct(a), correct(b));
  }

  /// Memory of a schedule on the problem's board.
  virtual MemoryTotals memory(const Schedule& schedule) const = 0;
  /// Whether it fits the board's RAM and flash.
  bool fits(const Schedule& schedule) const { return memory(schedule).fits(); }
};

}  // namespace thaw

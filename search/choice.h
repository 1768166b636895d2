// Which of the schedules that were measured is the answer. One rule for everything that was tried, baselines
// included, so that nothing that was seen is better in as few bytes.
#pragma once

#include <string>
#include <vector>

#include "search/evaluator.h"

namespace thaw {

/// A schedule measured in full on validation.
struct Contender {
  std::string name;  // for people: "last 2 layers", "start without weights of b7.pw1"
  Evaluation evaluation;
};

/// accuracy: the most accurate that fits; bytes: the smallest within the threshold of it.
enum class Goal { accuracy, bytes };

struct Choice {
  size_t chosen = 0;   // place in the contenders
  size_t best = 0;     // the most accurate one that fits
  bool gained = true;  // whether anything surely beats the smallest contender
  std::string reason;  // one sentence
};

/// Of the contenders that fit and trained: the most accurate one, or for Goal::bytes the one with the fewest
/// bytes of RAM that is within `threshold` (0..1) of it. Where a paired test cannot tell the most accurate
/// one from the smallest (one-sided 1 %, shared among the contenders: the best of many is lucky), nothing was
/// gained, and the smallest is the answer. Equal bytes: the more accurate; then the earlier one. Throws Error
/// when every contender diverged.
Choice choose_schedule(const Evaluator& evaluator, const std::vector<Contender>& contenders, Goal goal,
                       double threshold);

}  // namespace thaw

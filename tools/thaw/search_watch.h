// What a person sees while a search runs: what it does, how far it is, and the best so far.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "search/training_evaluator.h"
#include "sim/base/grouped_text.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/search_print.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {

/// The best schedule measured on validation that fits; one trained in full counts for more than any look.
struct BestSoFar {
  bool full = false;
  double score = -std::numeric_limits<double>::infinity();
  std::string text = "nothing fits yet";

  void hear(const Evaluation& e) {
    const bool is_full = e.request.fidelity.full();
    if (e.over_budget || e.diverged() || e.request.measured_on != MeasuredOn::validation ||
        (full && !is_full) || (full == is_full && e.score() <= score))
      return;
    full = is_full;
    score = e.score();
    text = fmt::format("best so far {} in {} B{}", value_text(e), grouped_text(e.ram_bytes),
                       full ? "" : " (a look)");
  }
};

using Moment = std::chrono::steady_clock::time_point;

/// Seconds by the clock.
inline double seconds_since(Moment start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What a person sees while the search runs.
struct Watch {
  Moment start;
  bool quiet;
  double expected;  // work of the search (expected_work.h)
  int32_t jobs;     // runs at the same time
  BestSoFar best = {};
  Progress progress = Progress("search", quiet);
  bool said = false;

  void follow(TrainingEvaluator& evaluator) {
    evaluator.progress = [this, &evaluator](const Evaluation& e, size_t, size_t) {
      best.hear(e);
      const WorkDone& work = evaluator.work();
      if (!said && work.macs_trained > kEnoughToTell * expected) {
        said = true;
        log(fmt::format("about {} to go", duration_text(seconds_left(work))));
      }
      progress.show(
          std::min(kMost, (work.macs_trained + work.macs_known) / expected),
          work.macs_trained > 0.0 ? std::optional(seconds_left(work)) : std::nullopt,
          fmt::format("{} | {} {}", best.text, e.request.role, e.diverged() ? "diverged" : value_text(e)));
    };
  }

  void log(const std::string& line) {
    if (quiet) return;
    progress.clear();
    print_remark("[{}] {}\n", duration_text(seconds_since(start)), line);
  }

 private:
  static constexpr double kEnoughToTell = 0.01, kMost = 0.99;  // shares of the expected work
  static constexpr double kBesidesTraining = 1.15;             // frozen layers of all samples, plans, files

  /// By what a second of training has done so far; results of the store cost nothing.
  double seconds_left(const WorkDone& work) const {
    const double done = work.macs_trained + work.macs_known;
    const double left = std::max(expected - done, (1.0 - kMost) * done);
    return kBesidesTraining * left * work.seconds / work.macs_trained / jobs;
  }
};

}  // namespace thaw::cli

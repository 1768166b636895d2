// What a person sees while a search runs: what it does, and the best so far.
#pragma once

#include <fmt/format.h>

#include <chrono>
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
  double accuracy = -1.0;
  std::string text = "nothing fits yet";

  void hear(const Evaluation& e) {
    const bool is_full = e.request.fidelity.full();
    if (e.over_budget || e.diverged() || e.request.measured_on != MeasuredOn::validation ||
        (full && !is_full) || (full == is_full && e.accuracy() <= accuracy))
      return;
    full = is_full;
    accuracy = e.accuracy();
    text = fmt::format("best so far {} % in {} B{}", percent(e), grouped_text(e.ram_bytes),
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
  BestSoFar best;
  Progress progress;

  void follow(TrainingEvaluator& evaluator) {
    evaluator.progress = [this](const Evaluation& e, size_t done, size_t total) {
      best.hear(e);
      progress.update(static_cast<int64_t>(done), static_cast<int64_t>(total),
                      fmt::format("{} | {} {} %", best.text, e.request.role, percent(e)));
      if (done == total) progress.restart();
    };
  }

  void log(const std::string& line) {
    if (quiet) return;
    progress.clear();
    print_remark("[{}] {}\n", duration_text(seconds_since(start)), line);
    progress.restart();
  }
};

}  // namespace thaw::cli

#include "search/strategies/smaller_budgets.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "search/best_selection.h"
#include "search/schedules.h"

namespace thaw {
namespace {

// Of the bytes above the least selection: finer steps are not worth a confirmation.
constexpr double kFinestShare = 1.0 / 64;

// At each depth of biases: fewer than for the answer itself.
constexpr int32_t kMostPlans = 20;

// Halvings of the gap between what holds and what does not.
constexpr int32_t kBisections = 3;

class SmallerBudgets {
 public:
  SmallerBudgets(Evaluator& evaluator, const StrategyTask& task, const Contributions& contributions,
                 Trace& trace, const SearchLog& log)
      : evaluator_(evaluator),
        task_(task),
        contributions_(contributions),
        trace_(trace),
        log_(log),
        recipe_(task.recipe) {
    const Evaluation& whole = trace.steps.back().evaluation;
    recipe_.learning_rate = whole.request.schedule.training.learning_rate;
    least_ = ram(least_selection(task.space, network()));
    span_ = whole.ram_bytes - least_;
  }

  void halve_all() {
    double share = 0.5;
    for (int32_t i = 0; i < task_.smaller_budgets; ++i, share /= 2) confirm(share);
  }

  /// The smallest share of the span that holds.
  void narrow() {
    double holds = 1.0, fails = 0.0;
    for (double share = 0.5; share >= kFinestShare && fails == 0.0; share /= 2)
      (confirm(share) ? holds : fails) = share;
    for (int32_t i = 0; i < kBisections; ++i) {
      const double between = (holds + fails) / 2;
      if (holds - fails < kFinestShare) break;
      (confirm(between) ? holds : fails) = between;
    }
  }

 private:
  const Network& network() const { return *evaluator_.problem().network; }

  int64_t ram(const Selection& selection) const {
    return evaluator_.memory(schedule_of(network(), recipe_, selection)).ram.required;
  }

  /// Whether what this share of the span buys is within the threshold.
  bool confirm(double share) {
    const auto limit = least_ + static_cast<int64_t>(share * static_cast<double>(span_));
    const BestSelection best = best_selection(evaluator_, recipe_, task_.space, contributions_,
                                              {.most_plans = kMostPlans, .most_ram = limit});
    const Schedule schedule = schedule_of(network(), recipe_, best.selection);
    const auto known = std::find_if(trace_.steps.begin(), trace_.steps.end(), [&](const TraceStep& step) {
      return step.evaluation.request.schedule.update == schedule.update;
    });
    const auto holds = [&](const TraceStep& step) {
      return within_threshold(step.evaluation, best_step(trace_).evaluation, task_.threshold);
    };
    if (known != trace_.steps.end()) return holds(*known);
    trace_.steps.push_back(confirmed_step(evaluator_, task_, fmt::format("at most {} bytes of RAM", limit),
                                          best.selection, recipe_.learning_rate, log_));
    return holds(trace_.steps.back());
  }

  Evaluator& evaluator_;
  const StrategyTask& task_;
  const Contributions& contributions_;
  Trace& trace_;
  const SearchLog& log_;
  TrainingRecipe recipe_;
  int64_t least_ = 0, span_ = 0;  // bytes of RAM
};

}  // namespace

void confirm_smaller_budgets(Evaluator& evaluator, const StrategyTask& task,
                             const Contributions& contributions, Trace& trace, const SearchLog& log) {
  SmallerBudgets budgets(evaluator, task, contributions, trace, log);
  if (task.goal == Goal::bytes)
    budgets.narrow();
  else
    budgets.halve_all();
}

}  // namespace thaw

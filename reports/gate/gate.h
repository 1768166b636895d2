// The regression gate: the figures of a run against a baseline and against budgets. A change within limit or
// within noise passes; what fails is named with both values, the limit and the schedule lines that changed.
#pragma once

#include <string>
#include <vector>

#include "reports/board_limits.h"
#include "reports/figures.h"
#include "reports/gate/gate_rules.h"

namespace thaw {

enum class GateStatus {
  unchanged,     // equal
  within_limit,  // worse, but allowed
  within_noise,  // beyond the limit, but not told from chance
  improved,      // better beyond limit and noise
  better,        // better, but within limit or noise
  regression,    // worse beyond limit and noise
  vanished,      // the baseline has it, this run does not: judged as a regression
  first_time,    // this run has it, the baseline does not
  not_measured,  // neither has it
};
const char* status_words(GateStatus status);

/// One metric's verdict. `level` is what it does to the build: info unless it is a regression (or an
/// improvement that has to be recorded).
struct MetricVerdict {
  GateMetric metric = GateMetric::accuracy;
  GateStatus status = GateStatus::unchanged;
  Level level = Level::info;
  std::string before, now, change, limit;  // as people read them, with units
  std::string reason;                      // how noise was judged; may be empty
};

struct BudgetVerdict {
  GateMetric metric = GateMetric::ram_bytes;
  std::string of;  // the board's name, or "gate file"
  int64_t required = 0, available = 0;
  Level level = Level::info;

  int64_t excess() const { return required > available ? required - available : 0; }
};

/// "RAM budget of cortex-m4-192k: required 201,344 bytes, available 196,608 bytes, excess 4,736 bytes".
std::string budget_text(const BudgetVerdict& budget);

/// `has_baseline` is false where there was nothing to compare with: then only budgets are judged.
struct GateReport {
  bool has_baseline = false;
  std::vector<MetricVerdict> metrics;
  std::vector<BudgetVerdict> budgets;
  std::vector<std::string> schedule_changes;  // diff_lines
  std::vector<std::string> notes;

  /// The severest level among the verdicts.
  Level level() const;
  bool passed() const { return level() != Level::fail; }
};

/// `before` may be null. `boards` supply the budgets that stand for the run's board; an unknown board is a
/// note.
GateReport judge(const Figures& now, const Figures* before, const GateRules& rules,
                 const std::vector<BoardLimits>& boards);

/// For a terminal or a log: first the verdict, then a line a metric, the budgets, the schedule's changes.
std::string gate_text(const GateReport& report);

}  // namespace thaw

// What a regression gate allows: a table of metrics with limit, direction, noise rule and severity.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/metric_kind.h"

namespace thaw {

enum class GateMetric {
  accuracy,               // in points of a percent
  area_under_curve,       // 0..1
  mean_absolute_error,    // in units of the model's output
  mean_squared_error,     // in their squares
  ram_bytes,              // bytes
  flash_bytes,            // bytes
  macs_per_step,          // multiply-accumulates
  instructions_per_step,  // instructions
  search_seconds,         // seconds
  signature,              // text
};
constexpr size_t kGateMetrics = static_cast<size_t>(GateMetric::signature) + 1;

/// What a network is judged by, where the metric is that; the first ones are.
std::optional<MetricKind> judged_kind(GateMetric metric);

/// As gate files spell it, for example "ram_bytes".
const char* metric_key(GateMetric metric);

/// Which way is better. `same`: every change is one for the worse.
enum class Better { higher, lower, same };

/// How a change is told from chance. `paired`: sample by sample where both sides store predictions of the
/// same test set, otherwise by the two values and their sample counts or intervals.
enum class NoiseRule { none, paired };

/// What a regression does: stop the build, warn, or be mentioned.
enum class Level { info, warn, fail };
const char* level_name(Level level);

/// A change for the worse is allowed up to the larger of `absolute` (in the metric's unit) and `percent` of
/// the baseline's value.
struct GateRule {
  GateMetric metric = GateMetric::accuracy;
  Better better = Better::higher;
  double absolute = 0.0, percent = 0.0;
  NoiseRule noise = NoiseRule::none;
  double significance = 0.05;  // a change with a larger p is noise
  Level level = Level::fail;
};

/// The most that may be needed, whatever the baseline says. Without `available` it is the run's board's.
struct BudgetRule {
  GateMetric metric = GateMetric::ram_bytes;  // ram_bytes or flash_bytes
  std::optional<int64_t> available;
  Level level = Level::fail;
};

struct GateRules {
  std::vector<GateRule> metrics;
  std::vector<BudgetRule> budgets;
  Level unrecorded_improvement = Level::info;
};

/// Reads a gate file (configs/schema/gate.schema.json). Throws Error.
GateRules read_gate_rules(const std::filesystem::path& path);

}  // namespace thaw

#include "sim/base/metric_kind.h"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/json.h"

namespace thaw {
namespace {

struct Names {
  const char *name, *key;
};

// In the order of MetricKind.
constexpr std::array<Names, kMetricKinds.size()> kNames = {{{"accuracy", "accuracy"},
                                                            {"area under the curve", "area_under_curve"},
                                                            {"mean absolute error", "mean_absolute_error"},
                                                            {"mean squared error", "mean_squared_error"}}};

}  // namespace

const char* metric_name(MetricKind kind) {
  return kNames[static_cast<size_t>(kind)].name;
}

const char* metric_key(MetricKind kind) {
  return kNames[static_cast<size_t>(kind)].key;
}

std::optional<MetricKind> metric_named(std::string_view name) {
  for (const MetricKind kind : kMetricKinds)
    if (name == metric_name(kind)) return kind;
  return std::nullopt;
}

MetricKind read_metric_kind(const JsonView& view) {
  return kMetricKinds[view.one_of({kNames[0].name, kNames[1].name, kNames[2].name, kNames[3].name})];
}

std::string metric_text(MetricKind kind, double value, bool unit) {
  if (!std::isfinite(value)) return "diverged";
  if (kind == MetricKind::accuracy) return fmt::format("{:.2f}{}", 100.0 * value, unit ? " %" : "");
  return is_share(kind) ? fmt::format("{:.4f}", value) : fmt::format("{:.4g}", value);
}

std::string metric_change_text(MetricKind kind, double before, double now) {
  const double change = now - before;
  if (kind == MetricKind::accuracy) return fmt::format("{:+.2f} points", 100.0 * change);
  if (is_share(kind)) return fmt::format("{:+.4f}", change);
  const std::string percent = before != 0.0 ? fmt::format(" ({:+.2f} %)", 100.0 * change / before) : "";
  return fmt::format("{:+.4g}", change) + percent;
}

}  // namespace thaw

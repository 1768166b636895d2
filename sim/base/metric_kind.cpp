#include "sim/base/metric_kind.h"

#include <array>
#include <cmath>
#include <cstdio>

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

/// A number as printf writes it.
std::string printed(const char* format, double value) {
  std::array<char, 400> text;  // the largest double has 309 digits
  const int length = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<size_t>(length)};
}

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
  if (kind == MetricKind::accuracy) return printed("%.2f", 100.0 * value) + (unit ? " %" : "");
  return printed(is_share(kind) ? "%.4f" : "%.4g", value);
}

std::string metric_change_text(MetricKind kind, double before, double now) {
  const double change = now - before;
  if (kind == MetricKind::accuracy) return printed("%+.2f", 100.0 * change) + " points";
  if (is_share(kind)) return printed("%+.4f", change);
  if (before == 0.0) return printed("%+.4g", change);
  return printed("%+.4g", change) + " (" + printed("%+.2f", 100.0 * change / before) + " %)";
}

}  // namespace thaw

#include "reports/number_text.h"

#include <fmt/format.h>

namespace thaw {

std::string million_text(int64_t number) {
  return number < 10'000 ? grouped_text(number) : fmt::format("{:.2f} M", static_cast<double>(number) / 1e6);
}

double kib(int64_t bytes) {
  return static_cast<double>(bytes) / 1024.0;
}

std::string kib_text(int64_t bytes) {
  return fmt::format("{:.1f}", kib(bytes));
}

std::string bytes_text(int64_t bytes) {
  return fmt::format("{} bytes ({} KiB)", grouped_text(bytes), kib_text(bytes));
}

std::string percent_text(double share) {
  return fmt::format("{:.2f} %", 100.0 * share);
}

double chart_value(MetricKind metric, double value) {
  return metric == MetricKind::accuracy ? 100.0 * value : value;
}

std::string named_metric_text(MetricKind metric, double value, MetricKind usual, bool unit) {
  return metric_text(metric, value, unit) + (metric == usual ? "" : std::string(" ") + metric_name(metric));
}

std::string chart_axis(MetricKind metric, const std::string& where) {
  return metric_name(metric) + where + (metric == MetricKind::accuracy ? ", %" : "");
}

std::string seconds_text(double seconds) {
  if (seconds < 60.0) return fmt::format("{:.1f} s", seconds);
  constexpr double kMostSeconds = 1e15;  // beyond this the number is not a duration any more
  if (seconds > kMostSeconds) return fmt::format("{:.3g} s", seconds);
  const auto whole = static_cast<int64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace thaw

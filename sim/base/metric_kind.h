// What a trained network is judged by: the name of the figure, which way is better, how people read it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thaw {

class JsonView;

/// `accuracy`: share of samples that are classified right. `area_under_curve`: of anomaly scores, the chance
/// that an anomaly has a larger one than a normal sample. The errors are means over samples, in the units of
/// the model's output (squared for the second).
enum class MetricKind { accuracy, area_under_curve, mean_absolute_error, mean_squared_error };

inline constexpr std::array kMetricKinds = {MetricKind::accuracy, MetricKind::area_under_curve,
                                            MetricKind::mean_absolute_error, MetricKind::mean_squared_error};

/// As files and tables name it: "mean absolute error".
const char* metric_name(MetricKind kind);

/// As gate files name it: "mean_absolute_error".
const char* metric_key(MetricKind kind);

/// Errors are better lower.
constexpr bool higher_is_better(MetricKind kind) {
  return kind == MetricKind::accuracy || kind == MetricKind::area_under_curve;
}

/// "higher" or "lower", as files say it.
constexpr const char* better_name(MetricKind kind) {
  return higher_is_better(kind) ? "higher" : "lower";
}

/// Whether the value lies between 0 and 1, so that differences have a scale of their own.
constexpr bool is_share(MetricKind kind) {
  return higher_is_better(kind);
}

/// The kind of that name, where it is one.
std::optional<MetricKind> metric_named(std::string_view name);

/// The kind that a file names by metric_name. Throws Error naming the field.
MetricKind read_metric_kind(const JsonView& view);

/// A value as people read it: accuracy in percent with two decimals, an area with four, errors with four
/// digits; what is infinite "diverged". `unit`: with " %".
std::string metric_text(MetricKind kind, double value, bool unit = true);

/// The change of a value: "-1.25 points" of accuracy, "+0.0125" of an area, "+0.125 (+5.00 %)" of an error.
std::string metric_change_text(MetricKind kind, double before, double now);

}  // namespace thaw

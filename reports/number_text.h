// Numbers as people read them, with their units.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/grouped_text.h"
#include "sim/base/metric_kind.h"

namespace thaw {

/// 4779314 -> "4.78 M"; below ten thousand as grouped_text.
std::string million_text(int64_t number);

/// KiB as numbers and as text: 201344 -> 196.625, "196.6".
double kib(int64_t bytes);
std::string kib_text(int64_t bytes);

/// 201344 -> "201,344 bytes (196.6 KiB)".
std::string bytes_text(int64_t bytes);

/// A share 0..1 -> "79.50 %".
std::string percent_text(double share);

/// A metric's value on the axis of a chart: accuracy in percent, others as they are.
double chart_value(MetricKind metric, double value);

/// A value in a column of values of `usual`: with its metric's name where that is another.
std::string named_metric_text(MetricKind metric, double value, MetricKind usual, bool unit = true);

/// What such an axis says: "accuracy, %", "mean absolute error".
std::string chart_axis(MetricKind metric, const std::string& where = "");

/// Seconds -> "12.3 s", "4 min 05 s" or "2 h 03 min".
std::string seconds_text(double seconds);

}  // namespace thaw

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

XyPoint point_of(const FreezingCurve& curve, size_t step) {
  const CurvePoint& p = curve.points[step];
  return {
      kib(p.ram_bytes), chart_value(p.metric, p.value),
      fmt::format("step {}: {}\n{}, {}{}\n{}", step, clipped(p.frozen, 100), metric_text(p.metric, p.value),
                  bytes_text(p.ram_bytes), p.holds ? "" : ", below the threshold",
                  clipped(schedule_words(p.schedule.update, 12), 260)),
      ""};
}

/// On the axis; points below the best value, or percent above the smallest error.
double threshold_of(const FreezingCurve& curve, MetricKind metric) {
  const double best = chart_value(metric, curve.reference);
  if (metric == MetricKind::accuracy) return best - curve.threshold_points;
  return is_share(metric) ? best - curve.threshold_points / 100.0
                          : best * (1.0 + curve.threshold_points / 100.0);
}

std::string chosen_words(const FreezingCurve& curve) {
  if (!curve.chosen) return "the answer is not on this curve";
  const CurvePoint& chosen = curve.points[*curve.chosen];
  return fmt::format("chosen: {:.1f} KiB at {}", kib(chosen.ram_bytes),
                     metric_text(chosen.metric, chosen.value));
}

}  // namespace

XyChart freezing_curve_chart(const FreezingCurve& curve) {
  XyChart chart;
  chart.name = "freezing-curve";
  chart.title = "Freezing curve";
  const MetricKind metric = curve.points.front().metric;
  const double threshold = threshold_of(curve, metric);
  chart.description = fmt::format(
      "{} steps of freezing from {:.1f} KiB at {} to {:.1f} KiB at {}; {}. Threshold {}", curve.points.size(),
      kib(curve.points.front().ram_bytes), metric_text(metric, curve.points.front().value),
      kib(curve.points.back().ram_bytes), metric_text(metric, curve.points.back().value), chosen_words(curve),
      metric == MetricKind::accuracy ? fmt::format("{:.2f} %", threshold) : metric_text(metric, threshold));

  double low_x = kib(curve.points.front().ram_bytes), high_x = low_x, low_y = threshold, high_y = threshold;
  low_y = std::min(low_y, chart_value(metric, curve.reference));
  high_y = std::max(high_y, chart_value(metric, curve.reference));
  for (const CurvePoint& p : curve.points) {
    low_x = std::min(low_x, kib(p.ram_bytes));
    high_x = std::max(high_x, kib(p.ram_bytes));
    if (!std::isfinite(p.value)) continue;  // it diverged
    low_y = std::min(low_y, chart_value(p.metric, p.value));
    high_y = std::max(high_y, chart_value(p.metric, p.value));
  }
  chart.x = round_axis(low_x, high_x, "RAM, KiB");
  chart.y = round_axis(low_y, high_y, chart_axis(metric, " on validation"));

  XySeries path{"", "blue", Shape::none, 0, Line::solid, false, {}};
  XySeries holds{"holds the threshold", "blue", Shape::circle, 5, Line::none, false, {}};
  XySeries below{"below the threshold", "red", Shape::triangle, 6, Line::none, false, {}};
  for (size_t i = 0; i < curve.points.size(); ++i) {
    XyPoint point = point_of(curve, i);
    point.y = std::min(point.y, chart.y.high);
    path.points.push_back({point.x, point.y, "", ""});
    if (i + 1 == curve.points.size()) point.label = i == curve.chosen ? "" : "stop";
    (curve.points[i].holds ? holds : below).points.push_back(std::move(point));
  }
  XySeries limit{fmt::format("threshold: {:.2f} {} the best", curve.threshold_points,
                             is_share(metric) ? "points below" : "percent above"),
                 "red",
                 Shape::none,
                 0,
                 Line::dashed,
                 false,
                 {{chart.x.low, threshold, "", ""}, {chart.x.high, threshold, "", ""}}};
  chart.series = {std::move(limit), std::move(path), std::move(holds), std::move(below)};
  if (curve.chosen) {
    XySeries answer{"chosen", "ink", Shape::ring, 10, Line::none, false, {point_of(curve, *curve.chosen)}};
    answer.points[0].label = "chosen";
    chart.series.push_back(std::move(answer));
  }
  return chart;
}

}  // namespace thaw

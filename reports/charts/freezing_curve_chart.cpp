#include <fmt/format.h>

#include <algorithm>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

XyPoint point_of(const FreezingCurve& curve, size_t step) {
  const CurvePoint& p = curve.points[step];
  return {kib(p.ram_bytes), 100.0 * p.accuracy,
          fmt::format("step {}: {}\n{}, {}{}\n{}", step, clipped(p.frozen, 100), percent_text(p.accuracy),
                      bytes_text(p.ram_bytes), p.holds ? "" : ", below the threshold",
                      clipped(schedule_words(p.schedule.update, 12), 260)),
          ""};
}

std::string chosen_words(const FreezingCurve& curve) {
  if (!curve.chosen) return "the answer is not on this curve";
  const CurvePoint& chosen = curve.points[*curve.chosen];
  return fmt::format("chosen: {:.1f} KiB at {}", kib(chosen.ram_bytes), percent_text(chosen.accuracy));
}

}  // namespace

XyChart freezing_curve_chart(const FreezingCurve& curve) {
  XyChart chart;
  chart.name = "freezing-curve";
  chart.title = "Freezing curve";
  const double threshold = 100.0 * curve.reference_accuracy - curve.threshold_points;
  chart.description =
      fmt::format("{} steps of freezing from {:.1f} KiB at {} to {:.1f} KiB at {}; {}. Threshold {:.2f} %",
                  curve.points.size(), kib(curve.points.front().ram_bytes),
                  percent_text(curve.points.front().accuracy), kib(curve.points.back().ram_bytes),
                  percent_text(curve.points.back().accuracy), chosen_words(curve), threshold);

  double low_x = kib(curve.points.front().ram_bytes), high_x = low_x, low_y = threshold,
         high_y = 100.0 * curve.reference_accuracy;
  for (const CurvePoint& p : curve.points) {
    low_x = std::min(low_x, kib(p.ram_bytes));
    high_x = std::max(high_x, kib(p.ram_bytes));
    low_y = std::min(low_y, 100.0 * p.accuracy);
    high_y = std::max(high_y, 100.0 * p.accuracy);
  }
  chart.x = round_axis(low_x, high_x, "RAM, KiB");
  chart.y = round_axis(low_y, high_y, "accuracy on validation, %");

  XySeries path{"", "blue", Shape::none, 0, Line::solid, false, {}};
  XySeries holds{"holds the threshold", "blue", Shape::circle, 5, Line::none, false, {}};
  XySeries below{"below the threshold", "red", Shape::triangle, 6, Line::none, false, {}};
  for (size_t i = 0; i < curve.points.size(); ++i) {
    XyPoint point = point_of(curve, i);
    path.points.push_back({point.x, point.y, "", ""});
    if (i + 1 == curve.points.size()) point.label = i == curve.chosen ? "" : "stop";
    (curve.points[i].holds ? holds : below).points.push_back(std::move(point));
  }
  XySeries limit{fmt::format("threshold: {:.2f} points below the best", curve.threshold_points),
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

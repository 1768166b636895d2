#include <fmt/format.h>

#include <algorithm>

#include "reports/number_text.h"
#include "reports/run_charts.h"

namespace thaw {
namespace {

double kib(int64_t bytes) {
  return static_cast<double>(bytes) / 1024.0;
}

}  // namespace

Chart freezing_curve_chart(const FreezingCurve& curve) {
  Chart chart;
  chart.name = "freezing-curve";
  chart.title = "Freezing curve";
  const CurvePoint& chosen = curve.points[curve.chosen];
  const double threshold = 100.0 * curve.reference_accuracy - curve.threshold_points;
  chart.description = fmt::format(
      "{} steps of freezing from {:.1f} KiB at {} to {:.1f} KiB at {}; chosen: {:.1f} KiB at {}. Threshold "
      "{:.2f} %",
      curve.points.size(), kib(curve.points.front().ram_bytes), percent_text(curve.points.front().accuracy),
      kib(curve.points.back().ram_bytes), percent_text(curve.points.back().accuracy), kib(chosen.ram_bytes),
      percent_text(chosen.accuracy), threshold);

  double low_x = kib(chosen.ram_bytes), high_x = low_x, low_y = threshold,
         high_y = 100.0 * curve.reference_accuracy;
  for (const CurvePoint& p : curve.points) {
    low_x = std::min(low_x, kib(p.ram_bytes));
    high_x = std::max(high_x, kib(p.ram_bytes));
    low_y = std::min(low_y, 100.0 * p.accuracy);
    high_y = std::max(high_y, 100.0 * p.accuracy);
  }
  PlotArea area;
  area.x = round_axis(low_x, high_x, "RAM, KiB");
  area.y = round_axis(low_y, high_y, "accuracy on validation, %");
  chart.body = axes_svg(area);
  const double threshold_y = area.at_y(threshold);
  chart.body +=
      fmt::format("<path class=\"dash\" d=\"M{:.1f} {:.1f}h{:.1f}\"/>", area.left, threshold_y, area.width);
  chart.body +=
      text_svg(area.left + area.width - 4, threshold_y - 6,
               fmt::format("threshold: {:.2f} points below the best", curve.threshold_points), "end");
  std::string path, marks;
  for (size_t i = 0; i < curve.points.size() && marks.size() < kMostMarkBytes; ++i) {
    const CurvePoint& p = curve.points[i];
    const double x = area.at_x(kib(p.ram_bytes)), y = area.at_y(100.0 * p.accuracy);
    path += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x, y);
    const std::string title =
        fmt::format("{}: {}\n{}, {}{}\n{}", i, p.frozen, percent_text(p.accuracy), bytes_text(p.ram_bytes),
                    p.holds ? "" : ", below the threshold", schedule_words(p.update, 12));
    marks += p.holds ? circle_svg(x, y, 5, "full", title) : triangle_svg(x, y, 6, "failed", title);
    if (i == curve.chosen) {
      marks += fmt::format("<circle class=\"chosen\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"10\"/>", x, y);
      const bool at_left = x < area.left + 0.5 * area.width;
      marks += text_svg(x + (at_left ? 14 : -14), y - 12, "chosen", at_left ? "start" : "end");
    }
    if (i + 1 == curve.points.size() && !p.holds) {
      const bool at_left = x < area.left + 0.5 * area.width;
      marks += text_svg(x + (at_left ? 12 : -12), y + 5, "stop", at_left ? "start" : "end");
    }
  }
  chart.body += fmt::format("<path class=\"line\" d=\"{}\"/>{}", path, marks);
  return chart;
}

}  // namespace thaw

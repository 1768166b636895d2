#include <fmt/format.h>

#include <algorithm>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

constexpr double kRow = 22, kTop = 34, kNames = 160, kWidth = 330;
constexpr size_t kMostRows = 60;

struct Row {
  std::string name;
  double value = 0.0, low = 0.0, high = 1.0;
  int64_t ram_bytes = 0;
  bool chosen = false, fits = true;
};

std::vector<Row> rows_of(const Comparison& comparison) {
  std::vector<Row> rows;
  for (const ComparedSchedule& r : comparison.rows)
    rows.push_back(
        {r.name, r.value, r.low, r.high, r.ram_bytes, rows.empty(), r.outcome == TrialOutcome::ok});
  if (const auto& shipped = comparison.as_it_is)
    rows.push_back(
        {"as it is", shipped->value, shipped->low, shipped->high, shipped->ram_bytes, false, true});
  rows.resize(std::min(rows.size(), kMostRows));
  return rows;
}

/// From 0, so that no difference looks larger than it is: to 1, or to the largest error.
struct Scale {
  MetricKind metric = MetricKind::accuracy;
  double most = 1.0;

  double at(double value) const { return kNames + kWidth * std::clamp(value / most, 0.0, 1.0); }

  std::string mark_text(int fifths) const {
    if (metric == MetricKind::accuracy) return fmt::format("{}{}", 20 * fifths, fifths == 5 ? " %" : "");
    return fmt::format("{:.3g}", most * fifths / 5);
  }

  std::string svg(double bottom) const {
    std::string text;
    for (int fifths = 0; fifths <= 5; ++fifths) {
      const double x = at(most * fifths / 5);
      text += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>", x, kTop - 8, bottom);
      text += text_svg(x, kTop - 14, mark_text(fifths), "middle", "soft");
    }
    return text;
  }
};

Scale scale_of(const Comparison& comparison, const std::vector<Row>& rows) {
  Scale scale{comparison.rows.front().metric, 1.0};
  if (is_share(scale.metric)) return scale;
  scale.most = 0.0;
  for (const Row& row : rows) scale.most = std::max(scale.most, row.high);
  if (scale.most <= 0.0) scale.most = 1.0;
  return scale;
}

}  // namespace

Chart comparison_chart(const Comparison& comparison) {
  const std::vector<Row> rows = rows_of(comparison);
  Chart chart;
  chart.name = "comparison";
  const Scale scale = scale_of(comparison, rows);
  chart.title = scale.metric == MetricKind::accuracy
                    ? "Accuracy on test with 95 % intervals, and RAM"
                    : fmt::format("On test with 95 % intervals: {}, and RAM", metric_name(scale.metric));
  chart.height = kTop + kRow * static_cast<double>(rows.size()) + 8;
  chart.body = scale.svg(chart.height - 6);
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const double y = kTop + kRow * static_cast<double>(i) + 8;
    const std::string colour = row.chosen ? "blue" : row.fits ? "ink" : "orange";
    const std::string words = fmt::format(
        "{}: {}, 95 % interval {} to {}, {}{}", clipped(row.name, 60), metric_text(scale.metric, row.value),
        metric_text(scale.metric, row.low), metric_text(scale.metric, row.high), bytes_text(row.ram_bytes),
        row.fits ? "" : "; does not fit");
    chart.body += text_svg(kNames - 10, y + 4, clipped(row.name, 26), "end", row.fits ? "" : "soft");
    chart.body += fmt::format("<path class=\"line {}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", colour,
                              scale.at(row.low), y, scale.at(row.high));
    chart.body += row.fits
                      ? circle_svg(scale.at(row.value), y, row.chosen ? 5.5 : 4.5, "fill " + colour, words)
                      : triangle_svg(scale.at(row.value), y, 4.5, "open " + colour, words);
    chart.body += text_svg(kNames + kWidth + 16, y + 4,
                           fmt::format("{}  {} KiB{}", metric_text(scale.metric, row.value),
                                       kib_text(row.ram_bytes), row.fits ? "" : ", too large"));
  }
  chart.description = fmt::format(
      "{} schedules on the {} test samples; the first is the answer, triangles do not fit the board",
      rows.size(), grouped_text(comparison.samples));
  return chart;
}

}  // namespace thaw

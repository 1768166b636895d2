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
  double accuracy = 0.0, low = 0.0, high = 1.0;
  int64_t ram_bytes = 0;
  bool chosen = false, fits = true;
};

std::vector<Row> rows_of(const Comparison& comparison) {
  std::vector<Row> rows;
  for (const ComparedSchedule& r : comparison.rows)
    rows.push_back(
        {r.name, r.accuracy, r.low, r.high, r.ram_bytes, rows.empty(), r.outcome == TrialOutcome::ok});
  if (const auto& shipped = comparison.as_it_is)
    rows.push_back(
        {"as it is", shipped->accuracy, shipped->low, shipped->high, shipped->ram_bytes, false, true});
  rows.resize(std::min(rows.size(), kMostRows));
  return rows;
}

/// The whole scale, so that no difference looks larger than it is.
double at(double share) {
  return kNames + kWidth * share;
}

std::string scale_svg(double bottom) {
  std::string text;
  for (int percent = 0; percent <= 100; percent += 20) {
    const double x = at(percent / 100.0);
    text += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>", x, kTop - 8, bottom);
    text +=
        text_svg(x, kTop - 14, fmt::format("{}{}", percent, percent == 100 ? " %" : ""), "middle", "soft");
  }
  return text;
}

}  // namespace

Chart comparison_chart(const Comparison& comparison) {
  const std::vector<Row> rows = rows_of(comparison);
  Chart chart;
  chart.name = "comparison";
  chart.title = "Accuracy on test with 95 % intervals, and RAM";
  chart.height = kTop + kRow * static_cast<double>(rows.size()) + 8;
  chart.body = scale_svg(chart.height - 6);
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const double y = kTop + kRow * static_cast<double>(i) + 8;
    const std::string colour = row.chosen ? "blue" : row.fits ? "ink" : "orange";
    const std::string words =
        fmt::format("{}: {}, 95 % interval {} to {}, {}{}", clipped(row.name, 60), percent_text(row.accuracy),
                    percent_text(row.low), percent_text(row.high), bytes_text(row.ram_bytes),
                    row.fits ? "" : "; does not fit");
    chart.body += text_svg(kNames - 10, y + 4, clipped(row.name, 26), "end", row.fits ? "" : "soft");
    chart.body += fmt::format("<path class=\"line {}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", colour, at(row.low), y,
                              at(row.high));
    chart.body += row.fits ? circle_svg(at(row.accuracy), y, row.chosen ? 5.5 : 4.5, "fill " + colour, words)
                           : triangle_svg(at(row.accuracy), y, 4.5, "open " + colour, words);
    chart.body += text_svg(kNames + kWidth + 16, y + 4,
                           fmt::format("{}  {} KiB{}", percent_text(row.accuracy), kib_text(row.ram_bytes),
                                       row.fits ? "" : ", too large"));
  }
  chart.description = fmt::format(
      "{} schedules on the {} test samples; the first is the answer, triangles do not fit the board",
      rows.size(), grouped_text(comparison.samples));
  return chart;
}

}  // namespace thaw

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

constexpr const char* kColours[] = {"blue", "orange", "green", "pink", "sky", "red"};

std::string describe(const Run& run, const Measured& m) {
  return fmt::format("{}: {} on validation, {}\n{}", clipped(run.name, 60), percent_text(m.accuracy),
                     bytes_text(m.ram_bytes), clipped(schedule_words(m.schedule.update, 8), 260));
}

/// What each run found worth having at which RAM, from least to most.
XySeries front_of(const Run& run, const std::string& colour) {
  XySeries series{clipped(run.name, 40), colour, Shape::circle, 4.5, Line::solid, true, {}};
  for (const TrialEntry& t : run.trials)
    if (on_front(run, t.trial))
      series.points.push_back({kib(t.ram_bytes), 100.0 * t.accuracy, describe(run, t), ""});
  std::stable_sort(series.points.begin(), series.points.end(),
                   [](const XyPoint& a, const XyPoint& b) { return a.x < b.x; });
  return series;
}

}  // namespace

std::optional<XyChart> runs_chart(const std::vector<Run>& runs) {
  XyChart chart;
  chart.name = "runs";
  chart.title = "Pareto fronts of the runs, on validation";
  for (const Run& run : runs) {
    XySeries series = front_of(run, kColours[chart.series.size() % std::size(kColours)]);
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  }
  if (chart.series.size() < 2) return std::nullopt;
  double most = 0.0;
  for (const XySeries& series : chart.series) most = std::max(most, series.points.back().x);
  chart.x = round_axis(0.0, most, "RAM, KiB");
  chart.y = round_axis(0.0, 100.0, "accuracy on validation, %");
  chart.description =
      fmt::format("{} runs, a colour each: the best accuracy seen within so many bytes", chart.series.size());
  return chart;
}

}  // namespace thaw

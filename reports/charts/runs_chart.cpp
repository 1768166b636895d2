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
  return fmt::format("{}: {} on validation, {}\n{}", clipped(run.name, 60), metric_text(m.metric, m.value),
                     bytes_text(m.ram_bytes), clipped(schedule_words(m.schedule.update, 8), 260));
}

/// What each run found worth having at which RAM, from least to most.
XySeries front_of(const Run& run, const std::string& colour) {
  XySeries series{clipped(run.name, 40), colour, Shape::circle, 4.5, Line::solid, true, {}};
  for (const TrialEntry& t : run.trials)
    if (on_front(run, t.trial))
      series.points.push_back({kib(t.ram_bytes), chart_value(t.metric, t.value), describe(run, t), ""});
  std::stable_sort(series.points.begin(), series.points.end(),
                   [](const XyPoint& a, const XyPoint& b) { return a.x < b.x; });
  return series;
}

/// The end of the axis: the whole of a share, else the largest error.
double highest(const std::vector<XySeries>& fronts, MetricKind metric) {
  if (is_share(metric)) return chart_value(metric, 1.0);
  double most = 0.0;
  for (const XySeries& front : fronts)
    for (const XyPoint& point : front.points) most = std::max(most, point.y);
  return most;
}

}  // namespace

std::optional<XyChart> runs_chart(const std::vector<Run>& runs) {
  XyChart chart;
  chart.name = "runs";
  chart.title = "Pareto fronts of the runs, on validation";
  const MetricKind metric = metric_of(runs.front());
  for (const Run& run : runs) {
    if (metric_of(run) != metric) continue;  // another axis
    XySeries series = front_of(run, kColours[chart.series.size() % std::size(kColours)]);
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  }
  if (chart.series.size() < 2) return std::nullopt;
  double most = 0.0;
  for (const XySeries& series : chart.series) most = std::max(most, series.points.back().x);
  chart.x = round_axis(0.0, most, "RAM, KiB");
  chart.y = round_axis(0.0, highest(chart.series, metric), chart_axis(metric, " on validation"));
  chart.description = fmt::format("{} runs, a colour each: the best {} seen within so many bytes",
                                  chart.series.size(), metric_name(metric));
  return chart;
}

}  // namespace thaw

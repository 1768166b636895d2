#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

constexpr size_t kMostTrials = 4000;  // drawn; enough for the eye, and the page stays small

std::string describe(const TrialEntry& t) {
  return fmt::format("trial {}: {}\n{} ({} fidelity, {}), {}{}\n{}", t.trial, clipped(t.request.role, 80),
                     metric_text(t.metric, t.value), clipped(t.request.fidelity.name, 20),
                     measured_on_name(t.request.measured_on), bytes_text(t.ram_bytes),
                     t.outcome == TrialOutcome::ok ? "" : std::string(", ") + outcome_name(t.outcome),
                     clipped(schedule_words(t.schedule.update, 8), 260));
}

/// Kinds of trials; cheap looks first, so that thorough ones lie above them.
enum Kind { kLook, kFull, kTest, kOver, kDiverged };

Kind kind_of(const TrialEntry& t) {
  if (t.outcome == TrialOutcome::diverged) return kDiverged;
  if (t.outcome == TrialOutcome::over_budget) return kOver;
  if (t.request.measured_on == MeasuredOn::test) return kTest;
  return t.request.fidelity.full() ? kFull : kLook;
}

/// Whether a trial has a value on the chart's axis: neither one that diverged has, nor one on test that is
/// judged by another metric.
bool has_place(const TrialEntry& t, MetricKind metric) {
  return kind_of(t) != kDiverged && t.metric == metric;
}

/// The round ranges of all trials; those that diverged have bytes but no accuracy.
void fit_axes(const Run& run, XyChart& chart) {
  const MetricKind metric = metric_of(run);
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double low_x = kib(run.trials[0].ram_bytes), high_x = low_x, low_y = kNone, high_y = -kNone;
  for (const TrialEntry& t : run.trials) {
    low_x = std::min(low_x, kib(t.ram_bytes));
    high_x = std::max(high_x, kib(t.ram_bytes));
    if (!has_place(t, metric)) continue;
    low_y = std::min(low_y, chart_value(t.metric, t.value));
    high_y = std::max(high_y, chart_value(t.metric, t.value));
  }
  if (low_y > high_y) low_y = 0.0, high_y = chart_value(metric, 1.0);
  chart.x = round_axis(low_x, high_x, "RAM, KiB");
  chart.y = round_axis(std::max(0.0, low_y - 0.04 * (high_y - low_y)), high_y, chart_axis(metric));
}

/// From least to most RAM.
XySeries front_of(const Run& run) {
  XySeries front{"Pareto front", "green", Shape::none, 0, Line::solid, true, {}};
  for (const TrialEntry& t : run.trials)
    if (on_front(run, t.trial))
      front.points.push_back({kib(t.ram_bytes), chart_value(t.metric, t.value), "", ""});
  std::stable_sort(front.points.begin(), front.points.end(),
                   [](const XyPoint& a, const XyPoint& b) { return a.x < b.x; });
  return front;
}

}  // namespace

XyChart pareto_chart(const Run& run) {
  XyChart chart;
  chart.name = "pareto";
  chart.title = fmt::format("Every trial: {} against RAM", metric_name(metric_of(run)));
  fit_axes(run, chart);
  std::vector<XySeries> kinds = {{"look", "soft", Shape::ring, 3.5, Line::none, false, {}},
                                 {"full", "blue", Shape::circle, 4.5, Line::none, false, {}},
                                 {"test split", "pink", Shape::diamond, 6, Line::none, false, {}},
                                 {"over budget", "orange", Shape::triangle, 5, Line::none, false, {}},
                                 {"diverged", "red", Shape::cross, 4, Line::none, false, {}}};
  size_t looks_left = kMostTrials, drawn = 0;
  for (const TrialEntry& t : run.trials)
    if (kind_of(t) != kLook && looks_left > 0) --looks_left;
  for (const TrialEntry& t : run.trials) {
    const Kind kind = kind_of(t);
    if (kind != kDiverged && !has_place(t, metric_of(run))) continue;
    if (drawn == kMostTrials || (kind == kLook && looks_left == 0)) continue;
    if (kind == kLook) --looks_left;
    ++drawn;
    kinds[kind].points.push_back({kib(t.ram_bytes),
                                  kind == kDiverged ? chart.y.low : chart_value(t.metric, t.value),
                                  describe(t), ""});
  }
  XySeries front = front_of(run);
  chart.description =
      fmt::format("{} trials, {} of them on the Pareto front; diverged ones lie on the lower edge",
                  run.trials.size(), front.points.size());
  if (drawn < run.trials.size())
    chart.description += fmt::format("; {} are left out here, trials.csv has all", run.trials.size() - drawn);
  chart.series.push_back(std::move(front));
  for (XySeries& kind : kinds)
    if (!kind.points.empty()) chart.series.push_back(std::move(kind));
  return chart;
}

}  // namespace thaw

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/run_charts.h"

namespace thaw {
namespace {

double kib(int64_t bytes) {
  return static_cast<double>(bytes) / 1024.0;
}

std::string describe(const TrialEntry& t) {
  return fmt::format("trial {}: {}\n{} ({} fidelity, {}), {}{}\n{}", t.trial, clipped(t.role, 80),
                     percent_text(t.accuracy), clipped(t.fidelity, 20), clipped(t.measured_on, 20),
                     bytes_text(t.ram_bytes), t.outcome == "ok" ? "" : ", " + clipped(t.outcome, 20),
                     clipped(schedule_words(t.update, 8), 260));
}

std::string mark_of(const TrialEntry& t, const PlotArea& area) {
  const double x = area.at_x(kib(t.ram_bytes));
  if (t.outcome == "diverged") return cross_svg(x, area.top + area.height - 6, 4, "failed", describe(t));
  const double y = area.at_y(100.0 * t.accuracy);
  if (t.outcome == "over_budget") return triangle_svg(x, y, 5, "over", describe(t));
  if (t.measured_on == "test") return diamond_svg(x, y, 6, "test", describe(t));
  return circle_svg(x, y, t.fidelity == "full" ? 4.5 : 3.5, t.fidelity == "full" ? "full" : "look",
                    describe(t));
}

std::string legend(const PlotArea& area) {
  const double y = area.top + area.height + 34;
  return circle_svg(area.left + 6, y - 4, 4.5, "full", "") + text_svg(area.left + 16, y, "full") +
         circle_svg(area.left + 56, y - 4, 3.5, "look", "") + text_svg(area.left + 66, y, "look") +
         diamond_svg(area.left + 110, y - 4, 6, "test", "") + text_svg(area.left + 121, y, "test split") +
         triangle_svg(area.left + 196, y - 5, 5, "over", "") + text_svg(area.left + 206, y, "over budget") +
         cross_svg(area.left + 296, y - 4, 4, "failed", "") + text_svg(area.left + 306, y, "diverged") +
         fmt::format("<path class=\"front\" d=\"M{:.1f} {:.1f}h22\"/>", area.left + 370, y - 4) +
         text_svg(area.left + 398, y, "Pareto front");
}

}  // namespace

Chart pareto_chart(const Run& run) {
  Chart chart;
  chart.name = "pareto";
  chart.title = "Every trial: accuracy against RAM";
  bool any = false;
  double low_x = 0, high_x = 0, low_y = 0, high_y = 0;
  for (const TrialEntry& t : run.trials) {
    const double x = kib(t.ram_bytes), y = 100.0 * t.accuracy;
    if (!any) low_x = high_x = x;
    low_x = std::min(low_x, x);
    high_x = std::max(high_x, x);
    if (t.outcome == "diverged") {
      if (!any) low_y = high_y = -1.0;  // a trial with a place will replace it
    } else if (!any || low_y < 0.0) {
      low_y = high_y = y;
    } else {
      low_y = std::min(low_y, y);
      high_y = std::max(high_y, y);
    }
    any = true;
  }
  PlotArea area;
  area.x = round_axis(low_x, high_x, "RAM, KiB");
  area.y = round_axis(std::max(0.0, low_y - 0.04 * (high_y - low_y)), std::max(0.0, high_y), "accuracy, %");
  chart.body = axes_svg(area) + legend(area);

  // Cheap looks first, so that thorough ones lie above them.
  std::vector<const TrialEntry*> order;
  for (const TrialEntry& t : run.trials) order.push_back(&t);
  std::stable_partition(order.begin(), order.end(),
                        [](const TrialEntry* t) { return t->fidelity != "full"; });
  std::string marks, front;
  size_t drawn = 0;
  for (const TrialEntry* t : order) {
    if (marks.size() > kMostMarkBytes) break;
    marks += mark_of(*t, area);
    ++drawn;
  }
  std::vector<const TrialEntry*> best;
  for (int64_t number : run.pareto_trials)
    for (const TrialEntry& t : run.trials)
      if (t.trial == number) best.push_back(&t);
  std::stable_sort(best.begin(), best.end(),
                   [](const TrialEntry* a, const TrialEntry* b) { return a->ram_bytes < b->ram_bytes; });
  for (const TrialEntry* t : best) {
    const double x = area.at_x(kib(t->ram_bytes)), y = area.at_y(100.0 * t->accuracy);
    front += front.empty() ? fmt::format("M{:.1f} {:.1f}", x, y) : fmt::format("H{:.1f}V{:.1f}", x, y);
  }
  if (!front.empty()) chart.body += fmt::format("<path class=\"front\" d=\"{}\"/>", front);
  chart.body += marks;
  chart.description =
      fmt::format("{} trials, {} of them on the Pareto front", run.trials.size(), best.size());
  if (drawn < run.trials.size())
    chart.description += fmt::format("; {} are left out here, trials.csv has all", run.trials.size() - drawn);
  return chart;
}

}  // namespace thaw

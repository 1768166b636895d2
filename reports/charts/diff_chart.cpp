#include <fmt/format.h>

#include <map>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/schedule_diff.h"
#include "reports/schedule_words.h"

namespace thaw {

Chart diff_chart(const Schedule& before, const Schedule& after) {
  constexpr double kRow = 24, kTop = 44, kNames = 170, kColumn = 262;
  constexpr size_t kMostRows = 400;
  std::map<int64_t, std::pair<const LayerUpdate*, const LayerUpdate*>> rows;
  for (const LayerUpdate& layer : before.update) rows[layer.op].first = &layer;
  for (const LayerUpdate& layer : after.update) rows[layer.op].second = &layer;
  Chart chart;
  chart.name = "diff";
  chart.title = "Two schedules";
  const ScheduleDiff diff = diff_schedules(before, after);
  chart.description = fmt::format("{} layers, {} of them differ", rows.size(), diff.layers.size());
  chart.body = text_svg(kNames, 24, "before") + text_svg(kNames + kColumn + 10, 24, "after");
  size_t drawn = 0;
  for (const auto& [op, sides] : rows) {
    if (drawn == kMostRows) break;
    const double y = kTop + kRow * static_cast<double>(drawn++);
    const LayerUpdate* named = sides.first != nullptr ? sides.first : sides.second;
    bool changed = false;
    for (const LayerChange& change : diff.layers) changed = changed || change.op == op;
    chart.body += text_svg(kNames - 10, y + 14, fmt::format("{} ({})", clipped(named->layer, 20), op), "end");
    for (int side = 0; side < 2; ++side) {
      const LayerUpdate* layer = side == 0 ? sides.first : sides.second;
      const double x = kNames + side * (kColumn + 10);
      const char* css = layer == nullptr ? "hollow"
                        : !changed       ? "k-scratch"
                        : side == 0      ? "removed"
                                         : "added";
      chart.body +=
          fmt::format("<rect class=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" width=\"10\" height=\"18\"/>", css, x, y);
      chart.body += text_svg(x + 16, y + 14, layer == nullptr ? "frozen" : update_words(*layer), "start",
                             changed ? "" : "soft");
    }
  }
  chart.height = kTop + kRow * static_cast<double>(drawn) + 12;
  return chart;
}

}  // namespace thaw

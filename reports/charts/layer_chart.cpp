#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

constexpr double kRow = 22, kTop = 54, kNames = 250, kPanel = 215;
constexpr size_t kMostRows = 400;

}  // namespace

std::string lost_words(MetricKind metric) {
  if (metric == MetricKind::accuracy) return "accuracy lost, points";
  return std::string(metric_name(metric)) + (higher_is_better(metric) ? " lost" : " added");
}

Chart layer_chart(const std::vector<LayerEffect>& effects, MetricKind metric) {
  const size_t rows = std::min(effects.size(), kMostRows);
  Chart chart;
  chart.name = "layers";
  chart.title = "What freezing each layer's weights saves and costs";
  chart.height = kTop + kRow * static_cast<double>(rows) + 12;
  double most_bytes = 1.0, most_loss = 1e-6, most_gain = 0.0;
  for (size_t i = 0; i < rows; ++i) {
    if (effects[i].bytes_saved)
      most_bytes = std::max(most_bytes, std::abs(static_cast<double>(*effects[i].bytes_saved)));
    if (effects[i].lost) {
      most_loss = std::max(most_loss, *effects[i].lost);
      most_gain = std::max(most_gain, -*effects[i].lost);
    }
  }
  const double left = kNames, right = kNames + kPanel + 30;
  const double scale = (kPanel - 96) / (most_loss + most_gain),
               zero = right + most_gain * scale + (most_gain > 0 ? 46 : 0);
  chart.body = text_svg(left, 18, "RAM saved, KiB") + text_svg(right, 18, lost_words(metric));
  chart.body += text_svg(left, 36, "solid: these weights are updated in the chosen schedule, pale: frozen",
                         "start", "soft");
  chart.body += fmt::format("<path class=\"axis\" d=\"M{0:.1f} {2:.1f}V{3:.1f}M{1:.1f} {2:.1f}V{3:.1f}\"/>",
                            left, zero, kTop - 6, chart.height - 8);
  size_t updated = 0;
  for (size_t i = 0; i < rows; ++i) {
    const LayerEffect& e = effects[i];
    const double y = kTop + kRow * static_cast<double>(i);
    const std::string hollow = e.weights ? "" : " hollow";
    updated += e.weights ? 1U : 0U;
    const std::string name = clipped(e.layer, 18) + ": " + (e.update.empty() ? "frozen" : e.update);
    chart.body += text_svg(left - 8, y + 12, clipped(name, 36), "end", e.update.empty() ? "soft" : "");
    if (e.bytes_saved) {
      const double length = (kPanel - 52) * std::max(0.0, static_cast<double>(*e.bytes_saved)) / most_bytes;
      chart.body +=
          bar_svg(left, y, length, "bar" + hollow, e.layer + ": saves " + bytes_text(*e.bytes_saved));
      chart.body += text_svg(left + length + 5, y + 12,
                             fmt::format("{:.1f}", static_cast<double>(*e.bytes_saved) / 1024.0));
    } else {
      chart.body += text_svg(left + 5, y + 12, "not looked at", "start", "soft");
    }
    if (e.lost) {
      const double length = *e.lost * scale;
      chart.body += bar_svg(
          zero, y, length, "bar2" + hollow,
          fmt::format("{}: costs {}{} when frozen first", clipped(e.layer),
                      metric_text(metric, *e.lost, false), metric == MetricKind::accuracy ? " points" : ""));
      chart.body += text_svg(length < 0 ? zero + length - 4 : zero + length + 5, y + 12,
                             metric_text(metric, *e.lost, false), length < 0 ? "end" : "start");
    }
  }
  chart.description =
      fmt::format("{} layers; the chosen schedule updates the weights of {}", effects.size(), updated);
  return chart;
}

}  // namespace thaw

#include <fmt/format.h>

#include <algorithm>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"
#include "sim/base/interval.h"

namespace thaw {
namespace {

constexpr double kRow = 22, kTop = 54, kNames = 250, kPanel = 215, kLabel = 60;
constexpr size_t kMostRows = 400;

/// Largest ends of the intervals to both sides, nats.
struct Extent {
  double most = 1e-6, least = 0.0;
};

Extent extent_of(const std::vector<LayerContribution>& layers, size_t rows) {
  Extent extent;
  for (size_t i = 0; i < rows; ++i) {
    extent.most = std::max(extent.most, layers[i].whole().nats + kStandardErrors95 * layers[i].whole().error);
    extent.least =
        std::min(extent.least, layers[i].whole().nats - kStandardErrors95 * layers[i].whole().error);
  }
  return extent;
}

}  // namespace

Chart contribution_chart(const Run& run) {
  const std::vector<LayerContribution>& layers = run.contributions;
  const size_t rows = std::min(layers.size(), kMostRows);
  Chart chart;
  chart.name = "layers";
  chart.title = "What each layer's weights need and add";
  chart.height = kTop + kRow * static_cast<double>(rows) + 12;
  int64_t most_bytes = 1;
  for (size_t i = 0; i < rows; ++i) most_bytes = std::max(most_bytes, layers[i].ram_bytes);
  const Extent extent = extent_of(layers, rows);
  const double left = kNames, right = kNames + kPanel + 30;
  const double scale = (kPanel - kLabel) / (extent.most - extent.least), zero = right - extent.least * scale;
  chart.body =
      text_svg(left, 18, "RAM that its weights need, KiB") + text_svg(right, 18, "takes off the loss, nats");
  chart.body +=
      text_svg(left, 36, "solid: updated in the chosen schedule, pale: frozen; line: 95 %", "start", "soft");
  chart.body += fmt::format("<path class=\"axis\" d=\"M{0:.1f} {2:.1f}V{3:.1f}M{1:.1f} {2:.1f}V{3:.1f}\"/>",
                            left, zero, kTop - 6, chart.height - 8);
  size_t updated = 0;
  for (size_t i = 0; i < rows; ++i) {
    const LayerContribution& l = layers[i];
    const auto [nats, error] = l.whole();
    const bool is_updated = updates_weights_of(run.schedule, l.layer);
    const double y = kTop + kRow * static_cast<double>(i);
    const std::string hollow = is_updated ? "" : " hollow";
    updated += is_updated ? 1U : 0U;
    chart.body += text_svg(left - 8, y + 12, clipped(l.layer, 36), "end", is_updated ? "" : "soft");
    const double bytes = static_cast<double>(std::max<int64_t>(0, l.ram_bytes));
    const double length = (kPanel - kLabel) * bytes / static_cast<double>(most_bytes);
    chart.body +=
        bar_svg(left, y, length, "bar" + hollow, l.layer + ": " + bytes_text(l.ram_bytes) + "; " + l.verdict);
    chart.body += text_svg(left + length + 5, y + 12, fmt::format("{:.1f}", bytes / 1024.0));
    chart.body +=
        bar_svg(zero, y, nats * scale, "bar2" + hollow,
                fmt::format("{}: {:+.4f} nats +- {:.4f}", clipped(l.layer), nats, kStandardErrors95 * error));
    const double low = zero + (nats - kStandardErrors95 * error) * scale;
    const double high = zero + (nats + kStandardErrors95 * error) * scale;
    chart.body += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", low, y + 7, high);
    chart.body += text_svg(std::max(high, zero) + 5, y + 12, fmt::format("{:.3f}", nats));
  }
  chart.description =
      fmt::format("{} layers; the chosen schedule updates the weights of {}", layers.size(), updated);
  return chart;
}

}  // namespace thaw

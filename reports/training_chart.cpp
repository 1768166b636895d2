#include <fmt/format.h>

#include <algorithm>

#include "reports/number_text.h"
#include "reports/run_charts.h"

namespace thaw {
namespace {

constexpr size_t kMostSeeds = 24;
constexpr size_t kColours = 6;

}  // namespace

Chart training_chart(const std::vector<TrainingCurve>& curves) {
  Chart chart;
  chart.name = "training";
  chart.title = "Training";
  chart.description =
      fmt::format("Accuracy by epoch, {} seed{}: dashed on training samples, solid on test samples",
                  curves.size(), curves.size() == 1 ? "" : "s");
  double epochs = 1.0, low = 100.0, high = 0.0;
  for (const TrainingCurve& curve : curves)
    for (const EpochPoint& p : curve.epochs) {
      epochs = std::max(epochs, static_cast<double>(p.epoch));
      for (double share : {p.train_accuracy, p.test_accuracy.value_or(p.train_accuracy)}) {
        low = std::min(low, 100.0 * share);
        high = std::max(high, 100.0 * share);
      }
    }
  PlotArea area;
  area.x = round_axis(0, epochs, "epoch");
  area.y = round_axis(low, high, "accuracy, %");
  chart.body = axes_svg(area);
  for (size_t s = 0; s < std::min(curves.size(), kMostSeeds) && chart.body.size() < kMostMarkBytes; ++s) {
    std::string train, test, marks;
    const std::string colour = "s" + std::to_string(s % kColours);
    for (const EpochPoint& p : curves[s].epochs) {
      if (marks.size() > kMostMarkBytes / kMostSeeds) break;
      const double x = area.at_x(static_cast<double>(p.epoch));
      train +=
          fmt::format("{}{:.1f} {:.1f}", train.empty() ? "M" : "L", x, area.at_y(100.0 * p.train_accuracy));
      const std::string title = fmt::format(
          "seed {}, epoch {}\nloss {:.4f}, training {}{}", curves[s].seed, p.epoch, p.loss,
          percent_text(p.train_accuracy), p.test_accuracy ? ", test " + percent_text(*p.test_accuracy) : "");
      const double y = area.at_y(100.0 * p.test_accuracy.value_or(p.train_accuracy));
      if (p.test_accuracy) test += fmt::format("{}{:.1f} {:.1f}", test.empty() ? "M" : "L", x, y);
      marks += circle_svg(x, y, 4, "look", title);
    }
    chart.body += fmt::format("<path class=\"train {}\" d=\"{}\"/>", colour, train);
    if (!test.empty()) chart.body += fmt::format("<path class=\"held {}\" d=\"{}\"/>", colour, test);
    chart.body += marks;
  }
  return chart;
}

}  // namespace thaw

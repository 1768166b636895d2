#include <fmt/format.h>

#include <algorithm>

#include "reports/charts/run_charts.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

constexpr size_t kMostSeeds = 24;
constexpr const char* kColours[] = {"blue", "orange", "green", "pink", "red", "sky"};

/// A seed's line on the training samples, and its line on the test samples where they were looked at.
std::vector<XySeries> seed_series(const TrainingCurve& curve, const std::string& colour) {
  XySeries train{
      fmt::format("seed {}, training", curve.seed), colour, Shape::ring, 3.5, Line::dashed, false, {}};
  XySeries test{fmt::format("seed {}, test", curve.seed), colour, Shape::circle, 4, Line::solid, false, {}};
  for (const EpochReport& p : curve.epochs) {
    const auto epoch = static_cast<double>(p.epoch);
    const std::string text = fmt::format("seed {}, epoch {}\nloss {:.4f}, training {}{}", curve.seed, p.epoch,
                                         p.loss, percent_text(p.train_accuracy),
                                         p.test_accuracy ? ", test " + percent_text(*p.test_accuracy) : "");
    train.points.push_back({epoch, 100.0 * p.train_accuracy, text, ""});
    if (p.test_accuracy) test.points.push_back({epoch, 100.0 * *p.test_accuracy, text, ""});
  }
  if (test.points.empty()) return {std::move(train)};
  return {std::move(train), std::move(test)};
}

}  // namespace

XyChart training_chart(const std::vector<TrainingCurve>& curves) {
  XyChart chart;
  chart.name = "training";
  chart.title = "Training";
  chart.description =
      fmt::format("Accuracy by epoch, {} seed{}: dashed on training samples, solid on test samples",
                  curves.size(), curves.size() == 1 ? "" : "s");
  double epochs = 1.0, low = 100.0, high = 0.0;
  for (size_t s = 0; s < std::min(curves.size(), kMostSeeds); ++s)
    for (XySeries& series : seed_series(curves[s], kColours[s % std::size(kColours)])) {
      for (const XyPoint& p : series.points) {
        epochs = std::max(epochs, p.x);
        low = std::min(low, p.y);
        high = std::max(high, p.y);
      }
      if (s >= 3) series.name.clear();  // the legend has one row
      chart.series.push_back(std::move(series));
    }
  chart.x = round_axis(0, epochs, "epoch", static_cast<int>(std::min(epochs, 8.0)));
  chart.y = round_axis(low, high, "accuracy, %");
  return chart;
}

}  // namespace thaw

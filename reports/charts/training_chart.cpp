#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "reports/charts/run_charts.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

constexpr size_t kMostSeeds = 24;
constexpr const char* kColours[] = {"blue", "orange", "green", "pink", "red", "sky"};

std::string words_of(const EpochReport& p) {
  if (!p.train_accuracy)
    return fmt::format("mean squared error {:.4g}{}", p.loss,
                       p.test_loss ? fmt::format(", test {:.4g}", *p.test_loss) : "");
  return fmt::format("loss {:.4f}, training {}{}", p.loss, percent_text(*p.train_accuracy),
                     p.test_accuracy ? ", test " + percent_text(*p.test_accuracy) : "");
}

/// A seed's line on the training samples, and its line on the test samples where they were looked at.
std::vector<XySeries> seed_series(const TrainingCurve& curve, const std::string& colour) {
  XySeries train{
      fmt::format("seed {}, training", curve.seed), colour, Shape::ring, 3.5, Line::dashed, false, {}};
  XySeries test{fmt::format("seed {}, test", curve.seed), colour, Shape::circle, 4, Line::solid, false, {}};
  for (const EpochReport& p : curve.epochs) {
    const auto epoch = static_cast<double>(p.epoch);
    const std::string text = fmt::format("seed {}, epoch {}\n", curve.seed, p.epoch) + words_of(p);
    train.points.push_back({epoch, p.train_accuracy ? 100.0 * *p.train_accuracy : p.loss, text, ""});
    if (p.test_accuracy)
      test.points.push_back({epoch, 100.0 * *p.test_accuracy, text, ""});
    else if (p.test_loss)
      test.points.push_back({epoch, *p.test_loss, text, ""});
  }
  if (test.points.empty()) return {std::move(train)};
  return {std::move(train), std::move(test)};
}

}  // namespace

bool shows_accuracy(const std::vector<TrainingCurve>& curves) {
  return std::ranges::any_of(curves, [](const TrainingCurve& curve) {
    return !curve.epochs.empty() && curve.epochs.front().train_accuracy.has_value();
  });
}

XyChart training_chart(const std::vector<TrainingCurve>& curves) {
  const bool classifies = shows_accuracy(curves);
  XyChart chart;
  chart.name = "training";
  chart.title = "Training";
  chart.description = fmt::format("{} by epoch, {} seed{}: dashed on training samples, solid on test samples",
                                  classifies ? "Accuracy" : "Mean squared error", curves.size(),
                                  curves.size() == 1 ? "" : "s");
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double epochs = 1.0, low = kNone, high = -kNone;
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
  chart.y = round_axis(low, high, classifies ? "accuracy, %" : "mean squared error");
  return chart;
}

}  // namespace thaw

#include "sim/train/output_metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>
#include <sstream>

#include "sim/base/interval.h"

namespace thaw {
namespace {

constexpr double kQ16 = 65536.0;

/// Which test samples are of classes that no training sample has.
std::vector<bool> anomalies(const TrainingData& data) {
  std::set<int32_t> normal;
  for (size_t place = 0; place < data.train.count(); ++place) normal.insert(data.train.label(place));
  std::vector<bool> result;
  for (size_t place = 0; place < data.test.count(); ++place)
    result.push_back(!normal.contains(data.test.label(place)));
  return result;
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

}  // namespace

Metric mean_metric(const std::string& name, std::span<const double> values) {
  assert(!values.empty());
  const auto count = static_cast<double>(values.size());
  double sum = 0.0, squares = 0.0;
  for (double value : values) sum += value;
  const double mean = sum / count;
  for (double value : values) squares += (value - mean) * (value - mean);
  const double error = values.size() > 1 ? std::sqrt(squares / (count - 1) / count) : 0.0;
  return {name, false, mean, mean - kStandardErrors95 * error, mean + kStandardErrors95 * error};
}

Metric area_under_curve(std::span<const double> scores, const std::vector<bool>& anomalous) {
  std::vector<double> normal;
  for (size_t i = 0; i < scores.size(); ++i)
    if (!anomalous[i]) normal.push_back(scores[i]);
  std::sort(normal.begin(), normal.end());
  const auto normal_count = static_cast<double>(normal.size());
  const double anomaly_count = static_cast<double>(scores.size()) - normal_count;
  assert(normal_count > 0 && anomaly_count > 0);
  double wins = 0.0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!anomalous[i]) continue;
    const auto [low, high] = std::equal_range(normal.begin(), normal.end(), scores[i]);
    wins += static_cast<double>(low - normal.begin()) + static_cast<double>(high - low) / 2;
  }
  const double area = wins / (normal_count * anomaly_count);
  const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
  const double variance = (area * (1 - area) + (anomaly_count - 1) * (q1 - area * area) +
                           (normal_count - 1) * (q2 - area * area)) /
                          (normal_count * anomaly_count);
  const double margin = kStandardErrors95 * std::sqrt(std::max(variance, 0.0));
  return {"area under the curve", true, area, std::max(area - margin, 0.0), std::min(area + margin, 1.0)};
}

double quantile(std::vector<double> values, double share) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<size_t>(std::clamp(rank - 1, 0.0, static_cast<double>(values.size()) - 1))];
}

OutputMetrics output_metrics(Executor& executor, const Network& network, const TrainingData& data) {
  const auto scale =
      static_cast<double>(network.graph.tensor(network.classifier.feature_tensor).quantization.scale());
  OutputMetrics result;
  if (network.task == Task::reconstruct)
    result.threshold =
        std::llround(quantile(judge(executor, network, data.train).losses, kThresholdQuantile) * kQ16);
  if (data.test.cache == nullptr) return result;
  const Judgement judged = judge(executor, network, data.test);
  const std::vector<double> squared = scaled(judged.losses, scale * scale);
  if (network.task == Task::regress) {
    result.scores = scaled(judged.absolute_errors, scale);
    result.test.push_back(mean_metric("mean absolute error", result.scores));
  } else {
    result.scores = squared;
    const std::vector<bool> anomalous = anomalies(data);
    const auto count = std::ranges::count(anomalous, true);
    if (count > 0 && count < std::ssize(anomalous))
      result.test.push_back(area_under_curve(result.scores, anomalous));
  }
  result.test.push_back(mean_metric("mean squared error", squared));
  return result;
}

std::string scores_text(const OutputMetrics& metrics, const std::vector<int32_t>& labels) {
  std::ostringstream text;
  text.precision(9);
  text << "sample,label,score\n";
  for (size_t i = 0; i < metrics.scores.size(); ++i)
    text << i << ',' << labels[i] << ',' << metrics.scores[i] << '\n';
  return text.str();
}

}  // namespace thaw

#include "sim/train/output_metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>
#include <sstream>

#include "sim/base/interval.h"
#include "sim/base/roc.h"

namespace thaw {
namespace {

constexpr double kQ16 = 65536.0;

std::vector<int32_t> labels_of(const CachedSamples& samples) {
  std::vector<int32_t> labels;
  for (size_t place = 0; place < samples.count(); ++place) labels.push_back(samples.label(place));
  return labels;
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

}  // namespace

std::vector<bool> anomalous_samples(const std::vector<int32_t>& train, const std::vector<int32_t>& test) {
  const std::set<int32_t> normal(train.begin(), train.end());
  std::vector<bool> result;
  for (const int32_t label : test) result.push_back(!normal.contains(label));
  const auto count = std::ranges::count(result, true);
  if (count == 0 || count == std::ssize(result)) result.clear();
  return result;
}

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

AccuracyInterval area_interval(double area, const std::vector<bool>& anomalous) {
  const auto anomaly_count = static_cast<double>(std::ranges::count(anomalous, true));
  const double normal_count = static_cast<double>(anomalous.size()) - anomaly_count;
  const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
  const double variance = (area * (1 - area) + (anomaly_count - 1) * (q1 - area * area) +
                           (normal_count - 1) * (q2 - area * area)) /
                          (normal_count * anomaly_count);
  const double margin = kStandardErrors95 * std::sqrt(std::max(variance, 0.0));
  return {std::max(area - margin, 0.0), std::min(area + margin, 1.0)};
}

Metric area_under_curve(std::span<const double> scores, const std::vector<bool>& anomalous) {
  const double area = placements(scores, anomalous).area();
  const AccuracyInterval interval = area_interval(area, anomalous);
  return {metric_name(MetricKind::area_under_curve), true, area, interval.low, interval.high};
}

double quantile(std::vector<double> values, double share) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<size_t>(std::clamp(rank - 1, 0.0, static_cast<double>(values.size()) - 1))];
}

OutputMetrics output_metrics(Executor& executor, const Network& network, const TrainingData& data) {
  const double scale = output_scale(network);
  OutputMetrics result;
  if (network.task == Task::reconstruct)
    result.threshold =
        std::llround(quantile(judge(executor, network, data.train).losses, kThresholdQuantile) * kQ16);
  if (data.test.cache == nullptr) return result;
  const Judgement judged = judge(executor, network, data.test);
  result.scores = output_errors(network, judged);
  if (network.task == Task::regress) {
    result.test.push_back(mean_metric(metric_name(MetricKind::mean_absolute_error), result.scores));
  } else if (const std::vector<bool> anomalous =
                 anomalous_samples(labels_of(data.train), labels_of(data.test));
             !anomalous.empty()) {
    result.test.push_back(area_under_curve(result.scores, anomalous));
  }
  result.test.push_back(
      mean_metric(metric_name(MetricKind::mean_squared_error), scaled(judged.losses, scale * scale)));
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

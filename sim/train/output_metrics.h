// How good a model is whose own output is compared with a target: errors of numbers, and of anomaly scores
// the area under the ROC curve. Each metric says which way is better and how sure it is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/interval.h"
#include "sim/base/metric_kind.h"
#include "sim/train/trainer.h"

namespace thaw {

/// The share of the training samples whose error of reconstruction is at most the threshold.
inline constexpr double kThresholdQuantile = 0.95;

/// What a trained model makes of the test samples. `scores`: of each, in real units: mean absolute error
/// (regress) or mean squared error of reconstruction. `threshold`: of an autoencoder, the kThresholdQuantile
/// of its training samples' losses as a device gives them (squared steps in Q16).
struct OutputMetrics {
  std::vector<Metric> test;
  std::vector<double> scores;
  std::optional<int64_t> threshold;
};

/// Runs the executor, which holds trained state, on the samples. Regression has "mean absolute error";
/// both tasks have "mean squared error"; an autoencoder has "area under the curve" too where the test
/// samples are of classes that no training sample has (the anomalies) and of others (the normal ones).
OutputMetrics output_metrics(Executor& executor, const Network& network, const TrainingData& data);

/// The mean of at least one value; its interval is that of the normal distribution, lower is better.
Metric mean_metric(const std::string& name, std::span<const double> values);

/// The share of pairs of an anomaly and a normal sample in which the anomaly has the larger score, ties
/// counting half (Mann and Whitney); interval after Hanley and McNeil (1982), cut to 0..1. Both kinds must be
/// there. `anomalous`: by sample.
Metric area_under_curve(std::span<const double> scores, const std::vector<bool>& anomalous);

/// That interval of an area.
AccuracyInterval area_interval(double area, const std::vector<bool>& anomalous);

/// Which test samples are anomalies: those of classes that no training sample has; by label. Empty where none
/// or all of them are.
std::vector<bool> anomalous_samples(const std::vector<int32_t>& train, const std::vector<int32_t>& test);

/// The smallest of the values that at least `share` of them do not exceed; `share` in 0..1, at least one
/// value.
double quantile(std::vector<double> values, double share);

/// A table of the test samples: number, label, score.
std::string scores_text(const OutputMetrics& metrics, const std::vector<int32_t>& labels);

}  // namespace thaw

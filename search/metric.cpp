#include "search/metric.h"

#include <cmath>

#include "sim/train/output_metrics.h"

namespace thaw {
namespace {

std::vector<bool> anomalies(const SearchProblem& problem) {
  return anomalous_samples(problem.train->labels, problem.test->labels);
}

}  // namespace

MetricKind metric_on(const SearchProblem& problem, MeasuredOn on) {
  switch (problem.network->task) {
    case Task::classify:
      return MetricKind::accuracy;
    case Task::regress:
      return MetricKind::mean_absolute_error;
    case Task::reconstruct:
      break;
  }
  return on == MeasuredOn::test && !anomalies(problem).empty() ? MetricKind::area_under_curve
                                                               : MetricKind::mean_squared_error;
}

double metric_value(const SearchProblem& problem, MetricKind kind, const std::vector<double>& errors) {
  if (kind == MetricKind::area_under_curve) return area_under_curve(errors, anomalies(problem)).value;
  return mean_metric(metric_name(kind), errors).value;
}

void set_metric(SeedResult& result, const SearchProblem& problem, MeasuredOn on) {
  result.metric = metric_on(problem, on);
  if (result.metric == MetricKind::accuracy) return;
  result.value = metric_value(problem, result.metric, result.errors);
  const double unit = std::pow(output_scale(*problem.network), 2.0);
  result.loss *= unit;
  for (EpochReport& epoch : result.epochs) epoch.loss *= unit;
}

AccuracyInterval test_interval(const SearchProblem& problem, MetricKind kind, double value,
                               const std::vector<std::vector<double>>& errors) {
  if (kind == MetricKind::accuracy) return wilson_interval(value, problem.test->count);
  if (kind == MetricKind::area_under_curve) return area_interval(value, anomalies(problem));
  const Metric mean = mean_metric(metric_name(kind), mean_of_seeds(errors));
  return {mean.low, mean.high};
}

AccuracyInterval test_interval(const SearchProblem& problem, const Evaluation& on_test) {
  std::vector<std::vector<double>> errors;
  for (const SeedResult& seed : on_test.seeds) errors.push_back(seed.errors);
  return test_interval(problem, on_test.metric(), on_test.value(), errors);
}

}  // namespace thaw

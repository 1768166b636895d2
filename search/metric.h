// What a search judges networks by: a task's metric on each split, and how sure it is.
#pragma once

#include <vector>

#include "search/evaluator.h"
#include "sim/base/interval.h"

namespace thaw {

/// Accuracy of classes and mean absolute error of numbers on both splits. Of reconstructions decisions rest
/// on the mean squared error, since training samples have no anomalies; on test it is the area under the
/// curve where there are some.
MetricKind metric_on(const SearchProblem& problem, MeasuredOn on);

/// Value of a metric that is not accuracy, by the errors of the samples that were judged. An area is that of
/// the test samples.
double metric_value(const SearchProblem& problem, MetricKind kind, const std::vector<double>& errors);

/// Metric and value of a result that has its errors, and its losses of training in the squared units of the
/// output; of a classifier nothing changes.
void set_metric(SeedResult& result, const SearchProblem& problem, MeasuredOn on);

/// 95 % interval of a metric on the test samples: Wilson's of `value`, an accuracy; Hanley and McNeil's of
/// `value`, an area; the normal one of the mean of `errors[seed][sample]`.
AccuracyInterval test_interval(const SearchProblem& problem, MetricKind kind, double value,
                               const std::vector<std::vector<double>>& errors);

/// The same of an evaluation on test in full.
AccuracyInterval test_interval(const SearchProblem& problem, const Evaluation& on_test);

}  // namespace thaw

// Metrics of outputs by hand, and runs of small regressions and autoencoders.
#include "sim/train/output_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trained_model.h"
#include "tests/support/autoencoder.h"
#include "tests/support/varied_network.h"
#include "tests/support/wave_samples.h"

namespace thaw {
namespace {

TEST(OutputMetrics, AreaUnderTheCurveIsTheShareOfPairsInOrder) {
  // Anomalies 3 and 5 against normal 1, 3, 4: above 1, tied with 3; above all three: 4.5 of 6 pairs.
  const std::vector<double> scores = {3, 1, 5, 3, 4};
  const Metric area = area_under_curve(scores, {true, false, true, false, false});
  EXPECT_DOUBLE_EQ(area.value, 4.5 / 6);
  EXPECT_TRUE(area.higher_is_better);
  EXPECT_LT(area.low, area.value);
  EXPECT_EQ(area.high, 1.0);
  EXPECT_EQ(area_under_curve(std::vector<double>{1, 2}, {false, true}).value, 1.0);
}

// Hanley and McNeil's formula at an area of 3/4 with 2 and 3 samples, worked out: q1 = 0.6, q2 = 9/14,
// variance = (0.1875 + 0.0375 + 2 * (9/14 - 9/16)) / 6.
TEST(OutputMetrics, TheIntervalOfTheAreaIsHanleyAndMcNeils) {
  const std::vector<double> scores = {3, 1, 5, 3, 4};
  const Metric area = area_under_curve(scores, {true, false, true, false, false});
  const double variance = (0.1875 + 0.0375 + 2 * (9.0 / 14 - 9.0 / 16)) / 6;
  EXPECT_NEAR(area.low, 0.75 - 1.959963984540054 * std::sqrt(variance), 1e-12);
}

TEST(OutputMetrics, MeansHaveTheNormalInterval) {
  const std::vector<double> values = {1, 2, 3, 6};  // mean 3, variance 14/3, standard error sqrt(14/12)
  const Metric mean = mean_metric("error", values);
  EXPECT_DOUBLE_EQ(mean.value, 3);
  EXPECT_NEAR(mean.high - mean.value, 1.959963984540054 * std::sqrt(14.0 / 12), 1e-12);
  EXPECT_FALSE(mean.higher_is_better);
}

TEST(OutputMetrics, AQuantileIsAValueThatTheShareDoesNotExceed) {
  EXPECT_EQ(quantile({5, 1, 4, 2, 3}, 0.8), 4);
  EXPECT_EQ(quantile({5, 1, 4, 2, 3}, 0.81), 5);
  EXPECT_EQ(quantile({7}, 0.5), 7);
}

Schedule everything(const Network& network, int32_t epochs, double rate) {
  Schedule schedule;
  schedule.task = network.task;
  schedule.training.learning_rate = rate;
  schedule.training.epochs = epochs;
  schedule.training.flip = false;
  for (int32_t op = 0; op < network.convolution_count(); ++op)
    schedule.update.push_back({op, "", true, UpdatedWeights::all, {}});
  return schedule;
}

// The network is the first of the random ones whose output can take the shape of a sine.
TEST(OutputMetrics, AnAutoencoderLearnsWhatIsNormal) {
  const Network network = reduce(testing::Autoencoder(6).graph(), {.task = Task::reconstruct});
  const int32_t width = network.classifier.features;
  const Samples normal = testing::wave_samples(width, 300, 0, 1);
  const Samples test =
      testing::joined(testing::wave_samples(width, 100, 0, 2), testing::wave_samples(width, 100, 1, 3));
  const Schedule schedule = everything(network, 8, 0.0002);
  const PrefixCache train_cache = cache_prefix(network, 0, normal, false, 1);
  const PrefixCache test_cache = cache_prefix(network, 0, test, false, 1);
  const TrainingData data = {{&train_cache, &normal.labels, {}}, {&test_cache, &test.labels, {}}};
  const Plan plan = training_plan(network, schedule);
  Executor executor(plan, {}, KernelSet::host, 1);
  const OutputMetrics before = output_metrics(executor, network, data);
  const TrainingResult result = train(network, plan, schedule, data, {});
  EXPECT_EQ(result.outcome, Outcome::ok);
  executor.set_state(result.state);
  const OutputMetrics after = output_metrics(executor, network, data);
  EXPECT_EQ(after.test[0].name, "area under the curve");
  EXPECT_GT(after.test[0].value, before.test[0].value);
  EXPECT_GT(after.test[0].value, 0.9);
  EXPECT_LT(result.epochs.back().loss, result.epochs.front().loss);

  // The threshold is a loss of the training samples: 95 % of them, no fewer and hardly more.
  const std::vector<double> losses = judge(executor, network, data.train).losses;
  const auto below = std::ranges::count_if(
      losses, [&](double l) { return l * 65536 <= static_cast<double>(*after.threshold); });
  EXPECT_GE(below, 285);
  EXPECT_LE(below, 290);

  const Graph trained = trained_graph(network, trained_values(network, executor), {});
  EXPECT_EQ(trained.ops.size(), network.graph.ops.size());
}

std::string refusal(const Graph& graph, const NetworkOptions& options) {
  try {
    reduce(graph, options);
  } catch (const Error& error) {
    return error.what_is_wrong;
  }
  return "";
}

TEST(OutputMetrics, WhatCannotBeComparedIsRefused) {
  const Graph square = testing::Autoencoder(6).graph();
  EXPECT_EQ(refusal(square, {.fresh_classifier = true, .task = Task::regress}),
            "a fresh classifier was asked for, but to regress compares the model's own output");
  Graph narrow = testing::VariedNetwork(1).graph();
  EXPECT_NE(refusal(narrow, {.task = Task::reconstruct}).find(" elements, the input "), std::string::npos);
  narrow.outputs.push_back(narrow.inputs[0]);
  EXPECT_EQ(refusal(narrow, {.task = Task::regress}), "the model has 2 outputs");
  narrow.outputs = {narrow.inputs[0]};
  EXPECT_EQ(refusal(narrow, {.task = Task::regress}), "no operator makes an int8 output");
}

}  // namespace
}  // namespace thaw

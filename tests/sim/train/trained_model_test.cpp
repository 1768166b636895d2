// A trained network written as an int8 model: the same integers in its convolutions, the same predictions.
#include "sim/train/trained_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/training_plan.h"
#include "sim/train/float_run.h"
#include "sim/train/trainer.h"
#include "tests/sim/plan/small_model.h"

namespace thaw {
namespace {

/// Two classes told apart by the sign of the image's values.
Samples two_classes(int32_t count) {
  Samples samples;
  samples.count = count;
  samples.height = samples.width = 4;
  samples.channels = 2;
  uint32_t noise = 1;
  for (int32_t i = 0; i < count; ++i) {
    samples.labels.push_back(i % 2);
    for (int p = 0; p < 32; ++p) {
      noise = noise * 1664525U + 1013904223U;
      const auto value = static_cast<int32_t>(20 + (noise >> 24) % 60);
      samples.images.push_back(static_cast<int8_t>(i % 2 == 0 ? -value : value));
    }
  }
  return samples;
}

Schedule everything(const Network& network) {
  Schedule s;
  describe_model(s, network);
  s.training.learning_rate = 0.01;
  s.training.epochs = 3;
  s.update = {{0, "expand", true, UpdatedWeights::channels, {1}},
              {1, "depthwise", true, UpdatedWeights::channels, {0, 3}},
              {2, "project", true, UpdatedWeights::all, {}},
              {3, "classifier", true, UpdatedWeights::all, {}}};
  return s;
}

/// Largest of the int8 outputs of the model as a file, run from its beginning.
std::vector<int32_t> predictions_of(const Graph& graph, const Samples& samples) {
  const Network network = reduce(read_tflite(write_tflite(graph), "trained.tflite"), {});
  const Plan plan = training_plan(network, Schedule{});
  Executor executor(plan, {}, KernelSet::portable, 1);
  const PrefixCache cache = cache_prefix(network, 0, samples, false, 1);
  return judge(executor, network, {&cache, &samples.labels, {}}).predictions;
}

TEST(TrainedModel, KeepsConvolutionsBitForBitAndPredictions) {
  const Network network = reduce(testing::SmallModel().graph(), {.fresh_classifier = true});
  const Schedule schedule = everything(network);
  const Samples samples = two_classes(120);
  const PrefixCache train_cache = cache_prefix(network, 0, samples, true, 1);
  TrainingData data;
  data.train = {&train_cache, &samples.labels, {}};
  data.test = data.train;
  const Plan plan = training_plan(network, schedule);
  const TrainingResult result = train(network, plan, schedule, data, {});
  ASSERT_GE(result.accuracy, 0.95);
  Executor executor(plan, {}, KernelSet::host, 1);
  executor.set_state(result.state);
  const TrainedValues values = trained_values(network, executor);
  EXPECT_EQ(values.clipped, 0);
  EXPECT_TRUE(values.classifier_changed);
  const LogitRange logits = measure_logits(network, values, train_cache, 50);
  EXPECT_LT(logits.low, logits.high);
  const Graph graph = trained_graph(network, values, logits);

  const Network exported = reduce(read_tflite(write_tflite(graph), "trained.tflite"), {});
  bool moved = false;
  for (int32_t k = 0; k < 3; ++k) {
    const auto& before = std::get<Convolution>(network.convolution_layer(k).kind);
    const auto& after = std::get<Convolution>(exported.convolution_layer(k).kind);
    EXPECT_EQ(after.weights, values.weights[static_cast<size_t>(k)]);
    EXPECT_EQ(after.biases, values.biases[static_cast<size_t>(k)]);
    EXPECT_EQ(after.weight_scales, before.weight_scales);
    for (size_t i = 0; i < before.weights.size(); ++i) {
      if (before.weights[i] == after.weights[i]) continue;
      moved = true;
      const LayerUpdate* update = schedule.find(k);
      const auto channel = static_cast<int32_t>(i % static_cast<size_t>(before.selectable_channels()));
      EXPECT_TRUE(update->weights == UpdatedWeights::all ||
                  std::find(update->channels.begin(), update->channels.end(), channel) !=
                      update->channels.end())
          << "a frozen weight of layer " << k << " moved: " << i;
    }
  }
  EXPECT_TRUE(moved);
  EXPECT_EQ(predictions_of(graph, samples), result.predictions);
}

TEST(TrainedModel, UntrainedModelStaysAsItIs) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  const Plan plan = training_plan(network, Schedule{});
  Executor executor(plan, {}, KernelSet::host, 1);
  const TrainedValues values = trained_values(network, executor);
  EXPECT_FALSE(values.classifier_changed);
  const Graph graph = trained_graph(network, values, {});
  EXPECT_EQ(write_tflite(graph), write_tflite(network.graph));
}

TEST(TrainedModel, NewNumberOfClassesReachesTheOutput) {
  const Network network = reduce(testing::SmallModel().graph(), {.classes = 5});
  const Plan plan = training_plan(network, Schedule{});
  Executor executor(plan, {}, KernelSet::host, 1);
  const Graph graph = trained_graph(network, trained_values(network, executor), {-1.0, 3.0});
  const Tensor& output = graph.tensor(graph.outputs[0]);
  EXPECT_EQ(output.shape, (std::vector<int32_t>{1, 5}));
  EXPECT_FLOAT_EQ(output.quantization.scale(), 4.0F / 255.0F);
  EXPECT_EQ(output.quantization.zero_point(), -64);  // -128 + 1 / scale = -64.25
}

/// LOGISTIC behind the classifier is left out of training; its file has it, with the scale that belongs to
/// it.
TEST(TrainedModel, LogisticAtTheEndKeepsItsScale) {
  Graph model = testing::SmallModel().graph();
  Tensor scores = model.tensor(model.outputs[0]);
  scores.id = TensorId(model.tensors.size());
  scores.name = "scores";
  scores.quantization = {{1.0F / 256.0F}, {-128}, 0};
  model.tensors.push_back(scores);
  model.ops.push_back(
      {OpId(model.ops.size()), {model.outputs[0]}, {scores.id}, Unary{UnaryFunction::logistic, 0.0F}});
  model.outputs = {scores.id};
  const Network network = reduce(model, {.classes = 3});
  EXPECT_EQ(network.classifier.name, "classifier");
  const Plan plan = training_plan(network, Schedule{});
  Executor executor(plan, {}, KernelSet::host, 1);
  const Graph graph = trained_graph(network, trained_values(network, executor), {-1.0, 3.0});
  const Graph again = read_tflite(write_tflite(graph), "trained.tflite");
  const Tensor& output = again.tensor(again.outputs[0]);
  EXPECT_EQ(output.shape, (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(output.quantization.scale(), 1.0F / 256.0F);
}

TEST(FloatRun, LearnsAndExports) {
  const Network network =
      reduce(testing::SmallModel().graph(), {.fresh_classifier = true, .rescale_dead_channels = false});
  const FloatModel model = float_model(network);
  const Schedule schedule = everything(network);
  const Samples samples = two_classes(100);
  const PrefixCache cache = cache_prefix(network, 0, samples, true, 1);
  TrainingData data;
  data.train = {&cache, &samples.labels, {}};
  data.test = data.train;
  const FloatRun one = train_float(model, schedule, data, 8, {});
  EXPECT_EQ(one.run.outcome, Outcome::ok);
  EXPECT_EQ(one.run.steps, 3U * 96U) << "samples that do not fill a batch are left out";
  EXPECT_LT(one.run.epochs.back().loss, one.run.epochs.front().loss);
  EXPECT_GE(one.run.accuracy, 0.95);
  EXPECT_EQ(train_float(model, schedule, data, 8, {}).run.signature, one.run.signature);
  const TrainedValues values = trained_values(model, one.parameters);
  const Graph graph = trained_graph(network, values, measure_logits(network, values, cache, 50));
  const std::vector<int32_t> predictions = predictions_of(graph, samples);
  EXPECT_GE(accuracy_of(predictions, data.test), 0.95);
}

TEST(FloatRun, DivergesWhereTheRateIsAbsurd) {
  const Network network =
      reduce(testing::SmallModel().graph(), {.fresh_classifier = true, .rescale_dead_channels = false});
  const FloatModel model = float_model(network);
  Schedule schedule = everything(network);
  schedule.training.learning_rate = 1e6;
  const Samples samples = two_classes(600);
  const PrefixCache cache = cache_prefix(network, 0, samples, true, 1);
  TrainingData data;
  data.train = {&cache, &samples.labels, {}};
  EXPECT_EQ(train_float(model, schedule, data, 1, {}).run.outcome, Outcome::diverged);
}

}  // namespace
}  // namespace thaw

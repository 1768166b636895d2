// Float training runs: the same bits for any number of threads and any instruction set; scaling, rates,
// softmax, divergence.
#include "sim/train/float_run.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "sim/base/error.h"
#include "sim/exec/host/instruction_set.h"
#include "sim/float/float_prefix.h"
#include "tests/support/random_network.h"

namespace thaw {
namespace {

using testing::Noise;
using testing::random_schedule;
using testing::RandomNetwork;

/// A random network with 45 random samples of which 30 are for training.
struct Task {
  FloatModel model;
  Schedule schedule;
  std::vector<int32_t> labels;
  PrefixCache cache;

  explicit Task(uint32_t seed) {
    NetworkOptions options;
    options.rescale_dead_channels = false;
    options.fresh_classifier = true;
    model = float_model(reduce(RandomNetwork(seed).graph(), options));
    schedule = random_schedule(model.network, seed);
    schedule.training.epochs = 3;
    schedule.training.seed = 7;
    schedule.training.learning_rate = 0.0005;
    const std::vector<int32_t>& shape = model.network.graph.tensor(model.network.input).shape;
    Samples samples{45, shape[1], shape[2], shape[3], {}, {}};
    Noise noise(seed);
    for (int64_t i = 0; i < 45 * samples.sample_bytes(); ++i)
      samples.images.push_back(static_cast<int8_t>(noise.in(-128, 127)));
    for (int i = 0; i < 45; ++i) labels.push_back(noise.in(0, model.network.classifier.classes - 1));
    cache = cache_float_prefix(model, first_updated_layer(model.network, schedule), samples, true, 2);
  }

  TrainingData data() const {
    CachedSamples train{&cache, &labels, {}}, test{&cache, &labels, {}};
    for (uint32_t i = 0; i < 45; ++i) (i < 30 ? train : test).ids.push_back(i);
    return {train, test};
  }
};

TEST(FloatRun, BitsDoNotDependOnThreadsOrInstructionSet) {
  const Task task(21);
  const int threads_before = omp_get_max_threads();
  std::vector<std::string> signatures;
  for (InstructionSet set : instruction_sets())
    for (int threads : {1, 2, 3}) {
      limit_instruction_set(set);
      omp_set_num_threads(threads);
      signatures.push_back(train_float(task.model, task.schedule, task.data(), 29, {}).run.signature);
    }
  limit_instruction_set(best_instruction_set());
  omp_set_num_threads(threads_before);
  for (const std::string& signature : signatures) EXPECT_EQ(signature, signatures[0]);
}

TEST(FloatRun, PrefixDoesNotDependOnThreads) {
  const Task task(22);
  Samples samples{3, 1, 1, 1, {}, {}};
  const std::vector<int32_t>& shape = task.model.network.graph.tensor(task.model.network.input).shape;
  samples.height = shape[1];
  samples.width = shape[2];
  samples.channels = shape[3];
  Noise noise(5);
  for (int64_t i = 0; i < 3 * samples.sample_bytes(); ++i)
    samples.images.push_back(static_cast<int8_t>(noise.in(-128, 127)));
  const size_t layer = task.model.network.layers.size();
  const PrefixCache one = cache_float_prefix(task.model, layer, samples, true, 1);
  const PrefixCache three = cache_float_prefix(task.model, layer, samples, true, 3);
  EXPECT_EQ(one.plain, three.plain);
  EXPECT_EQ(one.mirrored, three.mirrored);
}

TEST(FloatRun, AnEarlierCutGivesTheSameRun) {
  const Task task(23);
  const std::vector<int32_t>& shape = task.model.network.graph.tensor(task.model.network.input).shape;
  Samples samples{45, shape[1], shape[2], shape[3], {}, {}};
  Noise noise(23);
  for (int64_t i = 0; i < 45 * samples.sample_bytes(); ++i)
    samples.images.push_back(static_cast<int8_t>(noise.in(-128, 127)));
  const PrefixCache whole = cache_float_prefix(task.model, 0, samples, true, 1);
  TrainingData data = task.data();
  const FloatRun late = train_float(task.model, task.schedule, data, 4, {});
  data.train.cache = data.test.cache = &whole;
  EXPECT_EQ(train_float(task.model, task.schedule, data, 4, {}).run.signature, late.run.signature);
}

TEST(FloatRun, ReportsEveryEpochAndLeavesOutWhatFillsNoBatch) {
  const Task task(21);
  TrainingControl control;
  control.test_every_epoch = true;
  const FloatRun result = train_float(task.model, task.schedule, task.data(), 8, control);
  ASSERT_EQ(result.run.epochs.size(), 3U);
  EXPECT_EQ(result.run.steps, 3U * 24U);
  EXPECT_EQ(result.run.predictions.size(), 15U);
  EXPECT_EQ(result.run.outcome, Outcome::ok);
  EXPECT_TRUE(result.run.epochs[0].test_accuracy);
}

TEST(FloatRun, ARateFarTooLargeDiverges) {
  Task task(21);
  task.schedule.training.learning_rate = 1e30;
  task.schedule.training.epochs = 40;
  EXPECT_EQ(train_float(task.model, task.schedule, task.data(), 1, {}).run.outcome, Outcome::diverged);
}

TEST(FloatRun, RefusesABatchLargerThanTheData) {
  const Task task(21);
  EXPECT_THROW(train_float(task.model, task.schedule, task.data(), 31, {}), Error);
}

TEST(FloatTrainer, ScalesGradientsByTheInverseSquaresOfTheScales) {
  const Task task(21);
  FloatTrainer trainer(task.model, task.schedule, task.cache, initial_float_parameters(task.model, 1), true);
  FloatBatch batch;
  for (int64_t i = 0; i < 4; ++i) batch.samples.push_back(task.cache.sample(i, false).data());
  batch.labels.assign(task.labels.begin(), task.labels.begin() + 4);
  trainer.compute_gradients(batch);
  const FloatGradients before = trainer.gradients();
  trainer.scale_gradients();
  int compared = 0;
  for (size_t i = 0; i < task.model.convolutions.size(); ++i) {
    const FloatConvolution& constants = task.model.convolutions[i];
    const Layer& layer = task.model.network.layers[constants.layer];
    const auto& c = std::get<Convolution>(layer.kind);
    const float input_scale = task.model.tensors[layer.inputs[0].index()].scale;
    for (size_t o = 0; o < before.biases[i].size(); ++o, ++compared) {
      const double scale = c.weight_scales[o] * static_cast<double>(input_scale);
      EXPECT_NEAR(trainer.gradients().biases[i][o] * scale * scale, before.biases[i][o],
                  1e-6 * std::abs(static_cast<double>(before.biases[i][o])));
    }
    const std::vector<float>& weights = before.weights[i];
    const std::vector<int32_t>& channels = trainer.targets().layers[i].channels;
    for (size_t k = 0; k < weights.size(); ++k, ++compared) {
      const size_t o = c.depthwise ? static_cast<size_t>(channels[k % channels.size()])
                                   : k / (weights.size() / c.weight_scales.size());
      const double scale = c.weight_scales[o];
      EXPECT_NEAR(trainer.gradients().weights[i][k] * scale * scale, weights[k],
                  1e-6 * std::abs(static_cast<double>(weights[k])));
    }
  }
  EXPECT_GT(compared, 20);
}

TEST(FloatModel, WeightsFarOutsideInt8AreSummedInBinary64) {
  const Task task(21);
  FloatParameters parameters = initial_float_parameters(task.model, 1);
  for (const FloatKernelWeights& weights : prepare_kernel_weights(task.model, parameters))
    EXPECT_TRUE(weights.exact_in_float);
  for (std::vector<float>& weights : parameters.weights)
    for (float& w : weights) w *= 1e6F;
  for (const FloatKernelWeights& weights : prepare_kernel_weights(task.model, parameters))
    EXPECT_FALSE(weights.exact_in_float);
}

TEST(FloatLearningRate, WarmsUpFromZeroThenFallsToZero) {
  EXPECT_EQ(float_learning_rate(0.4, 0, 4, 8), 0.0);
  EXPECT_DOUBLE_EQ(float_learning_rate(0.4, 1, 4, 8), 0.1);
  EXPECT_DOUBLE_EQ(float_learning_rate(0.4, 4, 4, 8), 0.4);
  EXPECT_DOUBLE_EQ(float_learning_rate(0.4, 8, 4, 8), 0.2);
  EXPECT_NEAR(float_learning_rate(0.4, 12, 4, 8), 0.0, 1e-15);
}

TEST(FloatSoftmax, LossGradientAndPrediction) {
  const std::vector<float> logits = {0.0F, 0.0F, 1000.0F, 0.0F, -3.0F, -3.0F};
  const std::vector<int32_t> labels = {2, 1};
  std::vector<float> gradients(6);
  std::vector<int32_t> predictions(2);
  const FloatScore score = softmax_cross_entropy(logits, labels, 2, gradients, predictions);
  // Second sample: shares 1, e^-3, e^-3 over their sum; its loss is log(1 + 2 e^-3) + 3.
  const double tail = std::exp(-3.0), sum = 1.0 + 2.0 * tail;
  EXPECT_NEAR(score.loss_sum, std::log(sum) + 3.0, 1e-12);
  EXPECT_EQ(score.correct, 1);
  EXPECT_EQ(predictions, (std::vector<int32_t>{2, 0}));
  EXPECT_EQ(gradients[2], 0.0F);
  EXPECT_FLOAT_EQ(gradients[3], static_cast<float>(0.5 / sum));
  EXPECT_FLOAT_EQ(gradients[4], static_cast<float>(0.5 * (tail / sum - 1.0)));
}

}  // namespace
}  // namespace thaw

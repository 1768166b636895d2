// Gradients, quantisation-aware scaling and steps in float arithmetic against the paper's published code.
#include <gtest/gtest.h>

#include "sim/float/float_prefix.h"
#include "sim/float/float_trainer.h"
#include "tests/sim/float/float_golden.h"

namespace thaw {
namespace {

using namespace thaw::testing;

constexpr float kRate = 0.025F;
constexpr double kGradientTolerance = 1e-5;  // of the tensor's largest value

struct Case {
  const char* model;
  const char* schedule;
};

/// The published batch of 8 images at the cut of a schedule, and a trainer on it.
struct StepRun {
  GoldenModel golden;
  GoldenArrays arrays;
  Samples images;
  PrefixCache cache;
  FloatBatch batch;
  FloatTrainer trainer;

  explicit StepRun(const Case& c)
      : golden(golden_model(c.model)),
        arrays(golden_file(std::string("step_") + c.model + "_" + c.schedule + ".npz")),
        images(first_images(8)),
        cache(cache_float_prefix(
            golden.model, first_updated_layer(golden.model.network, golden_schedule(golden, c.schedule)),
            images, false, 2)),
        batch(whole_batch(cache, images.labels)),
        trainer(golden.model, golden_schedule(golden, c.schedule), cache,
                parameters_with_head(golden,
                                     GoldenArrays(golden_file(std::string("forward_") + c.model + ".npz"))),
                true) {}

  bool updates_weights(size_t i) const { return arrays.has("step1." + golden.convolution_names[i] + ".w"); }
  bool updates_bias(size_t i) const { return arrays.has("step1." + golden.convolution_names[i] + ".b"); }

  std::vector<float> golden_weights(const std::string& prefix, size_t i) const {
    return golden.weights_from(arrays.values<float>(prefix + golden.convolution_names[i] + ".w"), i);
  }
  std::vector<float> golden_biases(const std::string& prefix, size_t i) const {
    return arrays.values<float>(prefix + golden.convolution_names[i] + ".b");
  }

  /// Our gradient of the kept channels, zeros elsewhere.
  std::vector<float> full_gradient(size_t i) const {
    const auto width = static_cast<size_t>(golden.convolution(i).selectable_channels());
    const std::vector<int32_t>& channels = trainer.targets().layers[i].channels;
    const std::vector<float>& compact = trainer.gradients().weights[i];
    std::vector<float> result(golden.convolution(i).weights.size(), 0.0F);
    for (size_t at = 0; at < compact.size(); ++at)
      result[at / channels.size() * width + static_cast<size_t>(channels[at % channels.size()])] =
          compact[at];
    return result;
  }

  void expect_gradients(const std::string& prefix) const {
    for (size_t i = 0; i < golden.convolution_names.size(); ++i) {
      SCOPED_TRACE(prefix + golden.convolution_names[i]);
      if (updates_weights(i)) {
        EXPECT_LE(relative_to_largest(full_gradient(i), golden_weights(prefix, i)), kGradientTolerance);
      }
      if (updates_bias(i)) {
        EXPECT_LE(relative_to_largest(trainer.gradients().biases[i], golden_biases(prefix, i)),
                  kGradientTolerance);
      } else {
        EXPECT_TRUE(trainer.gradients().biases[i].empty());
      }
    }
  }

  FloatParameters golden_parameters(const std::string& prefix) const {
    FloatParameters parameters = trainer.parameters();
    for (size_t i = 0; i < golden.convolution_names.size(); ++i) {
      if (updates_weights(i)) parameters.weights[i] = golden_weights(prefix, i);
      if (updates_bias(i)) parameters.biases[i] = golden_biases(prefix, i);
    }
    parameters.classifier_weights = arrays.values<float>(prefix + "fc.w");
    parameters.classifier_biases = arrays.values<float>(prefix + "fc.b");
    return parameters;
  }
};

class FloatStepGolden : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { THAW_REQUIRE_SHARED(); }
};

TEST_P(FloatStepGolden, ScheduleTrainsWhatThePublishedCodeTrains) {
  const StepRun run(GetParam());
  for (size_t i = 0; i < run.golden.convolution_names.size(); ++i) {
    const std::string& name = run.golden.convolution_names[i];
    const FloatLayerTargets& targets = run.trainer.targets().layers[i];
    EXPECT_EQ(targets.bias, run.updates_bias(i)) << name;
    std::vector<int32_t> kept;
    if (run.arrays.has("keep." + name)) {
      const auto bits = run.arrays.values<uint8_t>("keep." + name);
      for (size_t c = 0; c < bits.size(); ++c)
        if (bits[c] != 0) kept.push_back(static_cast<int32_t>(c));
    }
    EXPECT_EQ(targets.channels, kept) << name;
  }
}

TEST_P(FloatStepGolden, GradientsBeforeAndAfterScaling) {
  StepRun run(GetParam());
  const FloatScore score = run.trainer.compute_gradients(run.batch);
  EXPECT_NEAR(score.loss(), run.arrays.values<double>("loss")[0], 1e-6);
  run.expect_gradients("grad.");
  EXPECT_LE(
      relative_to_largest(run.trainer.gradients().classifier_weights, run.arrays.values<float>("grad.fc.w")),
      kGradientTolerance);
  EXPECT_LE(
      relative_to_largest(run.trainer.gradients().classifier_biases, run.arrays.values<float>("grad.fc.b")),
      kGradientTolerance);
  run.trainer.scale_gradients();
  run.expect_gradients("qas.");
}

TEST_P(FloatStepGolden, ActivationGradients) {
  StepRun run(GetParam());
  const FloatModel& model = run.golden.model;
  const FloatParameters& parameters = run.trainer.parameters();
  const auto weights = prepare_kernel_weights(model, parameters);
  FloatBlock block = float_block(model);
  load_block(model, run.cache, run.batch.samples, block);
  forward_layers(model, weights, parameters.biases, run.cache.layer, model.network.layers.size(), block);
  forward_classifier(model, parameters, block);
  std::vector<float> logit_gradients(block.logits.size());
  softmax_cross_entropy(block.logits, run.batch.labels, 8, logit_gradients, {});
  FloatGradients gradients = zero_gradients(model, run.trainer.targets());
  backward(model, run.trainer.targets(), parameters, weights, logit_gradients, block, gradients);

  const auto sums = run.arrays.values<double>("gact_sum");
  const auto first = run.arrays.values<float>("gact_first256");
  size_t number = 0;
  for (size_t i = run.cache.layer; i < model.network.layers.size(); ++i) {
    if (run.golden.layer_names[i].empty()) continue;
    SCOPED_TRACE(run.golden.layer_names[i]);
    ASSERT_LT(number, sums.size() / 2);
    const Tensor& tensor = model.network.graph.tensor(model.network.layers[i].output);
    const auto channels = static_cast<size_t>(tensor.shape.back());
    std::vector<float> ours = channels_first(block.gradients[tensor.id.index()], channels,
                                             static_cast<size_t>(tensor.elements()) / channels);
    double sum = 0.0, squares = 0.0, magnitudes = 0.0;
    for (float g : ours) {
      sum += static_cast<double>(g);
      magnitudes += std::abs(static_cast<double>(g));
      squares += static_cast<double>(g) * static_cast<double>(g);
    }
    EXPECT_NEAR(sum, sums[2 * number], kGradientTolerance * magnitudes);
    EXPECT_NEAR(squares, sums[2 * number + 1], kGradientTolerance * sums[2 * number + 1]);
    ours.resize(256);
    EXPECT_LE(relative_to_largest(ours, {first.begin() + static_cast<std::ptrdiff_t>(256 * number),
                                         first.begin() + static_cast<std::ptrdiff_t>(256 * number + 256)}),
              kGradientTolerance);
    ++number;
  }
  EXPECT_EQ(number, sums.size() / 2);
}

TEST_P(FloatStepGolden, FirstStep) {
  StepRun run(GetParam());
  const FloatParameters before = run.trainer.parameters();
  run.trainer.step(run.batch, kRate);
  const FloatParameters after = run.trainer.parameters();
  for (size_t i = 0; i < run.golden.convolution_names.size(); ++i) {
    SCOPED_TRACE(run.golden.convolution_names[i]);
    if (run.updates_weights(i)) {
      const std::vector<float> golden = run.golden_weights("step1.", i);
      for (size_t k = 0; k < golden.size(); ++k) {
        ASSERT_NEAR(after.weights[i][k], golden[k], 1e-4) << k;
        ASSERT_EQ(std::nearbyint(after.weights[i][k]), std::nearbyint(golden[k])) << k;
      }
    } else {
      EXPECT_EQ(after.weights[i], before.weights[i]);
    }
    if (run.updates_bias(i)) {
      EXPECT_LE(relative_to_largest(after.biases[i], run.golden_biases("step1.", i)), 1e-6);
    } else {
      EXPECT_EQ(after.biases[i], before.biases[i]);
    }
  }
  EXPECT_LE(relative_to_largest(after.classifier_weights, run.arrays.values<float>("step1.fc.w")), 1e-6);
  EXPECT_LE(relative_to_largest(after.classifier_biases, run.arrays.values<float>("step1.fc.b")), 1e-6);
  EXPECT_NEAR(run.trainer.evaluate(run.batch).loss(), run.arrays.values<double>("loss")[1], 1e-5);
}

TEST_P(FloatStepGolden, FifthStepFromTheFourth) {
  StepRun run(GetParam());
  run.trainer.set_parameters(run.golden_parameters("step4."));
  const FloatScore score = run.trainer.step(run.batch, kRate);
  EXPECT_NEAR(score.loss(), run.arrays.values<double>("loss")[4], 1e-5);
  const FloatParameters expected = run.golden_parameters("step5.");
  const FloatParameters& after = run.trainer.parameters();
  for (size_t i = 0; i < expected.weights.size(); ++i) {
    SCOPED_TRACE(run.golden.convolution_names[i]);
    EXPECT_LE(relative_to_largest(after.weights[i], expected.weights[i]), 1e-5);
    EXPECT_LE(relative_to_largest(after.biases[i], expected.biases[i]), 1e-5);
  }
  EXPECT_LE(relative_to_largest(after.classifier_weights, expected.classifier_weights), 1e-5);
  EXPECT_LE(relative_to_largest(after.classifier_biases, expected.classifier_biases), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Published, FloatStepGolden,
                         ::testing::Values(Case{"mcunet-5fps", "49kb"}, Case{"mcunet-5fps", "99kb"},
                                           Case{"mbv2-w0.35", "49kb"}, Case{"mbv2-w0.35", "99kb"}),
                         [](const auto& test_case) {
                           return std::string(test_case.param.model).substr(0, 4) + "_" +
                                  test_case.param.schedule;
                         });

}  // namespace
}  // namespace thaw

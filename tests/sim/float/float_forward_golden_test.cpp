// The forward pass in float arithmetic equals the paper's published code integer for integer.
#include <gtest/gtest.h>

#include "sim/float/float_forward.h"
#include "sim/float/float_prefix.h"
#include "tests/sim/float/float_golden.h"

namespace thaw {
namespace {

using namespace thaw::testing;

/// One block of 8 samples run through the whole model.
struct ForwardRun {
  GoldenModel golden;
  GoldenArrays arrays;
  Samples images;
  FloatBlock block;

  explicit ForwardRun(const std::string& name)
      : golden(golden_model(name)), arrays(golden_file("forward_" + name + ".npz")), images(first_images(8)) {
    const FloatModel& model = golden.model;
    const FloatParameters parameters = parameters_with_head(golden, arrays);
    const PrefixCache cache = cache_float_prefix(model, 0, images, false, 1);
    block = float_block(model);
    load_block(model, cache, whole_batch(cache, {}).samples, block);
    forward_layers(model, prepare_kernel_weights(model, parameters), parameters.biases, 0,
                   model.network.layers.size(), block);
    forward_classifier(model, parameters, block);
  }

  /// Integers of a tensor, NCHW as the goldens have them.
  std::vector<int8_t> integers(TensorId id) const {
    const Tensor& tensor = golden.model.network.graph.tensor(id);
    std::vector<int8_t> result;
    for (float value : block.values[id.index()])
      result.push_back(static_cast<int8_t>(value + golden.model.tensors[id.index()].zero_point));
    const auto channels = static_cast<size_t>(tensor.shape.back());
    return channels_first(result, channels, static_cast<size_t>(tensor.elements()) / channels);
  }
  std::vector<uint8_t> masks(size_t layer) const {
    const Tensor& tensor = golden.model.network.graph.tensor(golden.model.network.layers[layer].output);
    const auto channels = static_cast<size_t>(tensor.shape.back());
    return channels_first(block.masks[layer], channels, static_cast<size_t>(tensor.elements()) / channels);
  }
};

std::vector<uint8_t> packed(const std::vector<uint8_t>& bits, size_t count) {
  std::vector<uint8_t> bytes((count + 7) / 8, 0);
  for (size_t i = 0; i < count; ++i) bytes[i / 8] = static_cast<uint8_t>(bytes[i / 8] | bits[i] << (i % 8));
  return bytes;
}

template <class T>
std::vector<T> row(const std::vector<T>& values, size_t number, size_t width) {
  return {values.begin() + static_cast<std::ptrdiff_t>(number * width),
          values.begin() + static_cast<std::ptrdiff_t>((number + 1) * width)};
}

std::pair<double, double> sums(const std::vector<int8_t>& values) {
  double sum = 0.0, squares = 0.0;
  for (int8_t v : values) {
    sum += v;
    squares += v * v;
  }
  return {sum, squares};
}

class FloatForwardGolden : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { THAW_REQUIRE_SHARED(); }
};

TEST_P(FloatForwardGolden, EqualsThePublishedCodeIntegerForInteger) {
  const ForwardRun run(GetParam());
  const Network& network = run.golden.model.network;
  EXPECT_EQ(run.images.labels, run.arrays.values<int32_t>("labels"));
  EXPECT_EQ(row(run.integers(network.input), 0, 256), run.arrays.values<int8_t>("input_first256"));
  const auto act_sums = run.arrays.values<double>("act_sum");
  const auto act_first = run.arrays.values<int8_t>("act_first256");
  const auto mask_ones = run.arrays.values<int64_t>("mask_ones");
  const auto mask_first = run.arrays.values<uint8_t>("mask_first256");
  size_t number = 0, full = 0;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const std::string& name = run.golden.layer_names[i];
    if (name.empty()) continue;
    SCOPED_TRACE(name);
    ASSERT_LT(number, mask_ones.size());
    const std::vector<int8_t> values = run.integers(network.layers[i].output);
    const std::vector<uint8_t> masks = run.masks(i);
    const auto [sum, squares] = sums(values);
    EXPECT_EQ(sum, act_sums[2 * number]);
    EXPECT_EQ(squares, act_sums[2 * number + 1]);
    EXPECT_EQ(row(values, 0, 256), row(act_first, number, 256));
    EXPECT_EQ(std::count(masks.begin(), masks.end(), 1), mask_ones[number]);
    EXPECT_EQ(packed(masks, 256), row(mask_first, number, 32));
    if (run.arrays.has("act." + name)) {
      ++full;
      EXPECT_EQ(values, run.arrays.values<int8_t>("act." + name));
      EXPECT_EQ(packed(masks, masks.size()), run.arrays.values<uint8_t>("mask." + name));
    }
    ++number;
  }
  EXPECT_EQ(number, mask_ones.size());
  EXPECT_EQ(full, 8U);  // the last 6 convolutions and the last 2 adds
  EXPECT_EQ(run.integers(network.classifier.feature_tensor), run.arrays.values<int8_t>("pool"));
}

TEST_P(FloatForwardGolden, EffectiveScalesAreEqual) {
  const GoldenModel golden = golden_model(GetParam());
  const GoldenArrays arrays(golden_file(std::string("forward_") + GetParam() + ".npz"));
  for (size_t i = 0; i < golden.model.convolutions.size(); ++i)
    EXPECT_EQ(golden.model.convolutions[i].effective_scales,
              arrays.values<float>("eff_scale." + golden.convolution_names[i]));
}

TEST_P(FloatForwardGolden, LogitsAndLossAreWithinFloatRounding) {
  const ForwardRun run(GetParam());
  EXPECT_LE(relative_to_largest(run.block.logits, run.arrays.values<float>("logits")), 3e-7);
  const FloatScore score = softmax_cross_entropy(run.block.logits, run.images.labels, 8, {}, {});
  const GoldenArrays steps(golden_file(std::string("step_") + GetParam() + "_99kb.npz"));
  EXPECT_NEAR(score.loss(), steps.values<double>("loss")[0], 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Models, FloatForwardGolden, ::testing::Values("mcunet-5fps", "mbv2-w0.35"),
                         [](const auto& test_case) {
                           return std::string(test_case.param).substr(0, 4) == "mbv2" ? "mbv2" : "mcunet";
                         });

}  // namespace
}  // namespace thaw

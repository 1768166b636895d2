// Float and integer arithmetic agree on whole published models up to rounding: every kind of operator that
// the float forward pass knows (pools, PAD, TRANSPOSE, MEAN, depth multipliers, fused RELU and RELU6) is in
// one.
#include <gtest/gtest.h>

#include <cmath>

#include "sim/exec/executor.h"
#include "sim/float/float_prefix.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/lower.h"
#include "tests/support/noise.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

class FloatModels : public ::testing::TestWithParam<const char*> {};

TEST_P(FloatModels, FeaturesAreThoseOfTheIntegerArithmeticUpToRounding) {
  THAW_REQUIRE_SHARED();
  NetworkOptions options;
  options.rescale_dead_channels = false;
  const Network network = reduce(
      read_tflite(*testing::shared_folder() / "models" / (std::string(GetParam()) + ".tflite")), options);
  const FloatModel model = float_model(network);
  Samples samples;
  samples.count = 2;
  samples.channels = static_cast<int32_t>(network.graph.tensor(network.input).elements());
  testing::Noise noise(9);
  int32_t value = 0;  // neighbouring inputs are alike, as in pictures and spectra
  for (int64_t i = 0; i < 2 * samples.sample_bytes(); ++i) {
    value = std::clamp(value + noise.in(-20, 20), -128, 127);
    samples.images.push_back(static_cast<int8_t>(value));
  }
  const PrefixCache features = cache_float_prefix(model, network.layers.size(), samples, false, 1);

  const Plan plan = lower(network, Schedule{});
  Executor executor(plan, {}, KernelSet::host, 0);
  double difference = 0.0;
  int64_t count = 0;
  for (int64_t n = 0; n < 2; ++n) {
    const std::span<int8_t> input = executor.values<int8_t>(plan.inputs[0]);
    std::copy_n(samples.images.begin() + n * samples.sample_bytes(), input.size(), input.begin());
    executor.infer();
    const std::span<const int8_t> expected =
        executor.values<int8_t>(plan.buffer_of_tensor[network.classifier.feature_tensor.index()]);
    const std::span<const int8_t> actual = features.sample(n, false);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i, ++count) difference += std::abs(actual[i] - expected[i]);
  }
  EXPECT_LT(difference / static_cast<double>(count), 1.0);  // steps of the features
}

INSTANTIATE_TEST_SUITE_P(Published, FloatModels,
                         ::testing::Values("mcunet-5fps", "mbv2-w0.35", "proxyless-w0.3", "person_detect",
                                           "pretrainedResnet_quant", "kws_ref_model", "vww_96_int8",
                                           "str_ww_ref_model", "ad01_int8", "micro_speech_quantized",
                                           "tinyengine-vww"),
                         [](const auto& test_case) {
                           std::string name = test_case.param;
                           for (char& c : name)
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace thaw

// Biases near the ends of int32: the published case, and channels made to be mended, refused or left alone.
#include "sim/graph/safe_biases.h"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/base/error.h"
#include "sim/base/json.h"
#include "sim/graph/graph_check.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/error_of.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;

// mcunet-5fps.tflite is the same network with the 46 biases moved by its publisher's converter: by the same
// rule, so every constant must be equal. The report lists them with the exact ranges of their accumulators.
TEST(SafeBiases, MendsThePublishedModelAsItsRepairedTwin) {
  THAW_REQUIRE_SHARED();
  const std::filesystem::path folder = *testing::shared_folder() / "models";
  const Graph mended = read_tflite(folder / "mcunet-5fps.unsafe-bias.tflite");
  const Graph twin = read_tflite(folder / "mcunet-5fps.tflite");
  ASSERT_EQ(mended.tensors.size(), twin.tensors.size());
  for (size_t i = 0; i < twin.tensors.size(); ++i)
    EXPECT_TRUE(mended.tensors[i].data == twin.tensors[i].data) << twin.tensors[i].name;

  const nlohmann::json report = read_json_file(folder / "mcunet-5fps.bias-report.json");
  const std::vector<JsonView> channels = JsonView(report, "report").field("channels").items();
  ASSERT_EQ(channels.size(), 46U);
  ASSERT_EQ(mended.warnings.size(), channels.size());
  int can_wrap = 0;
  for (size_t i = 0; i < channels.size(); ++i) {
    const JsonView& entry = channels[i];
    EXPECT_THAT(mended.warnings[i],
                HasSubstr("bias of channel " + std::to_string(entry.field("channel").integer()) +
                          " changed from " + std::to_string(entry.field("bias").integer()) + " to " +
                          std::to_string(entry.field("safe_bias").integer()) + " because "));
    const bool wraps = entry.field("can_wrap_int32").boolean();
    EXPECT_EQ(mended.warnings[i].find("its accumulator could leave int32") != std::string::npos, wraps);
    can_wrap += wraps ? 1 : 0;
  }
  EXPECT_EQ(can_wrap, 11);
}

/// x [1,1,1,1] (scale 1, zero point `zero`) -> CONV_2D 1x1 with weight `w` (scale `w_scale`) and one bias ->
/// scale 1.
Graph one_product(int32_t zero, int8_t w, float w_scale, int32_t bias,
                  Activation activation = Activation::none) {
  testing::GraphBuilder b;
  const TensorId x = b.activation("x", {1, 1, 1, 1}, 1.0F, zero);
  const TensorId weights = b.weights("w", {1, 1, 1, 1}, {w_scale}, 0);
  b.graph.tensors[weights.index()].data = {static_cast<std::byte>(w)};
  const TensorId biases = b.bias("b", {bias}, w_scale);
  const TensorId y = b.activation("y", {1, 1, 1, 1}, 1.0F, -128);
  b.op(Conv2d{.activation = activation}, {x, weights, biases}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  check_graph(b.graph);
  return b.graph;
}

int32_t bias_of(const Graph& graph) {
  return graph.tensors[2].int32_data()[0];
}

TEST(SafeBiases, MovesABiasByJustEnough) {
  // |x - 0| is at most 128: products reach 1280, so the largest safe bias is 2^31 - 1 - 1280.
  const Graph high = with_safe_biases(one_product(0, 10, 1e-3F, INT32_MAX));
  EXPECT_EQ(bias_of(high), INT32_MAX - 1280);
  ASSERT_EQ(high.warnings.size(), 1U);
  EXPECT_EQ(high.warnings[0],
            "subgraphs[0].operators[0] (CONV_2D): bias of channel 0 changed from 2147483647 to 2147482367 "
            "because its "
            "accumulator could leave int32; the channel's output is the same constant for every input");
  EXPECT_EQ(bias_of(with_safe_biases(one_product(0, 10, 1e-3F, INT32_MIN))), -(INT32_MAX - 1280));
  // Zero point 127: x - 127 is -255..0, so with a negative bias and weight nothing can wrap, but |w| * 255
  // counts.
  EXPECT_EQ(bias_of(with_safe_biases(one_product(127, -10, 1e-3F, INT32_MIN))), -(INT32_MAX - 2550));
}

TEST(SafeBiases, LeavesSafeBiasesAlone) {
  for (int32_t bias : {INT32_MAX - 1280, -(INT32_MAX - 1280), 0}) {
    const Graph graph = with_safe_biases(one_product(0, 10, 1e-3F, bias));
    EXPECT_EQ(bias_of(graph), bias);
    EXPECT_TRUE(graph.warnings.empty());
  }
}

std::string error_of(const Graph& graph) {
  return testing::error_of([&] { with_safe_biases(graph); });
}

// The steps of the output are 2^26 accumulator steps wide. Near 2^31 lies 31.99.. of them, output 32 - 128,
// and down to 31.5 of them the same: a constant inside the clamp, which the products of at most 1280 cannot
// leave.
TEST(SafeBiases, MendsAConstantInsideTheClamp) {
  EXPECT_EQ(error_of(one_product(0, 10, std::ldexp(1.0F, -26), INT32_MAX)), "no error");
}

TEST(SafeBiases, RefusesABiasOfTwoOperators) {
  // What is right for one operator may be wrong for the other.
  Graph shared = one_product(0, 10, 1e-3F, INT32_MAX);
  shared.tensors.push_back(shared.tensors[3]);
  shared.tensors[4].id = TensorId(4);
  shared.ops.push_back(shared.ops[0]);
  shared.ops[1].id = OpId(1);
  shared.ops[1].outputs = {TensorId(4)};
  EXPECT_EQ(error_of(shared),
            "small.tflite: subgraphs[0].operators[0] (CONV_2D): bias plus products of channel 0 can leave "
            "int32 (bias "
            "2147483647, sums of products up to 1280). Convert the model with smaller biases or larger "
            "weight scales "
            "for this channel");
}

// 8,500,000 input channels of weight 1: products alone reach 2^31, without any bias.
TEST(SafeBiases, RefusesProductsThatAloneLeaveInt32) {
  testing::GraphBuilder b;
  const int32_t channels = 8500000;
  const TensorId x = b.activation("x", {1, channels}, 1.0F, 127);
  const TensorId weights = b.weights("w", {1, channels}, {1e-6F}, 0);
  std::fill(b.graph.tensors[weights.index()].data.begin(), b.graph.tensors[weights.index()].data.end(),
            std::byte{1});
  const TensorId y = b.activation("y", {1, 1}, 1.0F, 0);
  b.op(FullyConnected{}, {x, weights, TensorId()}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  check_graph(b.graph);
  EXPECT_THAT(error_of(b.graph),
              HasSubstr("(FULLY_CONNECTED): bias plus products of channel 0 can leave int32 (bias 0, "
                        "sums of products up to 2167500000)"));
}

// A weight count large enough that products near the ends of int32 cross a rounding step of the output.
TEST(SafeBiases, RefusesAnOutputThatDependsOnTheInput) {
  testing::GraphBuilder b;
  const int32_t channels = 5000;
  const TensorId x = b.activation("x", {1, channels}, 1.0F, 0);
  const TensorId weights = b.weights("w", {1, channels}, {std::ldexp(1.0F, -26), std::ldexp(1.0F, -26)}, 0);
  Tensor& w = b.graph.tensors[weights.index()];
  w.shape = {2, channels};
  w.data.assign(static_cast<size_t>(2 * channels), std::byte{127});
  const TensorId bias = b.bias("b", {0, INT32_MAX}, 1.0F);
  const TensorId y = b.activation("y", {1, 2}, 1.0F, 0);
  b.op(FullyConnected{}, {x, weights, bias}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  check_graph(b.graph);
  EXPECT_THAT(error_of(b.graph),
              HasSubstr("bias plus products of channel 1 can leave int32 (bias 2147483647"));
}

// The output is a constant inside the clamp, not at its end; by brute force over all inputs in wide
// arithmetic.
TEST(SafeBiases, MendedChannelKeepsItsOutputForEveryInput) {
  const double factor = std::ldexp(1.0, -26);
  const Graph before = one_product(-7, 100, std::ldexp(1.0F, -26), INT32_MIN);
  const Graph after = with_safe_biases(before);
  ASSERT_NE(bias_of(before), bias_of(after));
  for (int x = -128; x <= 127; ++x) {
    const auto output = [&](int32_t bias) {
      const double accumulator = static_cast<double>(bias) + 100.0 * (x + 7);
      return std::max(-128.0, std::round(accumulator * factor) - 128.0);
    };
    EXPECT_EQ(output(bias_of(before)), output(bias_of(after)));
  }
}

TEST(SafeBiases, SaysWhereScalesShiftLeft) {
  // Factor 2^20: shift 21; products of 1280 shifted so far leave int32.
  testing::GraphBuilder b;
  b.graph = one_product(0, 10, 1048576.0F, 0);
  const Graph graph = with_safe_biases(b.graph);
  ASSERT_EQ(graph.warnings.size(), 1U);
  EXPECT_THAT(graph.warnings[0], HasSubstr("the scales of 1 channels shift the accumulator left so far"));
}

}  // namespace
}  // namespace thaw

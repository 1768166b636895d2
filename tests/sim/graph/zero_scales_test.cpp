// Files that TensorFlow Lite Micro runs although a scale is 0, missing or off by a bit.
#include "sim/graph/zero_scales.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "sim/base/error.h"
#include "sim/graph/graph_check.h"
#include "sim/graph/same_values.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using testing::GraphBuilder;
using ::testing::HasSubstr;

Graph read_case(const std::string& name) {
  return read_tflite(testing::golden_folder() / "cases" / name / "model.tflite");
}

TEST(ZeroScales, AreOpenedInEveryFormThatTfliteMicroRuns) {
  for (const char* name :
       {"scale-zero-of-dead-channel", "scale-zero-of-dead-channel-depthwise", "bias-without-scale-dense",
        "bias-scale-zero", "pool-scale-last-bit", "pool-scale-last-bit-max"}) {
    SCOPED_TRACE(name);
    Graph graph;
    ASSERT_NO_THROW(graph = read_case(name));
    for (const Tensor& tensor : graph.tensors) {
      if (tensor.type != DataType::int8) continue;
      for (float s : tensor.quantization.scales) EXPECT_GT(s, 0.0F) << tensor.name;
    }
    // What is written is read again, and written the same.
    const std::vector<std::byte> bytes = write_tflite(graph);
    EXPECT_EQ(write_tflite(read_tflite(bytes, "again.tflite")), bytes);
    EXPECT_TRUE(read_tflite(bytes, "again.tflite").warnings.empty());
  }
}

/// x [1,2] -> dense of three outputs with these scales -> y, biases 100, 200, 300.
Graph dense(std::vector<float> scales) {
  GraphBuilder b;
  const TensorId x = b.activation("x", {1, 2}, 0.5F, 3);
  const TensorId w = b.weights("w", {3, 2}, std::move(scales), 0);
  const TensorId bias = b.bias("b", {100, 200, 300}, 0.0F);
  const TensorId y = b.activation("y", {1, 3}, 2.0F, -9);
  b.op(FullyConnected{}, {x, w, bias}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  return b.graph;
}

std::vector<int32_t> biases(const Graph& graph, const Op& op) {
  const Tensor& bias = graph.tensor(op.inputs[2]);
  return {bias.int32_data(), bias.int32_data() + bias.elements()};
}

TEST(ZeroScales, FollowTheDeadChannelRule) {
  check_graph(dense({0.25F, 0.0F, 0.75F}));
  const Graph mended = with_nonzero_scales(dense({0.25F, 0.0F, 0.75F}));
  const Tensor& w = mended.tensor(mended.ops[0].inputs[1]);
  EXPECT_THAT(w.quantization.scales, ElementsAre(0.25F, 0.75F, 0.75F));  // element 2/2 of 0.25, 0.75
  EXPECT_EQ(w.int8_data()[2], 0);
  EXPECT_EQ(w.int8_data()[3], 0);
  EXPECT_NE(w.int8_data()[1], 0);
  EXPECT_THAT(biases(mended, mended.ops[0]), ElementsAre(100, 0, 300));
  ASSERT_EQ(mended.warnings.size(), 1U);
  EXPECT_THAT(mended.warnings[0], HasSubstr("1 channels have a weight scale of 0"));
}

TEST(ZeroScales, TakeTheRestWhereOthersAreDeadToo) {
  const Graph tiny = with_nonzero_scales(dense({0.0F, 1e-9F, 0.0F}));
  EXPECT_THAT(tiny.tensors[1].quantization.scales, ElementsAre(1e-9F, 1e-9F, 1e-9F));
  for (const std::vector<float>& scales : {std::vector<float>{0.0F}, std::vector<float>{0.0F, 0.0F, 0.0F}}) {
    const Graph all = with_nonzero_scales(dense(scales));
    for (float s : all.tensors[1].quantization.scales) EXPECT_EQ(s, 4.0F);  // 2 / 0.5
    EXPECT_THAT(biases(all, all.ops[0]), ElementsAre(0, 0, 0));
    EXPECT_NO_THROW(check_graph(all));
  }
}

TEST(ZeroScales, LeaveConstantsOfOthersAlone) {
  Graph graph = dense({0.25F, 0.0F, 0.75F});
  Op second = graph.ops[0];  // the same bias, weights of its own
  second.id = OpId(1);
  for (int copied : {1, 3}) {
    Tensor copy = graph.tensors[static_cast<size_t>(copied)];
    copy.id = TensorId(graph.tensors.size());
    if (copied == 1) copy.quantization.scales = {0.5F, 0.5F, 0.5F};
    (copied == 1 ? second.inputs[1] : second.outputs[0]) = copy.id;
    graph.tensors.push_back(copy);
  }
  graph.ops.push_back(second);
  graph.outputs.push_back(second.outputs[0]);
  check_graph(graph);
  const Graph mended = with_nonzero_scales(graph);
  check_graph(mended);
  EXPECT_THAT(biases(mended, mended.ops[0]), ElementsAre(100, 0, 300));
  EXPECT_THAT(biases(mended, mended.ops[1]), ElementsAre(100, 200, 300));
}

TEST(ZeroScales, OfActivationsAreRefused) {
  for (size_t tensor : {0U, 3U}) {
    Graph graph = dense({0.25F});
    graph.tensors[tensor].quantization.scales = {0.0F};
    EXPECT_THROW(check_graph(graph), Error);
  }
  Graph graph = dense({-0.25F});
  EXPECT_THROW(check_graph(graph), Error);
}

TEST(ZeroScales, ABiasWithAWrongScaleIsRefused) {
  Graph graph = dense({0.25F});
  graph.tensors[2].quantization.scales = {0.5F};  // the products have 0.125; 0.375 / 2 is above 0.02
  EXPECT_THROW(check_graph(graph), Error);
  graph.tensors[2].quantization.scales = {0.125F};
  EXPECT_NO_THROW(check_graph(graph));
  graph.tensors[2].quantization = {};
  EXPECT_NO_THROW(check_graph(graph));
}

TEST(SameValues, AllowsWhatThePoolsOfTfliteMicroAllow) {
  const auto scaled = [](float scale, int32_t zero_point) { return Quantization{{scale}, {zero_point}, 0}; };
  const float next = std::nextafter(0.05F, 1.0F);
  EXPECT_TRUE(same_values(scaled(0.05F, 3), scaled(next, 3)));
  EXPECT_TRUE(same_values(scaled(next, 3), scaled(0.05F, 3)));
  EXPECT_TRUE(same_values(scaled(0.05F, 3), scaled(0.0500009F, 3)));
  EXPECT_FALSE(same_values(scaled(0.05F, 3), scaled(0.050002F, 3)));
  EXPECT_FALSE(same_values(scaled(0.050002F, 3), scaled(0.05F, 3)));
  EXPECT_FALSE(same_values(scaled(0.05F, 3), scaled(0.05F, 4)));
}

}  // namespace
}  // namespace thaw

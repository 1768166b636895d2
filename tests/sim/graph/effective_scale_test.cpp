// Where the float32 rounding of a product of scales matters, and where it must not happen.
#include "sim/graph/effective_scale.h"

#include <gtest/gtest.h>

#include "tests/sim/graph/small_models.h"

namespace thaw {
namespace {

TEST(EffectiveScale, ConvolutionUsesBinary64) {
  const Graph graph = testing::one_convolution();
  EXPECT_EQ(effective_scale(graph, graph.ops[0], 1), 0.5 * static_cast<double>(0.02F) / 0.25);
  EXPECT_EQ(output_channels(graph, graph.ops[0]), 3U);
}

TEST(EffectiveScale, DenseWithOneScaleRoundsTheProduct) {
  Graph graph = testing::one_dense();
  graph.tensors[0].quantization.scales = {0.1F};
  graph.tensors[1].quantization.scales = {0.3F};
  const double exact = static_cast<double>(0.1F) * static_cast<double>(0.3F) / 0.25;
  const double rounded = static_cast<double>(0.1F * 0.3F) / 0.25;
  ASSERT_NE(exact, rounded);
  EXPECT_EQ(effective_scale(graph, graph.ops[0], 2), rounded);
  graph.tensors[1].quantization = {{0.3F, 0.3F, 0.3F}, {0, 0, 0}, 0};
  EXPECT_EQ(effective_scale(graph, graph.ops[0], 2), exact);
}

TEST(EffectiveScale, DepthwiseChannelsAreTheLastAxis) {
  const Graph graph = testing::every_operator();
  EXPECT_EQ(output_channels(graph, graph.ops[3]), 8U);
}

}  // namespace
}  // namespace thaw

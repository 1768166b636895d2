// What lowering refuses or limits, so that no sum of a training step leaves int32 (arithmetic sections 2,
// 14).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "sim/base/error.h"
#include "sim/plan/lower.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

constexpr int32_t kExpand = 0, kProject = 2;

Plan lowered(const Graph& graph, const LayerUpdate& update, int32_t gradient_bits = 7) {
  Schedule schedule;
  schedule.training.gradient_bits = gradient_bits;
  schedule.update = {update};
  return lower(reduce(graph, {}), schedule);
}

LayerUpdate biases_of(int32_t op) {
  return {op, "", true, UpdatedWeights::none, {}};
}

/// The small model on an image of size x size.
Graph small_model_of(int32_t size) {
  Graph graph = testing::SmallModel().graph();
  for (Tensor& tensor : graph.tensors)
    if (tensor.shape.size() == 4 && tensor.shape[1] == 4 && tensor.shape[2] == 4)
      tensor.shape[1] = tensor.shape[2] = size;
  for (Op& op : graph.ops)
    if (auto* pool = std::get_if<AveragePool2d>(&op.kind))
      pool->filter_height = pool->filter_width = pool->stride_height = pool->stride_width = size;
  return graph;
}

// 2^b * 255 * positions <= 2^31 - 1: 65793 positions for b = 7, 8224 for b = 10.
TEST(LowerLimits, SumsOverMorePositionsThanInt32HoldsAreRefused) {
  EXPECT_EQ(error_of([] { lowered(small_model_of(256), biases_of(kProject)); }), "no error");
  EXPECT_THAT(error_of([] { lowered(small_model_of(257), biases_of(kProject)); }),
              HasSubstr("layer 'project': gradients of 7 bits could overflow its 32-bit sums"));
  EXPECT_EQ(error_of([] { lowered(small_model_of(90), biases_of(kProject), 10); }), "no error");
  EXPECT_THAT(error_of([] { lowered(small_model_of(91), biases_of(kProject), 10); }),
              HasSubstr("layer 'project': gradients of 10 bits could overflow its 32-bit sums"));
}

TEST(LowerLimits, TrainedBiasesStartAndStayWhereNoAccumulatorOverflows) {
  Graph graph = testing::SmallModel().graph();
  const int32_t biases[3] = {INT32_MAX, -INT32_MAX, 7};
  Tensor& tensor = graph.tensors[graph.ops[kProject].inputs[2].index()];
  ASSERT_EQ(tensor.data.size(), sizeof biases);
  std::memcpy(tensor.data.data(), biases, sizeof biases);
  const Plan plan = lowered(graph, biases_of(kProject));
  constexpr int32_t kLimit = INT32_MAX - 4 * 255 * 127;  // four products an output
  int found = 0;
  for (const Step& step : plan.steps)
    if (const auto* update = std::get_if<UpdateBiases>(&step.kernel)) {
      ++found;
      EXPECT_EQ(update->limit, kLimit);
      const Buffer& start = plan.buffer(plan.buffer(update->biases).initial);
      const int32_t limited[3] = {kLimit, -kLimit, 7};
      ASSERT_EQ(start.data.size(), sizeof limited);
      EXPECT_EQ(std::memcmp(start.data.data(), limited, sizeof limited), 0);
    }
  EXPECT_EQ(found, 1);
}

/// The small model with `count` adds of expand's output to what comes from the layer before.
Graph with_adds(int count) {
  Graph graph = testing::SmallModel().graph();
  const TensorId expanded = graph.ops[0].outputs[0];
  TensorId last = graph.ops[1].outputs[0];
  for (int i = 0; i < count; ++i) {
    Tensor sum = graph.tensors[last.index()];
    sum.name = "sum " + std::to_string(i);
    sum.id = TensorId(graph.tensors.size());
    sum.file_index = sum.id.value;
    graph.tensors.push_back(sum);
    graph.ops.insert(graph.ops.begin() + 2 + i, Op{OpId(0), {expanded, last}, {sum.id}, Add{}});
    last = sum.id;
  }
  graph.ops[static_cast<size_t>(2 + count)].inputs[0] = last;
  for (size_t i = 0; i < graph.ops.size(); ++i) graph.ops[i].id = OpId(i);
  return graph;
}

TEST(LowerLimits, MoreThanTwoReadersAreSummedInTensorsOfTwoSources) {
  const Plan plan = lowered(with_adds(1), biases_of(kExpand));
  size_t most = 0;
  for (const Step& step : plan.steps)
    if (const auto* gradient = std::get_if<MakeGradient>(&step.kernel))
      most = std::max(most, gradient->sources.size());
  EXPECT_EQ(most, 2U);
  const Plan three = lowered(with_adds(2), biases_of(kExpand));
  EXPECT_EQ(three.gradient_tensors.size(), plan.gradient_tensors.size() + 2);  // the other add, and a sum
  for (const Step& step : three.steps) {
    const auto* gradient = std::get_if<MakeGradient>(&step.kernel);
    EXPECT_LE(gradient == nullptr ? 0 : gradient->sources.size(), 2U);
  }
}

}  // namespace
}  // namespace thaw

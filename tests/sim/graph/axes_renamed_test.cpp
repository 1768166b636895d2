// EXPAND_DIMS and SQUEEZE are RESHAPE; files of several subgraphs are their first.
#include <gmock/gmock.h>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using tflite::TensorType;

constexpr int32_t kSqueeze = 43, kExpandDims = 70, kCallOnce = 129;

TEST(AxesRenamed, ExpandDimsOfKerasConv1D) {
  const Graph graph =
      read_tflite(testing::golden_folder() / "cases" / "operator-expand-dims" / "model.tflite");
  ASSERT_TRUE(std::holds_alternative<Reshape>(graph.ops[0].kind));
  EXPECT_EQ(graph.ops[0].inputs.size(), 1U);
  EXPECT_EQ(graph.tensor(graph.ops[0].outputs[0]).shape, (std::vector<int32_t>{1, 1, 16, 4}));
}

Graph renamed(int32_t code, const std::vector<int32_t>& to, int subgraphs) {
  testing::FileBuilder file;
  const int32_t x = file.tensor(TensorType::INT8, {1, 4, 1, 2}), y = file.tensor(TensorType::INT8, to);
  file.op(kCallOnce, {}, {});
  if (code == kExpandDims)
    file.op(code, {x, file.scalar(-1)}, {y});
  else
    file.op(code, {x}, {y});
  return read_tflite(file.finish({x}, {y}, subgraphs), "m.tflite");
}

TEST(AxesRenamed, SqueezeAndExpandDims) {
  for (const auto& [code, to] : {std::pair(kSqueeze, std::vector<int32_t>{4, 2}),
                                 std::pair(kExpandDims, std::vector<int32_t>{1, 4, 1, 2, 1})}) {
    const Graph graph = renamed(code, to, 1);
    ASSERT_EQ(graph.ops.size(), 1U) << "CALL_ONCE is left out";
    EXPECT_TRUE(std::holds_alternative<Reshape>(graph.ops[0].kind));
    EXPECT_EQ(graph.ops[0].file_index, 1);
    EXPECT_TRUE(graph.warnings.empty());
  }
  EXPECT_THROW(renamed(kSqueeze, {4, 3}, 1), Error);
}

TEST(AxesRenamed, OfSeveralSubgraphsTheFirstIsRead) {
  const Graph graph = renamed(kSqueeze, {4, 2}, 3);
  EXPECT_EQ(graph.ops.size(), 1U);
  ASSERT_EQ(graph.warnings.size(), 1U);
  EXPECT_THAT(graph.warnings[0], ::testing::HasSubstr("3 subgraphs; the first is the model"));
}

}  // namespace
}  // namespace thaw

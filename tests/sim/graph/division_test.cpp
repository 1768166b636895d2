// DIV by a constant of one element is read and written; other divisors are refused by what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/graph/graph_check.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

/// y [1,4] = x / (scale * (number + 3)) for each number; `output_scale` of y.
Graph division(const std::vector<int>& numbers, float output_scale = 0.1F) {
  testing::GraphBuilder b;
  const TensorId x = b.activation("x", {1, 4}, 0.5F, -3);
  const TensorId d = b.activation("d", {static_cast<int32_t>(numbers.size())}, 0.25F, -3);
  for (int number : numbers) b.graph.tensors[d.index()].data.push_back(static_cast<std::byte>(number));
  const TensorId y = b.activation("y", {1, 4}, output_scale, 4);
  b.op(Unary{UnaryFunction::divide}, {x, d}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  return b.graph;
}

TEST(Division, ByANumberComesBack) {
  const Graph back = read_tflite(write_tflite(division({17})), "division.tflite");
  ASSERT_EQ(back.ops.size(), 1U);
  EXPECT_STREQ(op_name(back.ops[0].kind), "DIV");
  EXPECT_EQ(std::get<Unary>(back.ops[0].kind).function, UnaryFunction::divide);
  ASSERT_EQ(back.ops[0].inputs.size(), 2U);
  EXPECT_EQ(back.tensor(back.ops[0].inputs[1]).int8_data()[0], 17);
}

TEST(Division, OtherDivisorsAreRefused) {
  const auto refusal = [](const Graph& graph) {
    return error_of([&] { read_tflite(write_tflite(graph), "d"); });
  };
  EXPECT_THAT(refusal(division({17, 18, 19, 20})), HasSubstr("is no constant of one element"));
  EXPECT_THAT(refusal(division({-3})), HasSubstr("is zero"));
  EXPECT_THAT(refusal(division({17}, 1e-7F)), HasSubstr("so small that the quotients"));
  Graph by_itself = division({17});
  by_itself.ops[0].inputs[1] = by_itself.ops[0].inputs[0];
  EXPECT_THAT(refusal(by_itself), HasSubstr("is no constant of one element"));
}

}  // namespace
}  // namespace thaw

// Models with uint8 ends: read as int8 that mean the same numbers, written as uint8 again.
#include "sim/graph/uint8_ends.h"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/base/error.h"
#include "sim/graph/same_values.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/error_of.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;
using tflite::TensorType;

constexpr int32_t kQuantize = 114, kReshape = 22;

TEST(Uint8Ends, KeepTheRealNumbersOfEveryValue) {
  const Graph graph = read_tflite(testing::golden_folder() / "cases" / "uint8-ends-both" / "model.tflite");
  const Tensor& input = graph.tensor(graph.inputs[0]);
  const Tensor& output = graph.tensor(graph.outputs[0]);
  EXPECT_EQ(input.type, DataType::int8);
  EXPECT_EQ(input.quantization.zero_point(), -128);
  EXPECT_EQ(file_zero_point(input), 0);
  EXPECT_EQ(output.quantization.zero_point(), 0);
  EXPECT_EQ(file_zero_point(output), 128);
  EXPECT_STREQ(file_type_name(input), "uint8");
  EXPECT_STREQ(file_type_name(graph.tensor(graph.ops[0].outputs[0])), "int8");
}

TEST(Uint8Ends, BytesGoToTheFileAndBack) {
  Tensor tensor;
  tensor.uint8_in_file = true;
  std::vector<std::byte> bytes = {std::byte{0}, std::byte{127}, std::byte{128}, std::byte{255}};
  exchange_with_file(tensor, bytes);  // 0, 127, 128, 255 minus 128
  EXPECT_EQ(bytes, (std::vector<std::byte>{std::byte{0x80}, std::byte{0xff}, std::byte{0}, std::byte{127}}));
  tensor.uint8_in_file = false;
  exchange_with_file(tensor, bytes);
  EXPECT_EQ(bytes[0], std::byte{0x80});
}

TEST(Uint8Ends, AreWrittenAsUint8) {
  const Graph graph = read_tflite(testing::golden_folder() / "cases" / "uint8-ends-both" / "model.tflite");
  const std::vector<std::byte> bytes = write_tflite(graph);
  const auto* file = tflite::GetModel(bytes.data())->subgraphs()->Get(0);
  const auto end = [&](const auto* ends) {
    return file->tensors()->Get(static_cast<flatbuffers::uoffset_t>(ends->Get(0)));
  };
  EXPECT_EQ(end(file->inputs())->type(), TensorType::UINT8);
  EXPECT_EQ(end(file->inputs())->quantization()->zero_point()->Get(0), 0);
  EXPECT_EQ(end(file->outputs())->type(), TensorType::UINT8);
  EXPECT_EQ(end(file->outputs())->quantization()->zero_point()->Get(0), 128);
  const Graph again = read_tflite(bytes, "again.tflite");
  EXPECT_EQ(again.tensor(again.outputs[0]).quantization.zero_points,
            graph.tensor(graph.outputs[0]).quantization.zero_points);
}

TEST(Uint8Ends, QuantizeOfNearlyEqualScalesGivesEveryValueBack) {
  int close = 0;
  for (double apart : {0.0, 1e-7, 5e-4, 0.0009, 0.0011, 0.002, 0.1}) {
    const Quantization from = {{static_cast<float>(0.1 * (1 + apart))}, {-128}, 0}, to = {{0.1F}, {-128}, 0};
    if (!requantizes_to_itself(from, to) || !requantizes_to_itself(to, from)) continue;
    ++close;
    for (int32_t x = -255; x <= 255; ++x) {
      const double ratio = static_cast<double>(from.scale()) / static_cast<double>(to.scale());
      ASSERT_EQ(std::lround(x * ratio), x);
      ASSERT_EQ(std::lround(x / ratio), x);
    }
  }
  EXPECT_EQ(close, 4);
  EXPECT_FALSE(requantizes_to_itself({{0.1F}, {0}, 0}, {{0.1F}, {1}, 0}));
}

std::string error_of(const std::vector<std::byte>& bytes) {
  return testing::error_of([&] { read_tflite(bytes, "m.tflite"); });
}

TEST(Uint8Ends, OperatorsThatOnlyMoveMayReadThem) {
  testing::FileBuilder file;
  const int32_t x = file.tensor(TensorType::UINT8, {1, 4}), flat = file.tensor(TensorType::UINT8, {4});
  const int32_t y = file.tensor(TensorType::INT8, {4});
  file.op(kReshape, {x}, {flat});
  const int32_t row = file.tensor(TensorType::INT8, {1, 4});
  file.op(kQuantize, {flat}, {y});
  file.op(kReshape, {y}, {row});
  EXPECT_EQ(error_of(file.finish({x}, {row})), "no error");
}

TEST(Uint8Ends, OperatorsThatComputeMayNot) {
  Graph graph = testing::one_convolution();
  graph.tensors[0].uint8_in_file = true;
  EXPECT_THAT(
      error_of(write_tflite(graph)),
      HasSubstr("operators[0] (CONV_2D): computes with subgraphs[0].tensors[0] (\"x\"), which is uint8"));
}

TEST(Uint8Ends, ConstantsAndZeroPointsOutsideTheirRangeAreRefused) {
  testing::FileBuilder file;
  const int32_t x = file.tensor(TensorType::UINT8, {1, 4}, -1), y = file.tensor(TensorType::INT8, {1, 4});
  file.op(kQuantize, {x}, {y});
  EXPECT_THAT(error_of(file.finish({x}, {y})), HasSubstr("zero_point: is -1, expected 0..255"));
  testing::FileBuilder other;
  const int32_t constant = other.constant<uint8_t>(TensorType::UINT8, {2}, {1, 2});
  const int32_t made = other.tensor(TensorType::INT8, {2});
  other.op(kQuantize, {constant}, {made});
  EXPECT_THAT(error_of(other.finish({}, {made})), HasSubstr("type: is uint8, expected int8"));
}

}  // namespace
}  // namespace thaw

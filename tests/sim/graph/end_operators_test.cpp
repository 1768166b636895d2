// Operators at the end that only turn scores into probabilities: the model is read without them, and written
// with them again.
#include "sim/graph/end_operators.h"

#include <gmock/gmock.h>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;
using tflite::TensorType;

constexpr int32_t kDequantize = 6, kLogistic = 14, kReshape = 22, kLogSoftmax = 50;

/// x int8 -> RESHAPE -> DEQUANTIZE -> the operator on float32, twice where asked for.
std::vector<std::byte> float_end(int32_t code, int times = 1) {
  testing::FileBuilder file;
  const int32_t x = file.tensor(TensorType::INT8, {4}), scores = file.tensor(TensorType::INT8, {1, 4});
  int32_t y = file.tensor(TensorType::FLOAT32, {1, 4});
  file.op(kReshape, {x}, {scores});
  file.op(kDequantize, {scores}, {y});
  for (int i = 0; i < times; ++i) {
    const int32_t next = file.tensor(TensorType::FLOAT32, {1, 4});
    file.op(code, {y}, {next});
    y = next;
  }
  return file.finish({x}, {y});
}

TEST(EndOperators, OfFloatsAreReadApartAndWrittenAgain) {
  for (int32_t code : {kLogSoftmax, kLogistic}) {
    Graph graph = read_tflite(float_end(code), "m.tflite");
    for (int time = 0; time < 2; ++time) {
      EXPECT_EQ(graph.ops.size(), 2U);
      EXPECT_EQ(graph.tensor(graph.outputs[0]).name, "t2") << "the scores";
      ASSERT_EQ(graph.end_operators.size(), 1U);
      EXPECT_EQ(graph.end_operators[0].builtin_code, code);
      EXPECT_EQ(graph.end_operators[0].result.name, "t3");
      ASSERT_EQ(graph.warnings.size(), 1U);
      EXPECT_THAT(graph.warnings[0], HasSubstr("kept for the trained file only"));
      graph = read_tflite(write_tflite(graph), "again.tflite");
    }
  }
}

TEST(EndOperators, ConversionsBehindThemBelongToThem) {
  testing::FileBuilder file;
  const int32_t x = file.tensor(TensorType::INT8, {4}), scores = file.tensor(TensorType::INT8, {1, 4});
  const int32_t logs = file.tensor(TensorType::INT8, {1, 4}), y = file.tensor(TensorType::FLOAT32, {1, 4});
  file.op(kReshape, {x}, {scores});
  file.op(kLogSoftmax, {scores}, {logs});
  file.op(kDequantize, {logs}, {y});
  Graph graph = read_tflite(file.finish({x}, {y}), "m.tflite");
  ASSERT_EQ(graph.end_operators.size(), 2U);
  EXPECT_EQ(graph.end_operators[0].builtin_code, kLogSoftmax);
  EXPECT_EQ(graph.end_operators[1].builtin_code, kDequantize);
  // A classifier of other classes changes the shape of all that follows.
  graph.tensors[1].shape = {1, 6};
  const std::vector<std::byte> bytes = write_tflite(graph);
  const auto* tensors = tflite::GetModel(bytes.data())->subgraphs()->Get(0)->tensors();
  const auto* last = tensors->Get(tensors->size() - 1)->shape();
  EXPECT_EQ(std::vector<int32_t>(last->begin(), last->end()), graph.tensor(graph.outputs[0]).shape);
}

std::string error_of(const std::vector<std::byte>& bytes) {
  return testing::error_of([&] { read_tflite(bytes, "m.tflite"); });
}

TEST(EndOperators, OnlyTheLastOneOfAnInt8ModelIsOne) {
  EXPECT_THAT(error_of(float_end(kLogSoftmax, 2)), HasSubstr("operator LOG_SOFTMAX is not supported"));
  testing::FileBuilder file;  // its input is the model's
  const int32_t x = file.tensor(TensorType::INT8, {1, 4}), y = file.tensor(TensorType::INT8, {1, 4});
  file.op(kLogSoftmax, {x}, {y});
  EXPECT_THAT(error_of(file.finish({x}, {y})), HasSubstr("operator LOG_SOFTMAX is not supported"));
}

}  // namespace
}  // namespace thaw

// Damaged models and JSON documents: the readers accept them or refuse them with thaw::Error, nothing else.
// What a reader accepts must also survive being written and read again.
#include <gtest/gtest.h>

#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/mutate.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

void read_and_write(std::span<const std::byte> bytes) {
  const Graph graph = read_tflite(bytes, "fuzz.tflite");
  read_tflite(write_tflite(graph), "again.tflite");
}

/// Every operator of the folding table once, each on constants; the model is SQUEEZE, DEQUANTIZE and an
/// end operator.
testing::Bytes folded_model() {
  using tflite::BuiltinOptions;
  testing::FileBuilder file;
  auto& fb = file.fb;
  const int32_t x = file.tensor(tflite::TensorType::INT8, {1, 4, 1, 2});
  const int32_t y = file.tensor(tflite::TensorType::INT8, {4, 2});
  const auto result = [&](const std::vector<int32_t>& shape) {
    return file.tensor(tflite::TensorType::INT32, shape);
  };
  const int32_t shape = result({4}), matrix = file.integers({1, 2, 3, 4, 5, 6}), rows = result({2, 3});
  file.op(77, {x}, {shape});
  file.op(22, {matrix, file.integers({2, 3})}, {rows});
  file.op(39, {rows, file.integers({1, 0})}, {result({3, 2})});
  file.op(65, {rows, file.integers({0, 1}), file.integers({2, 2})}, {result({2, 2})});
  file.op(45, {shape, file.integers({0}), file.integers({4}), file.integers({2})}, {result({2})},
          BuiltinOptions::StridedSliceOptions, tflite::CreateStridedSliceOptions(fb).Union());
  file.op(36, {shape, file.integers({3, 0})}, {result({2})}, BuiltinOptions::GatherOptions,
          tflite::CreateGatherOptions(fb).Union());
  file.op(83, {shape, shape}, {result({4, 2})}, BuiltinOptions::PackOptions,
          tflite::CreatePackOptions(fb, 2, 1).Union());
  file.op(2, {shape, matrix}, {result({10})}, BuiltinOptions::ConcatenationOptions,
          tflite::CreateConcatenationOptions(fb).Union());
  file.op(0, {shape, file.scalar(2)}, {result({4})}, BuiltinOptions::AddOptions,
          tflite::CreateAddOptions(fb).Union());
  file.op(90, {shape, file.scalar(2)}, {result({4})});
  file.op(81, {shape, file.integers({0})}, {result({})}, BuiltinOptions::ReducerOptions,
          tflite::CreateReducerOptions(fb).Union());
  file.op(94, {file.integers({2, 2}), file.scalar(7)}, {result({2, 2})});
  file.op(53, {shape}, {file.tensor(tflite::TensorType::FLOAT32, {4})});
  const int32_t real = file.tensor(tflite::TensorType::FLOAT32, {4, 2});
  const int32_t logs = file.tensor(tflite::TensorType::FLOAT32, {4, 2});
  file.op(43, {x}, {y});
  file.op(6, {y}, {real});
  file.op(50, {real}, {logs});
  return file.finish({x}, {logs}, 2);
}

/// FULLY_CONNECTED with sparse weights, compressed by rows.
testing::Bytes sparse_model() {
  testing::FileBuilder file;
  const int32_t x = file.tensor(tflite::TensorType::INT8, {1, 4});
  const int32_t stored = file.constant<int8_t>(tflite::TensorType::INT8, {3, 4}, {5, 6, 7},
                                               testing::csr_rows(file, 3, {0, 2, 2, 3}, {0, 3, 1}));
  const int32_t weights = file.tensor(tflite::TensorType::INT8, {3, 4}, 0);
  const int32_t y = file.tensor(tflite::TensorType::INT8, {1, 3});
  file.op(124, {stored}, {weights});
  file.op(9, {x, weights, -1}, {y}, tflite::BuiltinOptions::FullyConnectedOptions,
          tflite::CreateFullyConnectedOptions(file.fb).Union());
  return file.finish({x}, {y});
}

TEST(ModelFuzz, FoldedModelIsValid) {
  const Graph graph = read_tflite(folded_model(), "folded.tflite");
  EXPECT_EQ(graph.ops.size(), 2U) << "only SQUEEZE and DEQUANTIZE are left";
}

TEST(ModelFuzz, HandMadeModels) {
  const testing::FuzzCount count =
      testing::fuzz({write_tflite(testing::every_operator()), write_tflite(testing::one_convolution()),
                     write_tflite(testing::one_dense()), write_tflite(testing::one_addition())},
                    read_and_write);
  testing::expect_both_outcomes(count);
}

TEST(ModelFuzz, SyntheticGoldens) {
  std::vector<testing::Bytes> models;
  const std::filesystem::path folder = testing::golden_folder() / "tflm" / "synthetic";
  for (const char* name :
       {"conv_3x3_same_relu", "dw_m8_1ch", "fc_per_channel", "mean_neg_axes", "pad_channels", "softmax_rows",
        "transpose_mean_mean", "block_inverted_residual", "float_io_chain", "reshape"})
    models.push_back(read_file(folder / name / "model.tflite", 1 << 20));
  const testing::FuzzCount count = testing::fuzz(models, read_and_write);
  testing::expect_both_outcomes(count);
}

// uint8 ends, constant folding, renamed axes.
TEST(ModelFuzz, Cases) {
  std::vector<testing::Bytes> models = {folded_model(), sparse_model()};
  const std::filesystem::path folder = testing::golden_folder() / "cases";
  for (const char* name : {"uint8-ends-both", "operator-dynamic-flatten", "operator-expand-dims"})
    models.push_back(read_file(folder / name / "model.tflite", 1 << 20));
  const testing::FuzzCount count = testing::fuzz(models, read_and_write);
  testing::expect_both_outcomes(count);
}

// A graph damaged in its values, written as a sound flatbuffer: gets past the offsets to the checks of the
// model.
TEST(ModelFuzz, DamagedGraphs) {
  const std::vector<Graph> graphs = {testing::every_operator(), testing::one_convolution(),
                                     testing::one_dense(), testing::one_addition()};
  const testing::FuzzCount count = testing::fuzz({testing::Bytes(8)}, [&](std::span<const std::byte> seed) {
    uint64_t number = 0;
    for (std::byte b : seed) number = number * 257 + std::to_integer<uint64_t>(b);
    testing::Mutator random(number);
    constexpr int32_t extremes[] = {0, 1, -1, 2, 3, 127, 128, -128, 65536, INT32_MAX, INT32_MIN, 1 << 20};
    const auto extreme = [&] { return extremes[random.below(std::size(extremes))]; };
    Graph graph = graphs[random.below(graphs.size())];
    for (uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
      Tensor& tensor = graph.tensors[random.below(graph.tensors.size())];
      Op& op = graph.ops[random.below(graph.ops.size())];
      switch (random.below(9)) {
        case 0:
          if (!tensor.shape.empty()) tensor.shape[random.below(tensor.shape.size())] = extreme();
          break;
        case 1:
          tensor.quantization.scales.assign(random.below(4), static_cast<float>(extreme()));
          break;
        case 2:
          tensor.quantization.zero_points.assign(random.below(4), extreme());
          break;
        case 3:
          if (!op.inputs.empty())
            op.inputs[random.below(op.inputs.size())] = TensorId(static_cast<int32_t>(random.below(20)) - 1);
          break;
        case 4:
          tensor.data.resize(random.below(100));
          break;
        case 5:
          tensor.type = static_cast<DataType>(random.below(3));
          break;
        case 6:
          std::visit(
              [&](auto& kind) {
                if constexpr (requires { kind.stride_height; }) kind.stride_height = extreme();
                if constexpr (requires { kind.dilation_width; }) kind.dilation_width = extreme();
                if constexpr (requires { kind.filter_width; }) kind.filter_width = extreme();
                if constexpr (requires { kind.keep_dims; }) kind.axes = {extreme()};
                if constexpr (requires { kind.paddings; }) kind.paddings[1] = {extreme(), extreme()};
                if constexpr (requires { kind.permutation; }) kind.permutation[0] = extreme();
              },
              op.kind);
          break;
        case 7:
          tensor.uint8_in_file = !tensor.uint8_in_file;
          break;
        default:
          if (tensor.type == DataType::int32 && tensor.data.size() >= 4) {
            const int32_t value = extreme();
            std::memcpy(tensor.data.data(), &value, 4);
          }
      }
    }
    read_and_write(write_tflite(graph));
  });
  testing::expect_both_outcomes(count);
}

TEST(JsonFuzz, DamagedDocuments) {
  const std::vector<testing::Bytes> documents = {
      testing::bytes_of(
          R"({"schema_version": 1, "update": [{"op": 1, "weights": {"input_channels": [1, 2]}}], "x": -1.5e3})"),
      testing::bytes_of("[\"\\u00e4\\ud83d\\ude00\", \"\xc3\xa4\", null, true, [[[[{}]]]]]")};
  const testing::FuzzCount count = testing::fuzz(documents, [](std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const nlohmann::json document = parse_json(text, "fuzz.json");
    parse_json(json_text(document), "again.json");
    const JsonView root(document, "fuzz.json");
    check_schema_version(root, 1);
    for (const JsonView& update : root.field("update").items()) update.field("op").integer(0, 5);
  });
  testing::expect_both_outcomes(count);
}

}  // namespace
}  // namespace thaw

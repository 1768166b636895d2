// Damaged models and JSON documents: the readers accept them or refuse them with thaw::Error, nothing else.
// What a reader accepts must also survive being written and read again.
#include <gtest/gtest.h>

#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/mutate.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

void read_and_write(std::span<const std::byte> bytes) {
  const Graph graph = read_tflite(bytes, "fuzz.tflite");
  read_tflite(write_tflite(graph), "again.tflite");
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
      switch (random.below(8)) {
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
                if constexpr (requires { kind.axes; }) kind.axes = {extreme()};
                if constexpr (requires { kind.paddings; }) kind.paddings[1] = {extreme(), extreme()};
                if constexpr (requires { kind.permutation; }) kind.permutation[0] = extreme();
              },
              op.kind);
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

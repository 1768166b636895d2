// Published models and goldens against what the reader makes of them, and damaged files against its messages.
#include "sim/graph/tflite_reader.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "sim/base/error.h"
#include "sim/base/json.h"
#include "sim/graph/effective_scale.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/error_of.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string read_error(std::span<const std::byte> bytes, const std::string& name = "bad.tflite") {
  return testing::error_of([&] { read_tflite(bytes, name); });
}

bool is_multiply_accumulate(const Op& op) {
  return std::holds_alternative<Conv2d>(op.kind) || std::holds_alternative<DepthwiseConv2d>(op.kind) ||
         std::holds_alternative<FullyConnected>(op.kind);
}

/// Products of all convolutions and fully connected operators, taps over the padding included.
int64_t multiply_accumulates(const Graph& graph) {
  int64_t total = 0;
  for (const Op& op : graph.ops) {
    if (!is_multiply_accumulate(op)) continue;
    const Tensor& weights = graph.tensor(op.inputs[1]);
    const int64_t per_output = weights.elements() / static_cast<int64_t>(output_channels(graph, op));
    total += graph.tensor(op.outputs[0]).elements() * per_output;
  }
  return total;
}

int64_t weights_and_biases(const Graph& graph) {
  int64_t total = 0;
  for (const Op& op : graph.ops)
    if (is_multiply_accumulate(op))
      for (size_t k = 1; k < op.inputs.size(); ++k)
        if (op.inputs[k].present()) total += graph.tensor(op.inputs[k]).elements();
  return total;
}

std::map<std::string, int> operator_counts(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Op& op : graph.ops) ++counts[op_name(op.kind)];
  return counts;
}

// The rows of the table in models/README.md; proxyless-w0.3 has no figures there.
struct PublishedModel {
  std::string file;
  std::map<std::string, int> operators;
  std::vector<int32_t> input, output;
  int64_t macs, weights;
};

TEST(TfliteReader, PublishedModelsHaveTheirPublishedSizes) {
  THAW_REQUIRE_SHARED();
  using Counts = std::map<std::string, int>;
  const Counts mcunet = {{"PAD", 5}, {"CONV_2D", 29},        {"DEPTHWISE_CONV_2D", 14},
                         {"ADD", 7}, {"AVERAGE_POOL_2D", 1}, {"RESHAPE", 1}};
  const std::vector<PublishedModel> models = {
      {"ad01_int8", {{"FULLY_CONNECTED", 10}}, {1, 640}, {1, 640}, 264192, 265864},
      {"hello_world_int8", {{"FULLY_CONNECTED", 3}}, {1, 1}, {1, 1}, 288, 321},
      {"kws_ref_model",
       {{"CONV_2D", 5},
        {"DEPTHWISE_CONV_2D", 4},
        {"AVERAGE_POOL_2D", 1},
        {"RESHAPE", 1},
        {"FULLY_CONNECTED", 1},
        {"SOFTMAX", 1}},
       {1, 49, 10, 1},
       {1, 12},
       2656768,
       22604},
      {"mbv2-w0.35",
       {{"PAD", 5},
        {"CONV_2D", 35},
        {"DEPTHWISE_CONV_2D", 17},
        {"ADD", 10},
        {"AVERAGE_POOL_2D", 1},
        {"RESHAPE", 1}},
       {1, 128, 128, 3},
       {1, 1000},
       16758912,
       357448},
      {"mcunet-5fps", mcunet, {1, 128, 128, 3}, {1, 1000}, 22613504, 630224},
      {"mcunet-5fps.unsafe-bias", mcunet, {1, 128, 128, 3}, {1, 1000}, 22613504, 630224},
      {"micro_speech_quantized",
       {{"RESHAPE", 1}, {"DEPTHWISE_CONV_2D", 1}, {"FULLY_CONNECTED", 1}, {"SOFTMAX", 1}},
       {1, 1960},
       {1, 4},
       336000,
       16652},
      {"person_detect",
       {{"DEPTHWISE_CONV_2D", 14}, {"CONV_2D", 14}, {"AVERAGE_POOL_2D", 1}, {"RESHAPE", 1}, {"SOFTMAX", 1}},
       {1, 96, 96, 1},
       {1, 2},
       7157888,
       210706},
      {"pretrainedResnet_quant",
       {{"CONV_2D", 9},
        {"ADD", 3},
        {"AVERAGE_POOL_2D", 1},
        {"RESHAPE", 1},
        {"FULLY_CONNECTED", 1},
        {"SOFTMAX", 1}},
       {1, 32, 32, 3},
       {1, 10},
       12501632,
       77706},
      {"str_ww_ref_model",
       {{"DEPTHWISE_CONV_2D", 4}, {"CONV_2D", 4}, {"RESHAPE", 1}, {"FULLY_CONNECTED", 1}, {"SOFTMAX", 1}},
       {1, 30, 1, 40},
       {1, 3},
       826368,
       46883},
      {"tinyengine-vww",
       {{"QUANTIZE", 1},
        {"PAD", 4},
        {"CONV_2D", 30},
        {"DEPTHWISE_CONV_2D", 15},
        {"ADD", 8},
        {"TRANSPOSE", 1},
        {"MEAN", 2},
        {"FULLY_CONNECTED", 1},
        {"DEQUANTIZE", 1}},
       {1, 80, 80, 3},
       {1, 2},
       11578816,
       426634},
      {"vww_96_int8",
       {{"CONV_2D", 14},
        {"DEPTHWISE_CONV_2D", 13},
        {"AVERAGE_POOL_2D", 1},
        {"RESHAPE", 1},
        {"FULLY_CONNECTED", 1},
        {"SOFTMAX", 1}},
       {1, 96, 96, 3},
       {1, 2},
       7489664,
       210850},
  };
  for (const PublishedModel& model : models) {
    SCOPED_TRACE(model.file);
    const Graph graph = read_tflite(*testing::shared_folder() / "models" / (model.file + ".tflite"));
    EXPECT_EQ(graph.file_name, model.file + ".tflite");
    EXPECT_EQ(operator_counts(graph), model.operators);
    EXPECT_EQ(graph.tensor(graph.inputs.at(0)).shape, model.input);
    EXPECT_EQ(graph.tensor(graph.outputs.at(0)).shape, model.output);
    EXPECT_EQ(multiply_accumulates(graph), model.macs);
    EXPECT_EQ(weights_and_biases(graph), model.weights);
    EXPECT_EQ(graph.warnings.empty(), model.file != "mcunet-5fps.unsafe-bias");
  }
  const Graph proxyless = read_tflite(*testing::shared_folder() / "models" / "proxyless-w0.3.tflite");
  const std::map<std::string, int> counts = operator_counts(proxyless);
  EXPECT_EQ(counts.at("CONV_2D") + counts.at("DEPTHWISE_CONV_2D"), 61);  // 60 and the head
  EXPECT_TRUE(proxyless.warnings.empty());
}

TEST(TfliteReader, UnsupportedOperatorsAreNamed) {
  THAW_REQUIRE_SHARED();
  const auto message = [](const std::string& file) {
    return testing::error_of([&] { read_tflite(*testing::shared_folder() / "models" / file); });
  };
  EXPECT_THAT(
      message("keyword_scrambled_8bit.tflite"),
      AllOf(HasSubstr("holds activations of type int16 (the first is without a name), expected int8"),
            HasSubstr("operators that are not supported either: SVDF (built-in operator 27, 7 times)")));
}

// The index of a golden describes its model: operators with tensor numbers, and every tensor that is no
// constant.
void expect_as_golden(const Graph& graph, const JsonView& index) {
  EXPECT_EQ(graph.sha256, index.field("model_sha256").string());
  std::map<int64_t, TensorId> by_number;
  for (const Tensor& tensor : graph.tensors) by_number[tensor.file_index] = tensor.id;
  const auto numbers = [&](const std::vector<TensorId>& ids) {
    std::vector<int64_t> result;
    for (TensorId id : ids) result.push_back(id.present() ? graph.tensor(id).file_index : -1);
    return result;
  };
  const auto listed = [](const JsonView& list) {
    std::vector<int64_t> result;
    for (const JsonView& item : list.items()) result.push_back(item.integer());
    return result;
  };
  EXPECT_EQ(numbers(graph.inputs), listed(index.field("inputs")));
  EXPECT_EQ(numbers(graph.outputs), listed(index.field("outputs")));

  const std::vector<JsonView> operators = index.field("operators").items();
  ASSERT_EQ(graph.ops.size(), operators.size());
  for (size_t i = 0; i < operators.size(); ++i) {
    EXPECT_EQ(op_name(graph.ops[i].kind), operators[i].field("op").string());
    EXPECT_EQ(numbers(graph.ops[i].outputs), listed(operators[i].field("outputs")));
    // Axes, paddings and the like have left the list of inputs; they come last in the file.
    std::vector<int64_t> inputs = listed(operators[i].field("inputs"));
    ASSERT_GE(inputs.size(), graph.ops[i].inputs.size());
    inputs.resize(graph.ops[i].inputs.size());
    EXPECT_EQ(numbers(graph.ops[i].inputs), inputs);
  }
  for (const JsonView& entry : index.field("tensors").items()) {
    const auto it = by_number.find(entry.field("index").integer());
    ASSERT_NE(it, by_number.end()) << entry.path();
    const Tensor& tensor = graph.tensor(it->second);
    EXPECT_EQ(tensor.name, entry.field("name").string());
    const std::vector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    EXPECT_EQ(shape, listed(entry.field("shape")));
    EXPECT_EQ(tensor.bytes(), entry.field("bytes").integer());
    EXPECT_FALSE(tensor.is_constant());
    const bool is_float = entry.field("dtype").string() == "float32";
    EXPECT_EQ(tensor.type, is_float ? DataType::float32 : DataType::int8);
    if (is_float) continue;
    EXPECT_EQ(tensor.quantization.scale(), static_cast<float>(entry.field("scale").number()));
    EXPECT_EQ(tensor.quantization.zero_point(), entry.field("zero_point").integer());
  }
}

TEST(TfliteReader, SyntheticModelsAreAsTheirGoldensSay) {
  const std::filesystem::path folder = testing::golden_folder() / "tflm";
  const nlohmann::json cases = read_json_file(folder / "cases.json");
  int read = 0;
  for (const JsonView& entry : JsonView(cases, "cases.json").items()) {
    const std::string& directory = entry.field("dir").string();
    if (!directory.starts_with("synthetic/")) continue;
    SCOPED_TRACE(directory);
    const nlohmann::json index = read_json_file(folder / directory / "index.json");
    expect_as_golden(read_tflite(folder / directory / "model.tflite"), JsonView(index, "index.json"));
    ++read;
  }
  EXPECT_EQ(read, 92);
}

TEST(TfliteReader, PublishedModelsAreAsTheirGoldensSay) {
  THAW_REQUIRE_SHARED();
  const std::filesystem::path folder = *testing::shared_folder() / "golden" / "tflm";
  const nlohmann::json cases = read_json_file(folder / "cases.json");
  int read = 0;
  for (const JsonView& entry : JsonView(cases, "cases.json").items()) {
    const std::string& directory = entry.field("dir").string();
    if (!directory.starts_with("models/")) continue;
    SCOPED_TRACE(directory);
    const nlohmann::json index = read_json_file(folder / directory / "index.json");
    expect_as_golden(read_tflite(*testing::shared_folder() / entry.field("model").string()),
                     JsonView(index, "index.json"));
    ++read;
  }
  EXPECT_EQ(read, 11);
}

TEST(TfliteReader, SteeringConstantsBecomePartOfTheOperator) {
  const auto kind = [](const std::string& name) {
    return read_tflite(testing::golden_folder() / "tflm" / "synthetic" / name / "model.tflite")
        .ops.at(0)
        .kind;
  };
  EXPECT_EQ(std::get<Mean>(kind("mean_neg_axes")).axes, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(std::get<Mean>(kind("mean_3d")).axes, (std::vector<int32_t>{2}));
  EXPECT_TRUE(std::get<Mean>(kind("mean_hw_keep")).keep_dims);
  EXPECT_FALSE(std::get<Mean>(kind("mean_hw_drop")).keep_dims);
  EXPECT_EQ(std::get<Conv2d>(kind("conv_dilation2")).dilation_height, 2);
  EXPECT_EQ(std::get<DepthwiseConv2d>(kind("dw_m8_1ch")).depth_multiplier, 8);
  EXPECT_EQ(std::get<Conv2d>(kind("conv_1x7_st12")).stride_height, 1);
  EXPECT_EQ(std::get<Conv2d>(kind("conv_1x7_st12")).stride_width, 2);
}

// Every truncated file is refused, with the byte where its contents stop to make sense.
TEST(TfliteReader, TruncatedFilesAreRefused) {
  const std::vector<std::byte> whole = write_tflite(testing::every_operator());
  ASSERT_EQ(read_error(whole), "no error");
  for (size_t size = 0; size < whole.size(); ++size)
    ASSERT_THAT(read_error(std::span(whole).first(size)), HasSubstr("bad.tflite: ")) << size;
  EXPECT_EQ(read_error(std::span(whole).first(7)),
            "bad.tflite: byte 7: the file ends, too short for a TFLite model. Expected a .tflite file");
  EXPECT_THAT(read_error(std::span(whole).first(whole.size() / 2)),
              HasSubstr("holds " + std::to_string(whole.size() / 2)));
}

TEST(TfliteReader, TruncatedPublishedModelIsRefused) {
  THAW_REQUIRE_SHARED();
  const std::vector<std::byte> whole =
      read_file(*testing::shared_folder() / "models" / "person_detect.tflite", 1 << 20);
  for (size_t size = 0; size < whole.size(); size += 64) {
    const std::string message = read_error(std::span(whole).first(size));
    ASSERT_THAT(message, HasSubstr("bad.tflite: byte ")) << size;
  }
}

// Tables whose offsets are damaged are named.
TEST(TfliteReader, OffsetsOutOfRangeAreNamed) {
  const std::vector<std::byte> whole = write_tflite(testing::one_convolution());
  std::vector<std::byte> bytes = whole;
  std::memset(bytes.data(), 0x7f, 4);
  EXPECT_THAT(read_error(bytes), HasSubstr("bad.tflite: byte 0, root: points outside the file"));
  bytes = whole;
  bytes[4] = std::byte{'X'};
  EXPECT_THAT(read_error(bytes), HasSubstr("bad.tflite: byte 4: expected the identifier \"TFL3\""));

  // Overwrite each 32-bit word in turn: either the reader finds nothing wrong, or it says where.
  std::map<std::string, int> named;
  for (size_t at = 8; at + 4 <= whole.size(); at += 4) {
    bytes = whole;
    std::memset(bytes.data() + at, 0x7f, 4);
    const std::string message = read_error(bytes);
    if (message == "no error") continue;
    EXPECT_THAT(message, HasSubstr("bad.tflite: ")) << at;
    for (const char* field :
         {"subgraphs[0].tensors[", "subgraphs[0].operators[0]", "operator_codes", "buffers[", "root"})
      if (message.find(field) != std::string::npos) ++named[field];
  }
  EXPECT_EQ(named.size(), 5U);
}

// The writer puts whatever it is given into the file, so what follows is damage inside a sound flatbuffer.
TEST(TfliteReader, ChecksTheModelItself) {
  Graph cyclic = testing::one_dense();
  cyclic.ops[0].inputs[0] = TensorId(4);
  EXPECT_EQ(
      read_error(write_tflite(cyclic), "cyclic.tflite"),
      "cyclic.tflite: subgraphs[0].operators[0] (FULLY_CONNECTED).inputs[0]: reads subgraphs[0].tensors[4] "
      "(\"p\") before any operator has written it. The graph has a cycle, or its operators are out of order");

  Graph out_of_range = testing::one_dense();
  out_of_range.ops[1].inputs[0] = TensorId(77);
  EXPECT_EQ(
      read_error(write_tflite(out_of_range), "m.tflite"),
      "m.tflite: subgraphs[0].operators[1] (SOFTMAX).inputs[0]: is tensor 77, but the model has 5 tensors");

  Graph huge = testing::one_convolution();
  huge.tensors[0].shape = {1, 65536, 65536, 65536};
  EXPECT_THAT(
      read_error(write_tflite(huge)),
      HasSubstr(
          "subgraphs[0].tensors[0] (\"x\").shape: is [1,65536,65536,65536], more than 2^31-1 elements"));

  Graph bare = testing::one_convolution();
  bare.tensors[1].quantization = {};
  EXPECT_THAT(read_error(write_tflite(bare)),
              HasSubstr("subgraphs[0].tensors[1] (\"w\").quantization.scale: is missing"));

  Graph far_zero = testing::one_convolution();
  far_zero.tensors[0].quantization.zero_points = {200};
  EXPECT_THAT(read_error(write_tflite(far_zero)),
              HasSubstr("(\"x\").quantization.zero_point: is 200, expected -128..127"));

  Graph deep = testing::one_addition();
  for (Tensor& tensor : deep.tensors) tensor.shape.assign(9, 1);
  EXPECT_THAT(read_error(write_tflite(deep)), HasSubstr(".shape: has more than 8 axes"));

  Graph control = testing::one_convolution();
  control.tensors[1].name = "a\nb\x1b[31m";
  control.tensors[1].quantization = {};
  EXPECT_THAT(read_error(write_tflite(control)), HasSubstr("(\"a?b?[31m\").quantization"));
}

TEST(TfliteReader, LeavesOutTensorsThatNobodyUses) {
  testing::GraphBuilder builder;
  builder.graph = testing::one_convolution();
  builder.graph.tensors.insert(builder.graph.tensors.begin() + 1, builder.graph.tensors[0]);
  builder.graph.tensors[1].shape = {-5};  // never looked at
  for (size_t i = 0; i < builder.graph.tensors.size(); ++i) builder.graph.tensors[i].id = TensorId(i);
  builder.graph.ops[0].inputs = {TensorId(0), TensorId(2), TensorId(3)};
  builder.graph.ops[0].outputs = {TensorId(4)};
  builder.graph.outputs = {TensorId(4)};
  const Graph graph = read_tflite(write_tflite(builder.graph), "m.tflite");
  ASSERT_EQ(graph.tensors.size(), 4U);
  EXPECT_EQ(graph.tensor(graph.ops[0].inputs[1]).name, "w");
  EXPECT_EQ(graph.tensor(graph.ops[0].inputs[1]).id, TensorId(1));
  EXPECT_EQ(graph.tensor(graph.ops[0].inputs[1]).file_index, 2);
}

TEST(TfliteReader, MissingFile) {
  EXPECT_THROW(read_tflite(std::filesystem::path("does/not/exist.tflite")), Error);
}

}  // namespace
}  // namespace thaw

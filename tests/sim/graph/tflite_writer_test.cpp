// Reading what was written gives the same graph, for every model at hand.
#include "sim/graph/tflite_writer.h"

#include <gtest/gtest.h>

#include <tuple>

#include "sim/base/file.h"
#include "sim/base/sha256.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

auto fields(const Conv2d& k) {
  return std::tie(k.padding, k.stride_height, k.stride_width, k.dilation_height, k.dilation_width,
                  k.activation);
}
auto fields(const DepthwiseConv2d& k) {
  return std::tie(k.padding, k.stride_height, k.stride_width, k.dilation_height, k.dilation_width,
                  k.depth_multiplier, k.activation);
}
auto fields(const FullyConnected& k) {
  return std::tie(k.activation, k.keep_num_dims);
}
auto fields(const Add& k) {
  return std::tie(k.activation);
}
auto fields(const AveragePool2d& k) {
  return std::tie(k.padding, k.stride_height, k.stride_width, k.filter_height, k.filter_width, k.activation);
}
auto fields(const MaxPool2d& k) {
  return std::tie(k.padding, k.stride_height, k.stride_width, k.filter_height, k.filter_width, k.activation);
}
auto fields(const Mean& k) {
  return std::tie(k.axes, k.keep_dims);
}
auto fields(const Pad& k) {
  return std::tie(k.paddings);
}
auto fields(const Reshape&) {
  return std::tuple<>();
}
auto fields(const Transpose& k) {
  return std::tie(k.permutation);
}
auto fields(const Softmax& k) {
  return std::tie(k.beta);
}
auto fields(const Quantize&) {
  return std::tuple<>();
}
auto fields(const Dequantize&) {
  return std::tuple<>();
}
auto fields(const Binary& k) {
  return std::tie(k.function, k.activation);
}
auto fields(const Unary& k) {
  return std::tie(k.function, k.alpha);
}
auto fields(const Concatenation& k) {
  return std::tie(k.axis, k.new_axis);
}
auto fields(const Slice& k) {
  return std::tie(k.axes);
}
auto fields(const Resize& k) {
  return std::tie(k.bilinear, k.align_corners, k.half_pixel_centers);
}
auto fields(const Lstm& k) {
  return std::tie(k.cell_scale_power, k.cell_clip, k.time_major);
}

auto fields(const Tensor& t) {
  return std::tie(t.id, t.name, t.type, t.shape, t.quantization.scales, t.quantization.zero_points,
                  t.quantization.axis, t.data);
}

bool same_kind(const OpKind& a, const OpKind& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& k) { return fields(k) == fields(std::get<std::decay_t<decltype(k)>>(b)); }, a);
}

/// All but file name, digest, and the numbers of tensors in the file.
void expect_same(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i)
    EXPECT_TRUE(fields(a.tensors[i]) == fields(b.tensors[i])) << i;
  ASSERT_EQ(a.ops.size(), b.ops.size());
  for (size_t i = 0; i < a.ops.size(); ++i) {
    EXPECT_EQ(a.ops[i].id, b.ops[i].id);
    EXPECT_EQ(a.ops[i].inputs, b.ops[i].inputs) << i;
    EXPECT_EQ(a.ops[i].outputs, b.ops[i].outputs) << i;
    EXPECT_TRUE(same_kind(a.ops[i].kind, b.ops[i].kind)) << i;
  }
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
}

void expect_round_trip(const Graph& graph) {
  const std::vector<std::byte> bytes = write_tflite(graph);
  const Graph back = read_tflite(bytes, graph.file_name);
  expect_same(graph, back);
  EXPECT_EQ(back.sha256, sha256_hex(bytes));
  EXPECT_TRUE(write_tflite(back) == bytes);
  EXPECT_EQ(back.file_name, graph.file_name);
}

TEST(TfliteWriter, HandMadeModelsComeBack) {
  expect_round_trip(testing::one_convolution());
  expect_round_trip(testing::one_dense());
  expect_round_trip(testing::one_addition());
  expect_round_trip(testing::every_operator());
}

TEST(TfliteWriter, SyntheticGoldensComeBack) {
  int models = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(testing::golden_folder() / "tflm" / "synthetic")) {
    SCOPED_TRACE(entry.path().filename());
    expect_round_trip(read_tflite(entry.path() / "model.tflite"));
    ++models;
  }
  EXPECT_EQ(models, 92);
}

TEST(TfliteWriter, PublishedModelsComeBack) {
  THAW_REQUIRE_SHARED();
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*testing::shared_folder() / "models")) {
    const std::string name = entry.path().filename();
    if (entry.path().extension() != ".tflite" || name.starts_with("trained_lstm") ||
        name.starts_with("keyword_"))
      continue;
    SCOPED_TRACE(name);
    expect_round_trip(read_tflite(entry.path()));
    ++models;
  }
  EXPECT_GE(models, 13);
}

// Engines map constants straight out of the file, so they must be aligned in it.
TEST(TfliteWriter, ConstantsStartAtMultiplesOf16) {
  Graph graph = testing::one_convolution();
  std::vector<std::byte>& weights = graph.tensors[1].data;
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<std::byte>(200 + i % 50);
  const std::vector<std::byte> bytes = write_tflite(graph);
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.is_constant()) continue;
    const auto it = std::search(bytes.begin(), bytes.end(), tensor.data.begin(), tensor.data.end());
    ASSERT_NE(it, bytes.end());
    EXPECT_EQ((it - bytes.begin()) % 16, 0);
  }
}

}  // namespace
}  // namespace thaw

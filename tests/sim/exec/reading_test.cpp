// What folding, renamed axes and uint8 ends leave of a model computes what the file says: every tensor
// against the rules of golden/tflm/README.md, written down here a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/uint8_ends.h"
#include "sim/plan/lower.h"
#include "sim/plan/network.h"
#include "sim/plan/passes.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using Values = std::vector<double>;  // the stored numbers of one tensor, as the file's type has them

/// M(x, mult(factor)) of the golden's README.
int64_t scaled(int64_t x, double factor) {
  int exponent = 0;
  auto multiplier = static_cast<int64_t>(std::round(std::frexp(factor, &exponent) * 2147483648.0));
  if (multiplier == int64_t{1} << 31) multiplier /= 2, ++exponent;
  const int64_t left = x * (int64_t{1} << std::max(exponent, 0));
  const int64_t high = (left * multiplier + (int64_t{1} << 30)) >> 31;
  return static_cast<int64_t>(std::round(std::ldexp(static_cast<double>(high), std::min(exponent, 0))));
}

class Reference {
 public:
  explicit Reference(const Graph& graph) : graph_(graph) {}

  /// What an operator of these models makes of `x`; nothing for those that are checked elsewhere.
  std::optional<Values> operator()(const Op& op, const Values& x) const {
    const Tensor& in = graph_.tensor(op.inputs[0]);
    const Tensor& out = graph_.tensor(op.outputs[0]);
    if (std::holds_alternative<Reshape>(op.kind)) return x;
    if (std::holds_alternative<Dequantize>(op.kind)) {
      Values y;
      for (double v : x)
        y.push_back(double{static_cast<float>((v - file_zero_point(in)) * double{in.quantization.scale()})});
      return y;
    }
    if (std::holds_alternative<Quantize>(op.kind)) return quantized(in, out, x);
    if (const auto* dense = std::get_if<FullyConnected>(&op.kind)) return dense_layer(op, *dense, x);
    return std::nullopt;
  }

 private:
  static double stored(const Tensor& out, double value) {
    const double lowest = out.uint8_in_file ? 0 : -128;
    return std::clamp(value, lowest, lowest + 255);
  }

  static Values quantized(const Tensor& in, const Tensor& out, const Values& x) {
    Values y;
    for (double v : x) {
      const double moved = in.type == DataType::float32
                               ? std::round(double{static_cast<float>(v) / out.quantization.scale()})
                               : static_cast<double>(scaled(
                                     static_cast<int64_t>(v) - file_zero_point(in),
                                     double{in.quantization.scale()} / double{out.quantization.scale()}));
      y.push_back(stored(out, moved + file_zero_point(out)));
    }
    return y;
  }

  Values dense_layer(const Op& op, const FullyConnected& dense, const Values& x) const {
    const Tensor& in = graph_.tensor(op.inputs[0]);
    const Tensor& w = graph_.tensor(op.inputs[1]);
    const Tensor& out = graph_.tensor(op.outputs[0]);
    const auto rows = static_cast<size_t>(w.shape[0]), columns = static_cast<size_t>(w.shape[1]);
    EXPECT_EQ(w.quantization.scales.size(), 1U);
    const double factor =
        double{in.quantization.scale() * w.quantization.scale()} / double{out.quantization.scale()};
    Values y;
    for (size_t o = 0; o < rows; ++o) {
      int64_t sum =
          op.inputs.size() > 2 && op.inputs[2].present() ? graph_.tensor(op.inputs[2]).int32_data()[o] : 0;
      for (size_t i = 0; i < columns; ++i)
        sum += w.int8_data()[o * columns + i] * (static_cast<int64_t>(x[i]) - file_zero_point(in));
      const double value = stored(out, static_cast<double>(scaled(sum, factor) + file_zero_point(out)));
      y.push_back(dense.activation == Activation::none
                      ? value
                      : std::max(value, static_cast<double>(file_zero_point(out))));
    }
    return y;
  }

  const Graph& graph_;
};

Values values_of(const Tensor& tensor, std::span<const std::byte> bytes) {
  std::vector<std::byte> file(bytes.begin(), bytes.end());
  exchange_with_file(tensor, file);
  Values values;
  for (size_t i = 0; i < static_cast<size_t>(tensor.elements()); ++i) {
    float real = 0;
    if (tensor.type == DataType::float32) std::memcpy(&real, file.data() + i * sizeof real, sizeof real);
    const auto unsigned_value = std::to_integer<uint8_t>(file[i]);
    const double whole = tensor.uint8_in_file ? static_cast<double>(unsigned_value)
                                              : static_cast<double>(std::to_integer<int8_t>(file[i]));
    values.push_back(tensor.type == DataType::float32 ? static_cast<double>(real) : whole);
  }
  return values;
}

/// Noise of the input's type; float32 values over twice the range of the int8 behind them.
void feed(const Graph& graph, Executor& executor) {
  const std::span<std::byte> bytes = executor.bytes(executor.plan().inputs[0]);
  uint32_t state = 12345;
  const auto next = [&] { return state = state * 1664525U + 1013904223U, static_cast<int32_t>(state >> 23); };
  if (graph.tensor(graph.inputs[0]).type != DataType::float32) {
    for (std::byte& b : bytes) b = static_cast<std::byte>(next());
    return;
  }
  const Quantization& q = graph.tensor(graph.ops[0].outputs[0]).quantization;
  for (float& v : executor.values<float>(executor.plan().inputs[0]))
    v = static_cast<float>(next() - 256) * q.scale() * 1.001F;
}

/// Runs every operator of the file and compares those that the reference has. Returns how many that were.
int expect_reference(const std::filesystem::path& file, KernelSet kernels) {
  const Graph graph = read_tflite(file);
  const Plan plan = lower_inference(graph);
  Executor executor(plan, {}, kernels, 1);
  feed(graph, executor);
  std::map<int32_t, Values> made;
  const Tensor& input = graph.tensor(graph.inputs[0]);
  made[input.id.value] = values_of(input, executor.bytes(plan.inputs[0]));
  const Reference reference(graph);
  int compared = 0;
  executor.infer(0, [&](const Step& step) {
    const Op& op = graph.op(step.op);
    const Tensor& output = graph.tensor(op.outputs[0]);
    made[output.id.value] = values_of(output, executor.bytes(step.writes.at(0)));
    const auto expected = reference(op, made.at(op.inputs[0].value));
    if (!expected) return;
    ++compared;
    EXPECT_EQ(made[output.id.value], *expected) << file << ", " << output.name;
  });
  return compared;
}

TEST(Reading, EveryTensorOfTheCasesThatWereFolded) {
  const std::filesystem::path cases = testing::golden_folder() / "cases";
  for (KernelSet kernels : {KernelSet::portable, KernelSet::host}) {
    EXPECT_EQ(expect_reference(cases / "uint8-ends/model.tflite", kernels), 3);
    EXPECT_EQ(expect_reference(cases / "uint8-ends-both/model.tflite", kernels), 4);
    EXPECT_EQ(expect_reference(cases / "operator-dynamic-flatten/model.tflite", kernels), 2);
    EXPECT_EQ(expect_reference(cases / "operator-expand-dims/model.tflite", kernels), 4);
  }
}

TEST(Reading, EveryTensorOfAnAutoencoderWithAComputedShape) {
  THAW_REQUIRE_SHARED();
  const std::filesystem::path models = *testing::shared_folder() / "models/field";
  EXPECT_EQ(expect_reference(models / "mltk_anomaly_detection.tflite", KernelSet::host), 14);
  EXPECT_EQ(expect_reference(models / "tinyengine_lenet.tflite", KernelSet::host), 6);
}

TEST(Reading, Uint8EndsNeedNoLayerAndNoMemory) {
  const Graph graph = read_tflite(testing::golden_folder() / "cases/uint8-ends-both/model.tflite");
  const Network network = reduce(graph, {});
  EXPECT_EQ(network.input, graph.inputs[0]);
  for (const Layer& layer : network.layers)
    EXPECT_FALSE(std::holds_alternative<Quantize>(graph.op(layer.op).kind)) << layer.name;
  const Plan plan = run_inference_passes(lower_inference(graph));
  for (const Step& step : plan.steps)
    EXPECT_FALSE(std::holds_alternative<Quantize>(graph.op(step.op).kind)) << step.name;
}

TEST(Reading, AUint8EndOfAnotherScaleIsComputed) {
  Graph graph = read_tflite(testing::golden_folder() / "cases/uint8-ends/model.tflite");
  graph.tensors[graph.inputs[0].index()].quantization.scales[0] *= 2.0F;
  const Network network = reduce(graph, {});
  ASSERT_FALSE(network.layers.empty());
  EXPECT_TRUE(std::holds_alternative<Quantize>(graph.op(network.layers[0].op).kind));
}

}  // namespace
}  // namespace thaw

// The exact range of a channel's accumulator decides: rescaling and clamping are monotonic, so if both ends
// of the range give the same output, every input does.
#include "sim/graph/safe_biases.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "sim/base/error.h"
#include "sim/graph/activation_range.h"
#include "sim/graph/effective_scale.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/quantized_multiplier.h"

namespace thaw {

namespace {

__extension__ using int128 = __int128;  // the accumulator times a 31-bit mantissa needs more than 64 bits

/// Sums over all weights of one output channel, for x from -128 to 127.
struct ProductRange {
  int64_t lowest = 0;     // least possible sum of w * (x - zero_point_x)
  int64_t highest = 0;    // greatest
  int64_t magnitude = 0;  // sum |w| * max |x - zero_point_x|: bounds every partial sum
};

bool has_bias(const Op& op) {
  return op.inputs.size() > 2 && op.inputs[2].present();
}

/// Weight `k` of output channel `channel`, k counting from 0 over that channel's weights.
size_t weight_index(const OpKind& kind, const Tensor& weights, size_t channel, size_t k) {
  if (std::holds_alternative<DepthwiseConv2d>(kind))
    return k * static_cast<size_t>(weights.shape[3]) + channel;
  return channel * static_cast<size_t>(weights.elements() / weights.shape[0]) + k;
}

/// `zero_point` is that of the input.
ProductRange product_range(const Graph& graph, const Op& op, size_t channel, int32_t zero_point) {
  const Tensor& weights = graph.tensor(op.inputs[1]);
  const int64_t low = -128 - zero_point;
  const int64_t high = 127 - zero_point;
  ProductRange range;
  const size_t per_channel = static_cast<size_t>(weights.elements()) / output_channels(graph, op);
  for (size_t k = 0; k < per_channel; ++k) {
    const int64_t w = weights.int8_data()[weight_index(op.kind, weights, channel, k)];
    range.lowest += std::min(w * low, w * high);
    range.highest += std::max(w * low, w * high);
    range.magnitude += std::abs(w) * std::max(-low, high);
  }
  return range;
}

int128 floor_shift(int128 value, int bits) {
  return value >> bits;
}  // arithmetic shift rounds down

/// The output for one accumulator value, in exact arithmetic of the same rounding (twice) as the kernels.
int32_t exact_output(int64_t accumulator, QuantizedMultiplier q, int32_t zero_point, ActivationRange range) {
  const int128 shifted = static_cast<int128>(accumulator) * (int128{1} << std::max(q.shift, 0));
  int128 value = floor_shift(shifted * q.multiplier + (int128{1} << 30), 31);
  if (q.shift < 0) {
    const int bits = -q.shift;
    const int128 half = int128{1} << (bits - 1);
    value = value < 0 ? -floor_shift(-value + half, bits) : floor_shift(value + half, bits);
  }
  value += zero_point;
  return static_cast<int32_t>(std::clamp<int128>(value, range.lowest, range.highest));
}

/// What turns a channel's accumulator into its output.
struct Requantization {
  QuantizedMultiplier factor;
  int32_t zero_point;
  ActivationRange range;
};

/// The bias nearest to `bias` that is safe, if the output is and stays one constant; nothing if not.
std::optional<int32_t> mended_bias(int32_t bias, const ProductRange& products,
                                   const Requantization& to_output) {
  const int64_t limit = INT32_MAX - products.magnitude;
  if (limit < 0) return std::nullopt;
  const int64_t safe = std::clamp<int64_t>(bias, -limit, limit);
  const auto output = [&](int64_t accumulator) {
    return exact_output(accumulator, to_output.factor, to_output.zero_point, to_output.range);
  };
  const int32_t constant = output(bias + products.lowest);
  if (output(bias + products.highest) != constant || output(safe + products.lowest) != constant ||
      output(safe + products.highest) != constant)
    return std::nullopt;
  return static_cast<int32_t>(safe);
}

bool is_shared(const Graph& graph, TensorId bias) {
  size_t readers = 0;
  for (const Op& op : graph.ops) readers += static_cast<size_t>(std::ranges::count(op.inputs, bias));
  return readers > 1;
}

/// Mends channel `c` of `op`, whose bias and products together can leave int32, or throws.
int32_t mend(Graph& graph, const Op& op, size_t c, int32_t bias, const ProductRange& products) {
  const Quantization& y = graph.tensor(op.outputs[0]).quantization;
  const Requantization to_output{quantize_multiplier(effective_scale(graph, op, c)), y.zero_point(),
                                 activation_range(fused_activation(op.kind), y)};
  const std::optional<int32_t> safe = mended_bias(bias, products, to_output);
  const bool mendable = safe && has_bias(op) && !is_shared(graph, op.inputs[2]);
  if (!mendable)
    throw Error(graph.file_name + ": " + op_path(op),
                "bias plus products of channel " + std::to_string(c) + " can leave int32 (bias " +
                    std::to_string(bias) + ", sums of products up to " + std::to_string(products.magnitude) +
                    ")",
                "Convert the model with smaller biases or larger weight scales for this channel");
  const bool leaves = bias + products.lowest < INT32_MIN || bias + products.highest > INT32_MAX;
  graph.warnings.push_back(
      op_path(op) + ": bias of channel " + std::to_string(c) + " changed from " + std::to_string(bias) +
      " to " + std::to_string(*safe) + " because " +
      (leaves ? "its accumulator could leave int32" : "it leaves sums no margin in int32") +
      "; the channel's output is the same constant for every input");
  std::memcpy(graph.tensors[op.inputs[2].index()].data.data() + c * sizeof(int32_t), &*safe, sizeof(int32_t));
  return *safe;
}

void make_safe(Graph& graph, const Op& op) {
  size_t shifted_out = 0;
  for (size_t c = 0; c < output_channels(graph, op); ++c) {
    const ProductRange products =
        product_range(graph, op, c, graph.tensor(op.inputs[0]).quantization.zero_point());
    int32_t bias = has_bias(op) ? graph.tensor(op.inputs[2]).int32_data()[c] : 0;
    if (std::abs(int64_t{bias}) + products.magnitude > INT32_MAX) bias = mend(graph, op, c, bias, products);
    const int32_t shift = quantize_multiplier(effective_scale(graph, op, c)).shift;
    if (shift > 0 && std::abs(int64_t{bias}) + products.magnitude > (INT32_MAX >> shift)) ++shifted_out;
  }
  if (shifted_out > 0)
    graph.warnings.push_back(op_path(op) + ": the scales of " + std::to_string(shifted_out) +
                             " channels shift the accumulator left so far that extreme inputs leave int32");
}

}  // namespace

Graph with_safe_biases(Graph graph) {
  for (const Op& op : graph.ops)
    if (std::holds_alternative<Conv2d>(op.kind) || std::holds_alternative<DepthwiseConv2d>(op.kind) ||
        std::holds_alternative<FullyConnected>(op.kind))
      make_safe(graph, op);
  return graph;
}

}  // namespace thaw

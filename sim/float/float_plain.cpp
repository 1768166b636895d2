#include "sim/float/float_plain.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <vector>

#include "sim/float/float_rounding.h"
#include "sim/graph/activation_range.h"
#include "sim/graph/folded_axes.h"
#include "sim/graph/window.h"

namespace thaw {
namespace {

using Shape = std::array<int32_t, 4>;

/// The sizes with ones in front.
Shape four_dimensions(const std::vector<int32_t>& sizes) {
  Shape shape = {1, 1, 1, 1};
  assert(sizes.size() <= shape.size());
  std::copy_backward(sizes.begin(), sizes.end(), shape.end());
  return shape;
}

int64_t offset(const Shape& shape, const Shape& at) {
  int64_t result = 0;
  for (size_t i = 0; i < 4; ++i) result = result * shape[i] + at[i];
  return result;
}

/// Calls visit(position) for every position of the shape, last axis fastest.
template <class Visit>
void for_each_position(const Shape& shape, const Visit& visit) {
  Shape at = {};
  for (at[0] = 0; at[0] < shape[0]; ++at[0])
    for (at[1] = 0; at[1] < shape[1]; ++at[1])
      for (at[2] = 0; at[2] < shape[2]; ++at[2])
        for (at[3] = 0; at[3] < shape[3]; ++at[3]) visit(at);
}

struct Ends {
  const Tensor& input;
  const Tensor& output;
  FloatTensor input_values, output_values;

  /// A real multiple of the input's steps, above its zero point, as an integer of the output's.
  float requantized(float steps) const {
    const float scaled =
        input_values.scale == output_values.scale && input_values.zero_point == output_values.zero_point
            ? round_ties_to_even(steps + input_values.zero_point) - output_values.zero_point
            : round_ties_to_even(steps * input_values.scale / output_values.scale);
    return std::clamp(scaled, -128.0F - output_values.zero_point, 127.0F - output_values.zero_point);
  }
};

template <class Pool>
void pool(const Pool& op, bool maximum, const Ends& ends, const float* input, float* output) {
  const Shape in = four_dimensions(ends.input.shape), out = four_dimensions(ends.output.shape);
  const WindowGeometry rows = window_geometry(in[1], op.filter_height, op.stride_height, 1, op.padding);
  const WindowGeometry columns = window_geometry(in[2], op.filter_width, op.stride_width, 1, op.padding);
  const ActivationRange range = activation_range(op.activation, ends.output.quantization);
  for_each_position(out, [&](const Shape& at) {
    float sum = 0.0F, largest = -std::numeric_limits<float>::infinity();
    int32_t count = 0;
    const int32_t top = at[1] * op.stride_height - rows.pad_before;
    const int32_t left = at[2] * op.stride_width - columns.pad_before;
    for (int32_t y = std::max(top, 0); y < std::min(top + op.filter_height, in[1]); ++y)
      for (int32_t x = std::max(left, 0); x < std::min(left + op.filter_width, in[2]); ++x) {
        const float value = input[offset(in, {at[0], y, x, at[3]})] + ends.input_values.zero_point;
        sum += value;
        largest = std::max(largest, value);
        ++count;
      }
    const float result = maximum ? largest : round_ties_to_even(sum / static_cast<float>(count));
    output[offset(out, at)] =
        std::clamp(result, static_cast<float>(range.lowest), static_cast<float>(range.highest)) -
        ends.output_values.zero_point;
  });
}

void mean(const Mean& op, const Ends& ends, const float* input, float* output) {
  const MeanAxes axes = folded_axes(ends.input.shape, op);
  const Shape in = four_dimensions(axes.sizes);
  const size_t missing = in.size() - axes.sizes.size();
  Shape kept = in;
  int32_t count = 1;
  for (size_t i = 0; i < axes.sizes.size(); ++i) {
    if (!axes.reduced[i]) continue;
    count *= kept[i + missing];
    kept[i + missing] = 1;
  }
  // Sums of raw integers are exact; the mean is one float32 division.
  std::vector<float> sums(static_cast<size_t>(ends.output.elements()), 0.0F);
  for_each_position(in, [&](const Shape& at) {
    Shape to = at;
    for (size_t i = 0; i < 4; ++i) to[i] = std::min(at[i], kept[i] - 1);
    sums[static_cast<size_t>(offset(kept, to))] += input[offset(in, at)] + ends.input_values.zero_point;
  });
  for (size_t i = 0; i < sums.size(); ++i)
    output[i] = ends.requantized(sums[i] / static_cast<float>(count) - ends.input_values.zero_point);
}

void pad(const Pad& op, const Ends& ends, const float* input, float* output) {
  const PadAxes axes = folded_axes(ends.input.shape, op);
  const Shape in = four_dimensions(axes.sizes);
  const size_t missing = in.size() - axes.sizes.size();
  Shape out = in;
  for (size_t i = 0; i < axes.paddings.size(); ++i)
    out[i + missing] += axes.paddings[i][0] + axes.paddings[i][1];
  std::fill_n(output, ends.output.elements(), 0.0F);
  for_each_position(in, [&](const Shape& at) {
    Shape to = at;
    for (size_t i = 0; i < axes.paddings.size(); ++i) to[i + missing] += axes.paddings[i][0];
    output[offset(out, to)] = input[offset(in, at)];
  });
}

void transpose(const Transpose& op, const Ends& ends, const float* input, float* output) {
  const TransposeAxes axes = folded_axes(ends.input.shape, op);
  const Shape in = four_dimensions(axes.sizes);
  const size_t missing = in.size() - axes.sizes.size();
  const auto moved = [&](size_t i) { return static_cast<size_t>(axes.permutation[i]) + missing; };
  Shape out = in;
  for (size_t i = 0; i < axes.permutation.size(); ++i) out[i + missing] = in[moved(i)];
  for_each_position(out, [&](const Shape& at) {
    Shape from = {};
    for (size_t i = 0; i < axes.permutation.size(); ++i) from[moved(i)] = at[i + missing];
    output[offset(out, at)] = input[offset(in, from)];
  });
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

void run_plain_operator(const FloatModel& model, size_t layer, const float* input, float* output) {
  const Layer& l = model.network.layers[layer];
  const Graph& graph = model.network.graph;
  const Ends ends{graph.tensor(l.inputs[0]), graph.tensor(l.output), model.tensors[l.inputs[0].index()],
                  model.tensors[l.output.index()]};
  const int64_t elements = ends.output.elements();
  const auto impossible = [] { assert(false && "refused by float_model or not a plain operator"); };
  std::visit(Overloaded{[&](const AveragePool2d& op) { pool(op, false, ends, input, output); },
                        [&](const MaxPool2d& op) { pool(op, true, ends, input, output); },
                        [&](const Mean& op) { mean(op, ends, input, output); },
                        [&](const Pad& op) { pad(op, ends, input, output); },
                        [&](const Transpose& op) { transpose(op, ends, input, output); },
                        [&](const Reshape&) { std::copy_n(input, elements, output); },
                        [&](const Quantize&) {
                          for (int64_t i = 0; i < elements; ++i) output[i] = ends.requantized(input[i]);
                        },
                        [&](const Conv2d&) { impossible(); }, [&](const DepthwiseConv2d&) { impossible(); },
                        [&](const FullyConnected&) { impossible(); }, [&](const Add&) { impossible(); },
                        [&](const Softmax&) { impossible(); }, [&](const Dequantize&) { impossible(); },
                        [&](const Binary&) { impossible(); }, [&](const Unary&) { impossible(); },
                        [&](const Concatenation&) { impossible(); }, [&](const Slice&) { impossible(); },
                        [&](const Resize&) { impossible(); }, [&](const Lstm&) { impossible(); }},
             graph.op(l.op).kind);
}

}  // namespace thaw

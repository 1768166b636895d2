#include "sim/plan/operator_geometry.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "sim/graph/activation_range.h"
#include "sim/graph/folded_axes.h"
#include "sim/graph/quantized_multiplier.h"

namespace thaw {
namespace {

double scale_of_tensor(const Tensor& tensor) {
  return static_cast<double>(tensor.quantization.scale());
}

thaw_binary_function function_of(const OpKind& kind) {
  const auto* binary = std::get_if<Binary>(&kind);
  if (binary == nullptr) return THAW_BINARY_ADD;
  switch (binary->function) {
    case BinaryFunction::sub:
      return THAW_BINARY_SUB;
    case BinaryFunction::mul:
      return THAW_BINARY_MUL;
    case BinaryFunction::maximum:
      return THAW_BINARY_MAXIMUM;
    case BinaryFunction::minimum:
      return THAW_BINARY_MINIMUM;
    case BinaryFunction::prelu:
      return THAW_BINARY_PRELU;
  }
  return THAW_BINARY_ADD;
}

/// Strides of an input along the output's axes; 0 where it is repeated.
void broadcast_strides(const std::vector<int32_t>& shape, int32_t (&to)[THAW_BINARY_AXES]) {
  const std::vector<int32_t> strides = strides_of(shape);
  std::fill(std::begin(to), std::end(to), 0);
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] > 1) to[THAW_BINARY_AXES - shape.size() + i] = strides[i];
}

/// Weights of the gradient (binary_gradient.h): 1 of the real slope is 1/second in units of the second input,
/// shifted up until the larger of both weights has fifteen bits.
void set_prelu_weights(thaw_binary& b, double second) {
  constexpr double kLargestWeight = 16384.0;
  b.second_shift = 0;
  while (std::max(255.0, 1.0 / second) * std::ldexp(2.0, b.second_shift) <= kLargestWeight) ++b.second_shift;
  b.second_multiplier =
      static_cast<int32_t>(std::min(std::round(std::ldexp(1.0 / second, b.second_shift)), 2147483647.0));
}

void set_factors(thaw_binary& b, double first, double second, double output) {
  QuantizedMultiplier sum;
  if (b.function == THAW_BINARY_PRELU) {
    const QuantizedMultiplier alone = quantize_multiplier(first / output);
    b.first_multiplier = alone.multiplier;
    b.first_shift = alone.shift;
    set_prelu_weights(b, second);
  }
  if (b.function == THAW_BINARY_MUL || b.function == THAW_BINARY_PRELU) {
    sum = quantize_multiplier(first * second / output);
  } else {
    const double twice_largest = 2.0 * std::max(first, second);
    const QuantizedMultiplier of_first = quantize_multiplier(first / twice_largest);
    const QuantizedMultiplier of_second = quantize_multiplier(second / twice_largest);
    b.first_multiplier = of_first.multiplier;
    b.first_shift = of_first.shift;
    b.second_multiplier = of_second.multiplier;
    b.second_shift = of_second.shift;
    sum = quantize_multiplier(twice_largest / ((1 << THAW_BINARY_LEFT_SHIFT) * output));
  }
  b.output_multiplier = sum.multiplier;
  b.output_shift = sum.shift;
}

}  // namespace

std::vector<int32_t> strides_of(const std::vector<int32_t>& shape) {
  std::vector<int32_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

thaw_view whole_view(const std::vector<int32_t>& shape, const std::vector<int32_t>& strides) {
  thaw_view view = {};
  std::fill(std::begin(view.dims), std::end(view.dims), 1);
  std::fill(std::begin(view.step), std::end(view.step), 1);
  const size_t missing = THAW_VIEW_AXES - shape.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    view.dims[missing + i] = shape[i];
    view.stride[missing + i] = strides[i];
  }
  std::copy(std::begin(view.dims), std::end(view.dims), std::begin(view.taken));
  return view;
}

thaw_view slice_view(const std::vector<int32_t>& shape, const Slice& slice) {
  const SliceAxes axes = folded_axes(shape, slice);
  std::vector<int32_t> counts;
  for (const TakenAxis& taken : axes.taken) counts.push_back(taken.count);
  thaw_view view = whole_view(axes.sizes, strides_of(counts));
  const size_t missing = THAW_VIEW_AXES - axes.sizes.size();
  for (size_t i = 0; i < axes.taken.size(); ++i) {
    const TakenAxis& taken = axes.taken[i];
    const size_t to = missing + i;
    view.taken[to] = taken.count;
    view.begin[to] = taken.first;
    view.step[to] = taken.step;
    if (taken.step > 0) continue;
    // Downwards: the last position is the first of the input.
    view.begin[to] = taken.first + (taken.count - 1) * taken.step;
    view.step[to] = -taken.step;
    view.offset += (taken.count - 1) * view.stride[to];
    view.stride[to] = -view.stride[to];
  }
  return view;
}

thaw_view transpose_view(const std::vector<int32_t>& shape, const Transpose& transpose) {
  const TransposeAxes axes = folded_axes(shape, transpose);
  std::vector<int32_t> moved, strides(axes.sizes.size());
  for (int32_t axis : axes.permutation) moved.push_back(axes.sizes[static_cast<size_t>(axis)]);
  const std::vector<int32_t> outer = strides_of(moved);
  for (size_t i = 0; i < moved.size(); ++i) strides[static_cast<size_t>(axes.permutation[i])] = outer[i];
  return whole_view(axes.sizes, strides);
}

bool is_residual_add(const Graph& graph, const Op& op) {
  const Tensor& first = graph.tensor(op.inputs[0]);
  const Tensor& second = graph.tensor(op.inputs[1]);
  return std::holds_alternative<Add>(op.kind) && first.shape == second.shape && !first.is_constant() &&
         !second.is_constant();
}

thaw_binary binary_of(const Graph& graph, const Op& op) {
  const Tensor& first = graph.tensor(op.inputs[0]);
  const Tensor& second = graph.tensor(op.inputs[1]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  thaw_binary b = {};
  b.function = function_of(op.kind);
  std::fill(std::begin(b.dims), std::end(b.dims), 1);
  std::copy_backward(output.shape.begin(), output.shape.end(), std::end(b.dims));
  broadcast_strides(first.shape, b.first_stride);
  broadcast_strides(second.shape, b.second_stride);
  b.first_zero_point = first.quantization.zero_point();
  b.second_zero_point = second.quantization.zero_point();
  b.output_zero_point = output.quantization.zero_point();
  set_factors(b, scale_of_tensor(first), scale_of_tensor(second), scale_of_tensor(output));
  const ActivationRange clamp = activation_range(fused_activation(op.kind), output.quantization);
  b.clamp_low = clamp.lowest;
  b.clamp_high = clamp.highest;
  return b;
}

}  // namespace thaw

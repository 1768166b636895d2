#include "sim/plan/network.h"

#include <algorithm>
#include <cassert>

#include "sim/graph/activation_range.h"
#include "sim/graph/effective_scale.h"
#include "sim/graph/window.h"

namespace thaw {

void shorten_steps(Window& w) {
  const WindowSteps rows = least_steps(w.input_height, w.output_height, w.kernel_height,
                                       {w.stride_height, w.dilation_height, w.pad_top});
  const WindowSteps columns = least_steps(w.input_width, w.output_width, w.kernel_width,
                                          {w.stride_width, w.dilation_width, w.pad_left});
  w.stride_height = rows.stride, w.dilation_height = rows.dilation, w.pad_top = rows.pad_before;
  w.stride_width = columns.stride, w.dilation_width = columns.dilation, w.pad_left = columns.pad_before;
}

namespace {

int32_t dimension(const Tensor& tensor, size_t axis) {
  return tensor.shape[axis];
}

void place_window(Window& w, Padding padding) {
  const WindowGeometry rows =
      window_geometry(w.input_height, w.kernel_height, w.stride_height, w.dilation_height, padding);
  const WindowGeometry columns =
      window_geometry(w.input_width, w.kernel_width, w.stride_width, w.dilation_width, padding);
  w.output_height = rows.out;
  w.output_width = columns.out;
  w.pad_top = rows.pad_before;
  w.pad_left = columns.pad_before;
  shorten_steps(w);
}

template <class WindowedOperator>
Window image_window(const WindowedOperator& op, const Tensor& input) {
  Window w;
  w.input_height = dimension(input, 1);
  w.input_width = dimension(input, 2);
  w.input_channels = dimension(input, 3);
  w.stride_height = op.stride_height;
  w.stride_width = op.stride_width;
  return w;
}

/// FULLY_CONNECTED runs as a 1x1 convolution over an image of `rows` x 1 positions.
Window fully_connected_window(const Tensor& input, const Tensor& weights) {
  Window w;
  w.input_channels = dimension(weights, 1);
  w.output_channels = dimension(weights, 0);
  w.input_height = w.output_height = static_cast<int32_t>(input.elements() / w.input_channels);
  return w;
}

}  // namespace

Convolution read_convolution(const Graph& graph, const Op& op) {
  const Tensor& input = graph.tensor(op.inputs[0]);
  const Tensor& weights = graph.tensor(op.inputs[1]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  Convolution c;
  if (const auto* conv = std::get_if<Conv2d>(&op.kind)) {
    c.window = image_window(*conv, input);
    c.window.output_channels = dimension(weights, 0);
    c.window.kernel_height = dimension(weights, 1);
    c.window.kernel_width = dimension(weights, 2);
    c.window.dilation_height = conv->dilation_height;
    c.window.dilation_width = conv->dilation_width;
    place_window(c.window, conv->padding);
  } else if (const auto* depthwise = std::get_if<DepthwiseConv2d>(&op.kind)) {
    c.depthwise = true;
    c.depth_multiplier = depthwise->depth_multiplier;
    c.window = image_window(*depthwise, input);
    c.window.output_channels = dimension(weights, 3);
    c.window.kernel_height = dimension(weights, 1);
    c.window.kernel_width = dimension(weights, 2);
    c.window.dilation_height = depthwise->dilation_height;
    c.window.dilation_width = depthwise->dilation_width;
    place_window(c.window, depthwise->padding);
  } else {
    c.window = fully_connected_window(input, weights);
  }
  const auto channels = static_cast<size_t>(c.window.output_channels);
  const ActivationRange clamp = activation_range(fused_activation(op.kind), output.quantization);
  c.window.clamp_low = clamp.lowest;
  c.window.clamp_high = clamp.highest;
  c.weights.assign(weights.int8_data(), weights.int8_data() + weights.elements());
  c.biases.assign(channels, 0);
  if (op.inputs.size() > 2 && op.inputs[2].present()) {
    const int32_t* biases = graph.tensor(op.inputs[2]).int32_data();
    c.biases.assign(biases, biases + channels);
  }
  for (size_t o = 0; o < channels; ++o) {
    c.weight_scales.push_back(static_cast<double>(weights.quantization.scale(o)));
    c.multipliers.push_back(quantize_multiplier(effective_scale(graph, op, o)));
  }
  return c;
}

thaw_add read_add(const Graph& graph, const Op& op) {
  const Tensor& first = graph.tensor(op.inputs[0]);
  const Tensor& second = graph.tensor(op.inputs[1]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  const double first_scale = first.quantization.scale();
  const double second_scale = second.quantization.scale();
  const double twice_largest = 2.0 * std::max(first_scale, second_scale);
  const QuantizedMultiplier of_first = quantize_multiplier(first_scale / twice_largest);
  const QuantizedMultiplier of_second = quantize_multiplier(second_scale / twice_largest);
  const QuantizedMultiplier of_sum = quantize_multiplier(
      twice_largest / ((1 << THAW_ADD_LEFT_SHIFT) * static_cast<double>(output.quantization.scale())));
  const ActivationRange clamp = activation_range(fused_activation(op.kind), output.quantization);
  thaw_add add = {};
  add.elements = static_cast<int32_t>(output.elements());
  add.input1_zero_point = first.quantization.zero_point();
  add.input1_multiplier = of_first.multiplier;
  add.input1_shift = of_first.shift;
  add.input2_zero_point = second.quantization.zero_point();
  add.input2_multiplier = of_second.multiplier;
  add.input2_shift = of_second.shift;
  add.output_zero_point = output.quantization.zero_point();
  add.output_multiplier = of_sum.multiplier;
  add.output_shift = of_sum.shift;
  add.clamp_low = clamp.lowest;
  add.clamp_high = clamp.highest;
  return add;
}

const Layer& Network::convolution_layer(int32_t index) const {
  for (const Layer& layer : layers)
    if (const auto* c = std::get_if<Convolution>(&layer.kind); c != nullptr && c->index == index)
      return layer;
  assert(false && "no convolution with this index");
  return layers.front();
}

int32_t Network::convolution_count() const {
  return static_cast<int32_t>(std::count_if(layers.begin(), layers.end(), [](const Layer& layer) {
    return std::holds_alternative<Convolution>(layer.kind);
  }));
}

}  // namespace thaw

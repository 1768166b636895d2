// Models with the scales that converters sometimes write and TensorFlow Lite Micro runs.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "sim/graph/effective_scale.h"
#include "sim/graph/graph.h"

namespace thaw::testing {

inline bool has_weights(const Op& op) {
  return std::holds_alternative<Conv2d>(op.kind) || std::holds_alternative<DepthwiseConv2d>(op.kind) ||
         std::holds_alternative<FullyConnected>(op.kind);
}

/// Channel `channel` of a convolution gets weights of 0 and a scale of 0; one scale for all becomes one a
/// channel first.
inline void make_dead(Graph& graph, const Op& op, size_t channel) {
  Tensor& weights = graph.tensors[op.inputs[1].index()];
  const size_t channels = output_channels(graph, op);
  const bool depthwise = std::holds_alternative<DepthwiseConv2d>(op.kind);
  Quantization& q = weights.quantization;
  if (q.scales.size() != channels)
    q = {std::vector<float>(channels, q.scale()), std::vector<int32_t>(channels, 0), depthwise ? 3 : 0};
  q.scales[channel] = 0.0F;
  const size_t per_channel = weights.data.size() / channels;
  for (size_t k = 0; k < per_channel; ++k)
    weights.data[depthwise ? k * channels + channel : channel * per_channel + k] = std::byte{0};
}

/// A dead channel in every convolution before the last operator, biases of dense layers without a scale, and
/// pools whose output scale is the next float.
inline Graph with_odd_scales(Graph graph) {
  size_t channel = 0;
  for (const Op& op : graph.ops) {
    if (has_weights(op) && op.id.index() + 1 < graph.ops.size())
      make_dead(graph, op, channel++ % output_channels(graph, op));
    if (std::holds_alternative<FullyConnected>(op.kind) && op.inputs.size() > 2 && op.inputs[2].present())
      graph.tensors[op.inputs[2].index()].quantization = {};
    if (std::holds_alternative<AveragePool2d>(op.kind) || std::holds_alternative<MaxPool2d>(op.kind)) {
      float& scale = graph.tensors[op.outputs[0].index()].quantization.scales[0];
      scale = std::nextafter(scale, 1.0F);
    }
  }
  return graph;
}

}  // namespace thaw::testing

#include "sim/graph/zero_scales.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "sim/graph/effective_scale.h"
#include "sim/graph/graph_paths.h"

namespace thaw {
namespace {

/// Element n/2 of the scales above `limit`, ascending; 0 where there is none.
float middle_scale(const std::vector<float>& scales, double limit) {
  std::vector<float> others;
  for (float s : scales)
    if (static_cast<double>(s) > limit) others.push_back(s);
  if (others.empty()) return 0.0F;
  std::sort(others.begin(), others.end());
  return others[others.size() / 2];
}

float scale_for_dead_channels(const Graph& graph, const Op& op) {
  const std::vector<float>& scales = graph.tensor(op.inputs[1]).quantization.scales;
  constexpr double kDeadScale = 1e-7;
  for (double limit : {kDeadScale, 0.0})
    if (const float scale = middle_scale(scales, limit); scale > 0.0F) return scale;
  return std::clamp(
      graph.tensor(op.outputs[0]).quantization.scale() / graph.tensor(op.inputs[0]).quantization.scale(),
      std::numeric_limits<float>::min(), std::numeric_limits<float>::max());
}

/// Input `position` of `op`, which nobody else reads: a copy where somebody does.
Tensor& own_constant(Graph& graph, Op& op, size_t position) {
  const TensorId id = op.inputs[position];
  int64_t readers = 0;
  for (const Op& other : graph.ops) readers += std::ranges::count(other.inputs, id);
  if (readers == 1) return graph.tensors[id.index()];
  Tensor copy = graph.tensor(id);
  copy.id = TensorId(graph.tensors.size());
  copy.file_index = -1;
  graph.tensors.push_back(std::move(copy));
  op.inputs[position] = graph.tensors.back().id;
  return graph.tensors.back();
}

void clear_weights(Tensor& weights, bool depthwise, size_t channel, size_t channels) {
  const size_t per_channel = static_cast<size_t>(weights.elements()) / channels;
  for (size_t k = 0; k < per_channel; ++k)
    weights.data[depthwise ? k * channels + channel : channel * per_channel + k] = std::byte{0};
}

/// Scale of input times scale of weights.
Quantization bias_quantization(const Graph& graph, const Op& op) {
  Quantization result;
  for (float s : graph.tensor(op.inputs[1]).quantization.scales) {
    result.scales.push_back(graph.tensor(op.inputs[0]).quantization.scale() * s);
    result.zero_points.push_back(0);
  }
  return result;
}

void mend(Graph& graph, Op& op) {
  const float scale = scale_for_dead_channels(graph, op);
  const size_t channels = output_channels(graph, op);
  const bool depthwise = std::holds_alternative<DepthwiseConv2d>(op.kind);
  Tensor& weights = own_constant(graph, op, 1);
  const std::vector<float> before = weights.quantization.scales;
  for (float& s : weights.quantization.scales)
    if (s == 0.0F) s = scale;
  std::vector<size_t> dead;
  for (size_t c = 0; c < channels; ++c)
    if (before[before.size() == 1 ? 0 : c] == 0.0F) dead.push_back(c);
  for (size_t c : dead) clear_weights(weights, depthwise, c, channels);
  if (op.inputs.size() > 2 && op.inputs[2].present()) {
    Tensor& bias = own_constant(graph, op, 2);  // `weights` may have moved
    for (size_t c : dead) std::memset(bias.data.data() + c * sizeof(int32_t), 0, sizeof(int32_t));
    bias.quantization = bias_quantization(graph, op);
  }
  graph.warnings.push_back(op_path(op) + ": " + std::to_string(dead.size()) +
                           " channels have a weight scale of 0, so that their output is constant; they were "
                           "given the scale " +
                           std::to_string(scale) + " with weights of 0, which changes no output");
}

}  // namespace

Graph with_nonzero_scales(Graph graph) {
  for (Op& op : graph.ops) {
    const bool weighted = std::holds_alternative<Conv2d>(op.kind) ||
                          std::holds_alternative<DepthwiseConv2d>(op.kind) ||
                          std::holds_alternative<FullyConnected>(op.kind);
    if (weighted && std::ranges::count(graph.tensor(op.inputs[1]).quantization.scales, 0.0F) > 0)
      mend(graph, op);
  }
  return graph;
}

}  // namespace thaw

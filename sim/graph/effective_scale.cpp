// The factor that becomes the forward multiplier of a channel.
#include "sim/graph/effective_scale.h"

namespace thaw {

double effective_scale(const Graph& graph, const Op& op, size_t channel) {
  const float input = graph.tensor(op.inputs[0]).quantization.scale();
  const Quantization& weights = graph.tensor(op.inputs[1]).quantization;
  const double output = static_cast<double>(graph.tensor(op.outputs[0]).quantization.scale());
  if (std::holds_alternative<FullyConnected>(op.kind) && weights.scales.size() == 1) {
    const float product = input * weights.scale();
    return static_cast<double>(product) / output;
  }
  return static_cast<double>(input) * static_cast<double>(weights.scale(channel)) / output;
}

size_t output_channels(const Graph& graph, const Op& op) {
  const std::vector<int32_t>& shape = graph.tensor(op.inputs[1]).shape;
  return static_cast<size_t>(std::holds_alternative<DepthwiseConv2d>(op.kind) ? shape[3] : shape[0]);
}

}  // namespace thaw

#include "sim/plan/lower.h"

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/plan/lowering.h"

namespace thaw {
namespace {

/// For each tensor, whether some updated tensor lies at or before the operator that makes it.
std::vector<bool> tensors_with_gradient(const Network& network, const Schedule& schedule) {
  std::vector<bool> carries(network.graph.tensors.size(), false);
  for (const Layer& layer : network.layers) {
    bool crossed = false;
    for (TensorId input : layer.inputs) crossed = crossed || carries[input.index()];
    if (const auto* c = std::get_if<Convolution>(&layer.kind))
      crossed = crossed || is_updated(schedule.find(c->index));
    carries[layer.output.index()] = crossed;
  }
  return carries;
}

/// Layers that only compute the features from their source: gradients go around them.
std::vector<bool> feature_layers(const Network& network) {
  std::vector<bool> result(network.layers.size(), false);
  TensorId at = network.classifier.feature_tensor;
  for (size_t i = network.layers.size(); i-- > 0 && at != network.classifier.source;) {
    if (network.layers[i].output != at) continue;
    result[i] = true;
    at = network.layers[i].inputs[0];
  }
  return result;
}

}  // namespace

Lowering::Lowering(const Network& n, const Schedule& s)
    : network(n),
      schedule(s),
      build(n.graph),
      carries(tensors_with_gradient(n, s)),
      on_feature_path(feature_layers(n)),
      mask(n.graph.tensors.size()),
      gradient_number(n.graph.tensors.size(), -1),
      convolutions(static_cast<size_t>(n.convolution_count())) {}

bool Lowering::trains_convolutions() const {
  return std::any_of(schedule.update.begin(), schedule.update.end(), [&](const LayerUpdate& u) {
    return u.op < network.convolution_count() && is_updated(&u);
  });
}

void Lowering::number_gradients() {
  for (const Layer& layer : network.layers) {
    if (!carries[layer.output.index()] || std::holds_alternative<PlainOperator>(layer.kind)) continue;
    const Tensor& tensor = network.graph.tensor(layer.output);
    GradientTensor g;
    g.name = layer.name;
    g.bits = schedule.training.gradient_bits;
    g.elements = tensor.elements();
    const int64_t element_bytes = g.bits == 7 ? 1 : 2;
    g.buffer = build.buffer(BufferKind::gradient, layer.name + ".gradient", g.elements * element_bytes,
                            static_cast<int32_t>(element_bytes));
    gradient_number[layer.output.index()] = static_cast<int32_t>(build.plan.gradient_tensors.size());
    build.plan.gradient_tensors.push_back(g);
  }
  const auto count = static_cast<int64_t>(build.plan.gradient_tensors.size());
  if (count == 0) return;
  build.plan.gradient_states = build.buffer(BufferKind::state, "gradient_states", 2 * count, 1);
  build.plan.buffers[build.plan.gradient_states.index()].initial_value = InitialValue::gradient_exponents;
  build.plan.gradient_exponents = build.buffer(BufferKind::scratch, "gradient_exponents", 4 * count, 4);
}

Plan Lowering::run() {
  build.plan.trains = !schedule.update.empty();
  build.plan.classes = network.classifier.classes;
  build.plan.inputs.push_back(build.activation(network.input));
  for (const Layer& layer : network.layers) forward(layer);
  loss();
  number_gradients();
  backward();
  build.plan.notes = network.notes;
  update_lifetimes(build.plan);
  return std::move(build.plan);
}

Plan lower(const Network& network, const Schedule& schedule) {
  return Lowering(network, schedule).run();
}

std::string why_not_trainable(const Network& network, int32_t convolution) {
  Schedule alone;
  alone.update.push_back({convolution, "", true, UpdatedWeights::all, {}});
  try {
    lower(network, alone);
    return "";
  } catch (const Error& error) {
    return error.where + ": " + error.what_is_wrong;
  }
}

}  // namespace thaw

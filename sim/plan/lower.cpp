#include "sim/plan/lower.h"

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/plan/feature_path.h"
#include "sim/plan/lowering.h"

namespace thaw {
namespace {

/// For each tensor, whether some updated tensor lies at or before the operator that makes it.
std::vector<bool> tensors_behind_updates(const Network& network, const Schedule& schedule) {
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

/// For each tensor, whether the loss depends on it by other ways than the step from the features to their
/// source.
std::vector<bool> tensors_before_loss(const Network& network, const std::vector<bool>& on_feature_path) {
  std::vector<bool> reaches(network.graph.tensors.size(), false);
  if (network.classifier.source.present()) reaches[network.classifier.source.index()] = true;
  for (size_t i = network.layers.size(); i-- > 0;)
    if (!on_feature_path[i] && reaches[network.layers[i].output.index()])
      for (TensorId input : network.layers[i].inputs) reaches[input.index()] = true;
  return reaches;
}

}  // namespace

Lowering::Lowering(const Network& n, const Schedule& s)
    : network(n),
      schedule(s),
      build(n.graph),
      copies(build, state_variables(n), users_of(n)),
      carries(tensors_behind_updates(n, s)),
      on_feature_path(feature_layers(n)),
      reaches_loss(tensors_before_loss(n, on_feature_path)),
      mask(n.graph.tensors.size()),
      winners(n.graph.tensors.size()),
      resize_tables(n.graph.tensors.size()),
      gradient_number(n.graph.tensors.size(), -1),
      partial_sums(n.graph.tensors.size()),
      convolutions(static_cast<size_t>(n.convolution_count())) {}

bool Lowering::trains_convolutions() const {
  return std::any_of(schedule.update.begin(), schedule.update.end(), [&](const LayerUpdate& u) {
    return u.op < network.convolution_count() && is_updated(&u);
  });
}

bool Lowering::has_gradient(const Layer& layer) const {
  const auto* plain = std::get_if<PlainOperator>(&layer.kind);
  const auto number = static_cast<size_t>(&layer - network.layers.data());
  return carries[layer.output.index()] && reaches_loss[layer.output.index()] && !on_feature_path[number] &&
         (plain == nullptr || plain->reason.empty());
}

size_t Lowering::source_count(const Layer& layer) const {
  size_t count = layer.output == network.classifier.source ? 1 : 0;
  for (size_t i = 0; i < network.layers.size(); ++i)
    if (!on_feature_path[i] && reaches_loss[network.layers[i].output.index()])
      count += static_cast<size_t>(std::ranges::count(network.layers[i].inputs, layer.output));
  return count;
}

int32_t Lowering::number_gradient(const Layer& layer, const std::string& suffix) {
  GradientTensor g;
  g.name = layer.name + suffix;
  g.bits = schedule.training.gradient_bits;
  g.elements = network.graph.tensor(layer.output).elements();
  const int64_t element_bytes = g.bits == 7 ? 1 : 2;
  g.buffer = build.buffer(BufferKind::gradient, g.name + ".gradient", g.elements * element_bytes,
                          static_cast<int32_t>(element_bytes));
  build.plan.gradient_tensors.push_back(g);
  return static_cast<int32_t>(build.plan.gradient_tensors.size()) - 1;
}

void Lowering::number_gradients() {
  for (const Layer& layer : network.layers) {
    if (!has_gradient(layer)) continue;
    const size_t sources = source_count(layer);
    for (size_t i = 2; i < sources; ++i)
      partial_sums[layer.output.index()].push_back(number_gradient(layer, ".sum" + std::to_string(i - 1)));
    gradient_number[layer.output.index()] = number_gradient(layer, "");
  }
  const auto count = static_cast<int64_t>(build.plan.gradient_tensors.size());
  if (count == 0) return;
  build.plan.gradient_states = build.buffer(BufferKind::state, "gradient_states", 2 * count, 1);
  build.plan.buffers[build.plan.gradient_states.index()].initial_value = InitialValue::gradient_exponents;
  build.plan.gradient_exponents = build.buffer(BufferKind::scratch, "gradient_exponents", 4 * count, 4);
}

Plan Lowering::run() {
  build.plan.trains = !schedule.update.empty();
  build.plan.task = network.task;
  build.plan.classes = network.classifier.classes;
  build.input(network.input);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    copies.before(i);
    forward(network.layers[i]);
    copies.after(i);
  }
  copies.before(network.layers.size());
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

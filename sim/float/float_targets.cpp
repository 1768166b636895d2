#include <numeric>

#include "sim/base/error.h"
#include "sim/exec/prefix_cache.h"
#include "sim/float/float_backward.h"
#include "sim/plan/lower.h"

namespace thaw {
namespace {

FloatLayerTargets layer_targets(const Convolution& convolution, const LayerUpdate& update) {
  FloatLayerTargets targets;
  targets.bias = update.bias;
  if (update.weights == UpdatedWeights::channels) targets.channels = update.channels;
  if (update.weights == UpdatedWeights::all) {
    targets.channels.resize(static_cast<size_t>(convolution.selectable_channels()));
    std::iota(targets.channels.begin(), targets.channels.end(), 0);
  }
  return targets;
}

bool trains(const FloatLayerTargets& targets) {
  return targets.bias || !targets.channels.empty();
}

void check_reachable(const Network& network, const Layer& layer, int32_t convolution) {
  const std::string obstacle = why_not_trainable(network, convolution);
  if (!obstacle.empty())
    throw Error(network.graph.file_name + ", layer '" + layer.name + "'", "cannot be trained: " + obstacle,
                "Remove it from the schedule");
}

}  // namespace

FloatTargets float_targets(const Network& network, const Schedule& schedule) {
  FloatTargets targets;
  targets.needs_gradient.assign(network.graph.tensors.size(), false);
  targets.first_layer = network.layers.size();
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    bool needed = false;
    for (TensorId input : layer.inputs) needed = needed || targets.needs_gradient[input.index()];
    if (const auto* convolution = std::get_if<Convolution>(&layer.kind)) {
      FloatLayerTargets& entry = targets.layers.emplace_back();
      if (const LayerUpdate* update = schedule.find(convolution->index))
        entry = layer_targets(*convolution, *update);
      if (trains(entry)) {
        check_reachable(network, layer, convolution->index);
        targets.first_layer = std::min(targets.first_layer, i);
        needed = true;
      }
    }
    targets.needs_gradient[layer.output.index()] = needed;
  }
  if (const LayerUpdate* update = schedule.find(network.convolution_count())) {
    targets.classifier_weights = update->weights == UpdatedWeights::all;
    targets.classifier_biases = update->bias;
  }
  return targets;
}

FloatGradients zero_gradients(const FloatModel& model, const FloatTargets& targets) {
  FloatGradients gradients;
  gradients.weights.resize(targets.layers.size());
  gradients.biases.resize(targets.layers.size());
  for (size_t i = 0; i < targets.layers.size(); ++i) {
    const auto& c = std::get<Convolution>(model.network.layers[model.convolutions[i].layer].kind);
    gradients.weights[i].resize(targets.layers[i].channels.size() *
                                static_cast<size_t>(c.weights_per_channel()));
    if (targets.layers[i].bias) gradients.biases[i].resize(static_cast<size_t>(c.window.output_channels));
  }
  const Classifier& classifier = model.network.classifier;
  const auto classes = static_cast<size_t>(classifier.classes);
  if (targets.classifier_weights)
    gradients.classifier_weights.resize(classes * static_cast<size_t>(classifier.features));
  if (targets.classifier_biases) gradients.classifier_biases.resize(classes);
  return gradients;
}

namespace {

/// Calls visit(vector) for every vector of the gradients, in a fixed order.
template <class Gradients, class Visit>
void for_each_vector(Gradients& gradients, const Visit& visit) {
  for (auto& vector : gradients.weights) visit(vector);
  for (auto& vector : gradients.biases) visit(vector);
  visit(gradients.classifier_weights);
  visit(gradients.classifier_biases);
}

}  // namespace

void clear(FloatGradients& gradients) {
  for_each_vector(gradients, [](std::vector<float>& v) { std::fill(v.begin(), v.end(), 0.0F); });
}

void add(const FloatGradients& part, FloatGradients& sum) {
  std::vector<const std::vector<float>*> parts;
  for_each_vector(part, [&](const std::vector<float>& v) { parts.push_back(&v); });
  size_t next = 0;
  for_each_vector(sum, [&](std::vector<float>& v) {
    const std::vector<float>& addend = *parts[next++];
    for (size_t i = 0; i < v.size(); ++i) v[i] += addend[i];
  });
}

}  // namespace thaw

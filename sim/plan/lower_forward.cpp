// The forward half of lowering: inference, what it saves for the updates, the loss.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <tuple>
#include <utility>

#include "engine/kernels/max_pool2d.h"
#include "sim/base/error.h"
#include "sim/graph/same_values.h"
#include "sim/plan/lowering.h"
#include "sim/plan/operator_gradient.h"
#include "sim/plan/scratch.h"

namespace thaw {
namespace {

/// The plan and the kernels number channels in 16 bits.
constexpr int32_t kMostSelectableChannels = 65536;

std::vector<uint16_t> channels_of(const LayerUpdate* update, const Convolution& c) {
  std::vector<uint16_t> channels;
  if (update == nullptr || update->weights == UpdatedWeights::none) return channels;
  if (update->weights == UpdatedWeights::all) {
    channels.resize(static_cast<size_t>(c.selectable_channels()));
    std::iota(channels.begin(), channels.end(), uint16_t{0});
  } else {
    channels.assign(update->channels.begin(), update->channels.end());
  }
  return channels;
}

void clear_channels(std::vector<int8_t>& weights, const Convolution& c,
                    const std::vector<uint16_t>& channels) {
  const auto stride = static_cast<size_t>(c.depthwise ? c.window.output_channels : c.window.input_channels);
  for (size_t row = 0; row < weights.size(); row += stride)
    for (uint16_t channel : channels) weights[row + channel] = 0;
}

/// Trained biases stay where no accumulator can overflow (section 2, bias limit).
std::vector<int32_t> limited(std::vector<int32_t> biases, int64_t limit) {
  for (int32_t& b : biases) b = static_cast<int32_t>(std::clamp<int64_t>(b, -limit, limit));
  return biases;
}

}  // namespace

void Lowering::save_input(const Layer& layer, const Convolution& c, const std::vector<uint16_t>& channels) {
  ConvolutionBuffers& made = convolutions[static_cast<size_t>(c.index)];
  if (static_cast<int32_t>(channels.size()) == c.selectable_channels() && c.depth_multiplier == 1) {
    made.saved_input = made.forward.input;  // lives on until the update reads it
    return;
  }
  std::vector<uint16_t> saved;  // of the input
  for (uint16_t channel : channels)
    saved.push_back(static_cast<uint16_t>(c.depthwise ? channel / c.depth_multiplier : channel));
  GatherChannels gather;
  gather.gather.positions = static_cast<int32_t>(c.window.input_positions());
  gather.gather.input_channels = c.window.input_channels;
  gather.gather.count = static_cast<int32_t>(saved.size());
  gather.channel_list = build.constant(layer.name + ".saved_channels", saved);
  gather.input = made.forward.input;
  gather.output = build.buffer(BufferKind::saved_input, layer.name + ".saved_input",
                               c.window.input_positions() * static_cast<int64_t>(saved.size()), 1);
  made.saved_input = gather.output;
  made.gathered = true;
  build.step(layer.name + ".save", Phase::forward, layer.op, gather);
}

void Lowering::forward(const Layer& layer, const Convolution& c) {
  const LayerUpdate* update = schedule.find(c.index);
  if (update != nullptr && update->weights != UpdatedWeights::none &&
      c.selectable_channels() > kMostSelectableChannels)
    throw Error(network.graph.file_name + ": layer '" + layer.name + "'",
                "it has " + std::to_string(c.selectable_channels()) + " input channels, more than the " +
                    std::to_string(kMostSelectableChannels) + " of which weights can be updated",
                "Update its biases only");
  const std::vector<uint16_t> channels = channels_of(update, c);
  ConvolutionForward k;
  k.window = c.window;
  k.window.input_zero_point = zero_point_of(network.graph, layer.inputs[0]);
  k.window.output_zero_point = zero_point_of(network.graph, layer.output);
  k.depthwise = c.depthwise;
  k.depth_multiplier = c.depth_multiplier;
  k.input = build.activation(layer.inputs[0]);
  if (static_cast<int32_t>(channels.size()) < c.selectable_channels()) {
    std::vector<int8_t> frozen = c.weights;
    clear_channels(frozen, c, channels);
    k.weights = build.constant(layer.name + ".weights", frozen);
  }
  if (!channels.empty()) {
    k.trained_channels = channels;
    k.trained_channel_list = build.constant(layer.name + ".trained_channels", channels);
    k.trained_weights = build.state(layer.name + ".trained_weights", trained_channel_weights(c, channels));
  }
  k.bias = update != nullptr && update->bias
               ? build.state(layer.name + ".biases", limited(c.biases, bias_limit(c)))
               : build.constant(layer.name + ".biases", c.biases);
  std::tie(k.multipliers, k.shifts) = multiplier_constants(build, layer.name, c.multipliers);
  convolutions[static_cast<size_t>(c.index)].forward = k;
  if (!channels.empty()) save_input(layer, c, channels);
  k.output = build.activation(layer.output);
  k.mask = mask[layer.output.index()];
  k.scratch = build.buffer(BufferKind::scratch, layer.name + ".scratch", scratch_bytes(k), 4);
  convolutions[static_cast<size_t>(c.index)].forward = k;
  build.step(layer.name, Phase::forward, layer.op, std::move(k), c.macs());
}

void Lowering::save_for_gradient(const Layer& layer, Kernel& kernel) {
  std::visit(
      [&](auto& k) {
        if constexpr (requires { k.mask; }) k.mask = mask[layer.output.index()];
      },
      kernel);
  if (const auto* resize = std::get_if<ResizeForward>(&kernel))
    resize_tables[layer.output.index()] = {resize->rows, resize->columns};
  auto* pool = std::get_if<PoolForward>(&kernel);
  if (pool == nullptr || !pool->maximum || !carries[layer.inputs[0].index()]) return;
  const int64_t elements = network.graph.tensor(layer.output).elements();
  const int32_t bytes = thaw_winner_bytes(&pool->pool);
  winners[layer.output.index()] = pool->winners =
      build.buffer(BufferKind::mask, layer.name + ".winners", bytes * elements, bytes);
}

void Lowering::forward(const Layer& layer) {
  const Tensor& output = network.graph.tensor(layer.output);
  if (has_gradient(layer) && (!std::holds_alternative<PlainOperator>(layer.kind) ||
                              may_clamp(network.graph, network.graph.op(layer.op))))
    mask[layer.output.index()] =
        build.buffer(BufferKind::mask, layer.name + ".mask", (output.elements() + 7) / 8, 1);
  if (const auto* c = std::get_if<Convolution>(&layer.kind)) return forward(layer, *c);
  if (const auto* residual = std::get_if<ResidualAdd>(&layer.kind)) {
    AddForward k;
    k.add = residual->add;
    k.first_input = build.activation(layer.inputs[0]);
    k.second_input = build.activation(layer.inputs[1]);
    k.output = build.activation(layer.output);
    k.mask = mask[layer.output.index()];
    return build.step(layer.name, Phase::forward, layer.op, k);
  }
  Kernel kernel = plain_kernel(network.graph, network.graph.op(layer.op));
  set_operands(build, network.graph.op(layer.op), layer.inputs, layer.output, kernel);
  if (has_gradient(layer)) save_for_gradient(layer, kernel);
  build.step(layer.name, Phase::forward, layer.op, std::move(kernel));
}

thaw_classifier Lowering::classifier_parameters() const {
  thaw_classifier parameters = {};
  parameters.classes = network.classifier.classes;
  parameters.features = network.classifier.features;
  parameters.feature_zero_point = zero_point_of(network.graph, network.classifier.feature_tensor);
  return parameters;
}

void Lowering::loss() {
  if (compares_output(network.task)) return squared_loss();
  const Classifier& c = network.classifier;
  const LayerUpdate* update = schedule.find(network.convolution_count());
  const double feature_scale = scale_of(network.graph, c.feature_tensor);
  const int64_t weights = int64_t{c.classes} * c.features;
  if (c.fresh) {
    classifier_weights = build.buffer(BufferKind::state, c.name + ".weights", 2 * weights, 2);
    classifier_biases = build.buffer(BufferKind::state, c.name + ".biases", 4 * int64_t{c.classes}, 4);
    build.plan.buffers[classifier_weights.index()].initial_value = InitialValue::fresh_classifier;
  } else if (is_updated(update)) {
    classifier_weights = build.state(c.name + ".weights", c.weights);
    classifier_biases = build.state(c.name + ".biases", c.biases);
  } else {
    classifier_weights = build.constant(c.name + ".weights", c.weights);
    classifier_biases = build.constant(c.name + ".biases", c.biases);
  }
  ClassifierForward forward;
  forward.classifier = classifier_parameters();
  if (c.fresh) forward.start_bound = static_cast<int32_t>(std::llround(4096.0 / std::sqrt(c.features)));
  forward.input = build.activation(c.feature_tensor);
  forward.weights = classifier_weights;
  forward.biases = classifier_biases;
  forward.logits = build.plan.logits =
      build.buffer(BufferKind::activation, c.name + ".logits", 4 * int64_t{c.classes}, 4);
  build.step(c.name, Phase::forward, c.op, forward, weights);
  const QuantizedMultiplier scale =
      quantize_multiplier(feature_scale * std::ldexp(1.0, -12) * std::numbers::log2e * 65536.0);
  SoftmaxLoss k;
  k.scale.classes = c.classes;
  k.scale.multiplier = scale.multiplier;
  k.scale.shift = scale.shift;
  k.logits = build.plan.logits;
  k.error = error = build.buffer(BufferKind::gradient, "loss.error", 4 * int64_t{c.classes}, 4);
  k.result = build.plan.result = build.buffer(BufferKind::state, "result", 16, 8);
  build.step("loss", Phase::loss, c.op, k);
}

BufferId Lowering::input_as_target() {
  const Quantization& from = network.graph.tensor(network.input).quantization;
  const Quantization& to = network.graph.tensor(network.classifier.feature_tensor).quantization;
  const BufferId input = build.activation(network.input);
  if (requantizes_to_itself(from, to)) return input;
  const QuantizedMultiplier scale =
      quantize_multiplier(static_cast<double>(from.scale()) / static_cast<double>(to.scale()));
  RequantizeForward k;
  k.requantize.elements = network.classifier.features;
  k.requantize.input_zero_point = from.zero_point();
  k.requantize.output_zero_point = to.zero_point();
  k.requantize.multiplier = scale.multiplier;
  k.requantize.shift = scale.shift;
  k.input = input;
  k.output = build.buffer(BufferKind::activation, "loss.target", network.classifier.features, 1);
  build.step("target", Phase::loss, OpId(), k);
  return k.output;
}

void Lowering::squared_loss() {
  const Classifier& c = network.classifier;
  SquaredLoss k;
  k.count = c.features;
  if (network.task == Task::reconstruct) k.target = input_as_target();
  k.output = build.plan.output = build.activation(c.feature_tensor);
  k.error = feature_gradient = build.buffer(BufferKind::gradient, "loss.error", 4 * int64_t{c.features}, 4);
  k.result = build.plan.result = build.buffer(BufferKind::state, "result", 16, 8);
  build.step("loss", Phase::loss, OpId(), k);
}

}  // namespace thaw

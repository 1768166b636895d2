// The backward half of lowering: each gradient tensor from what reads its tensor, then the updates that it
// makes possible.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/error.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/look_up_table.h"
#include "sim/plan/lowering.h"
#include "sim/plan/operator_gradient.h"
#include "sim/plan/scratch.h"

namespace thaw {
namespace {

void check_sums(const Network& network, const Layer& layer, const Convolution& c, int32_t bits) {
  const int64_t outputs_per_input =
      c.depthwise ? c.window.taps() * c.depth_multiplier : c.window.taps() * c.window.output_channels;
  const int64_t width = int64_t{1} << bits;
  if (width * 128 * outputs_per_input > kInt32Max || width * 255 * c.window.output_positions() > kInt32Max)
    throw Error(network.graph.file_name + ": layer '" + layer.name + "'",
                "gradients of " + std::to_string(bits) + " bits could overflow its 32-bit sums",
                "Use fewer gradient bits, or freeze this layer and all before it");
}

}  // namespace

ChannelScale Lowering::scale_constant(const std::string& name, const std::vector<double>& factors) {
  const ChannelMantissas made = channel_mantissas(factors);
  return {build.constant(name, made.mantissas), static_cast<int32_t>(factors.size()), made.exponent};
}

decltype(GradientSource::from) Lowering::source_of(const Layer& layer, const Layer& reader, size_t input,
                                                   double& factor) {
  const int32_t number = gradient_number[reader.output.index()];
  const auto* plain = std::get_if<PlainOperator>(&reader.kind);
  const std::string& file = network.graph.file_name;
  if (plain != nullptr && !plain->reason.empty())
    throw Error(file + ": operator " + std::to_string(reader.op.value) + " (" +
                    op_name(network.graph.op(reader.op).kind) + ")",
                "the gradient of '" + layer.name + "' would have to pass it: " + plain->reason,
                "Update only layers behind this operator");
  const BufferId gradient = build.plan.gradient_tensors[static_cast<size_t>(number)].buffer;
  if (const auto* c = std::get_if<Convolution>(&reader.kind)) {
    const ConvolutionForward& forward = convolutions[static_cast<size_t>(c->index)].forward;
    return FromConvolution{forward.window,
                           c->depthwise,
                           c->depth_multiplier,
                           gradient,
                           number,
                           forward.weights,
                           forward.trained_weights,
                           forward.trained_channel_list,
                           forward.trained_channels};
  }
  if (plain == nullptr) {
    factor = scale_of(network.graph, layer.output) / scale_of(network.graph, reader.output);
    return FromStored{gradient, number};
  }
  OperatorGradient rule = operator_gradient(network.graph, network.graph.op(reader.op), input);
  factor = rule.factor;
  const int32_t shift = left_shift_of(rule, schedule.training.gradient_bits);
  if (shift < 0)
    throw Error(file + ": layer '" + reader.name + "'",
                "gradients of " + std::to_string(schedule.training.gradient_bits) +
                    " bits could overflow its 32-bit sums",
                "Use fewer gradient bits, or freeze all before this layer");
  set_saved(reader, rule.rule);
  return FromOperator{rule.rule, gradient, number, shift};
}

void Lowering::set_saved(const Layer& reader, GradientRule& rule) {
  if (auto* pool = std::get_if<MaxPoolRule>(&rule)) pool->winners = winners[reader.output.index()];
  if (auto* table = std::get_if<TableRule>(&rule)) {
    table->input = build.activation(reader.inputs[0]);
    table->slopes = build.constant(reader.name + ".slopes",
                                   look_up_slopes(network.graph, network.graph.op(reader.op)).slopes);
  }
  if (auto* resize = std::get_if<ResizeRule>(&rule)) {
    resize->rows = resize_tables[reader.output.index()].first;
    resize->columns = resize_tables[reader.output.index()].second;
  }
  auto* binary = std::get_if<BinaryRule>(&rule);
  if (binary == nullptr || binary->binary.function == THAW_BINARY_ADD ||
      binary->binary.function == THAW_BINARY_SUB)
    return;
  binary->first_values = build.activation(reader.inputs[0]);
  binary->second_values = build.activation(reader.inputs[1]);
}

std::vector<GradientSource> Lowering::sources(const Layer& layer, const std::vector<double>& base) {
  std::vector<GradientSource> result;
  const auto scaled = [&](double factor) {
    std::vector<double> factors;
    for (double b : base) factors.push_back(b * factor);
    return scale_constant(layer.name + ".gradient_scale" + std::to_string(result.size()), factors);
  };
  if (layer.output == network.classifier.source) {
    const Classifier& c = network.classifier;
    // Of the mean squared error: section 17, the errors being (y - t) / 256.
    const double loss_factor =
        compares_output(network.task) ? 512.0 * scale_of(network.graph, c.feature_tensor) / c.features : 1.0;
    std::vector<double> factors;
    for (double b : base)
      factors.push_back(b * scale_of(network.graph, layer.output) * loss_factor / c.positions_averaged);
    result.push_back({FromFeatures{feature_gradient, network.classifier.per_element},
                      scale_constant(layer.name + ".gradient_scale0", factors)});
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& reader = network.layers[i];
    if (on_feature_path[i] || !reaches_loss[reader.output.index()]) continue;
    for (size_t input = 0; input < reader.inputs.size(); ++input) {
      if (reader.inputs[input] != layer.output) continue;
      double factor = 1.0;
      auto from = source_of(layer, reader, input, factor);
      result.push_back({std::move(from), scaled(factor)});
    }
  }
  return result;
}

void Lowering::emit_gradient(const Layer& layer, MakeGradient k, int32_t tensor) {
  const GradientTensor& g = build.plan.gradient_tensors[static_cast<size_t>(tensor)];
  k.tensor = tensor;
  k.output = g.buffer;
  k.exponents = build.plan.gradient_exponents;
  const std::string name = g.name;
  k.scratch = build.buffer(BufferKind::scratch, name + ".gradient_scratch", scratch_bytes(k), 4);
  int64_t macs = 0;
  for (const GradientSource& source : k.sources)
    if (const auto* from = std::get_if<FromConvolution>(&source.from))
      macs += from->window.output_elements() * from->window.taps() *
              (from->depthwise ? 1 : from->window.input_channels);
  build.step(name + ".gradient", Phase::backward, layer.op, std::move(k), macs);
}

void Lowering::make_gradient(const Layer& layer) {
  const Tensor& tensor = network.graph.tensor(layer.output);
  MakeGradient k;
  std::vector<double> base = {1.0};
  if (const auto* c = std::get_if<Convolution>(&layer.kind)) {
    check_sums(network, layer, *c, schedule.training.gradient_bits);
    k.channels = c->window.output_channels;
    k.width = c->window.output_width;
    const double input_scale = scale_of(network.graph, layer.inputs[0]);
    base.clear();
    for (double s : c->weight_scales) base.push_back(input_scale * s / scale_of(network.graph, layer.output));
  } else {
    k.channels = tensor.shape.empty() ? 1 : tensor.shape.back();
    k.width = tensor.shape.size() == 4 ? tensor.shape[2] : 1;
  }
  k.positions = static_cast<int32_t>(tensor.elements() / k.channels);
  k.mask = mask[layer.output.index()];
  std::vector<GradientSource> all = sources(layer, base);
  // A tensor is made from two sources at most: of more, the first two make a tensor that is the next one's
  // first source.
  for (int32_t sum : partial_sums[layer.output.index()]) {
    k.sources = {all[0], all[1]};
    emit_gradient(layer, k, sum);
    const BufferId buffer = build.plan.gradient_tensors[static_cast<size_t>(sum)].buffer;
    all.erase(all.begin());
    all[0] = {FromStored{buffer, sum},
              scale_constant(build.plan.gradient_tensors[static_cast<size_t>(sum)].name + ".gradient_scale",
                             {1.0})};
  }
  k.sources = std::move(all);
  emit_gradient(layer, std::move(k), gradient_number[layer.output.index()]);
}

void Lowering::update(const Layer& layer) {
  const auto& c = std::get<Convolution>(layer.kind);
  const LayerUpdate* update = schedule.find(c.index);
  const ConvolutionBuffers& made = convolutions[static_cast<size_t>(c.index)];
  const int32_t number = gradient_number[layer.output.index()];
  const BufferId gradient = build.plan.gradient_tensors[static_cast<size_t>(number)].buffer;
  const double input_scale = scale_of(network.graph, layer.inputs[0]);
  if (update != nullptr && update->bias) {
    std::vector<double> factors;
    for (double s : c.weight_scales) factors.push_back(1.0 / ((input_scale * s) * (input_scale * s)));
    UpdateBiases k;
    k.positions = static_cast<int32_t>(c.window.output_positions());
    k.channels = c.window.output_channels;
    k.tensor = number;
    k.convolution = c.index;
    k.limit = static_cast<int32_t>(bias_limit(c));
    k.scaling = scale_constant(layer.name + ".bias_scaling", factors);
    k.gradient = gradient;
    k.biases = made.forward.bias;
    k.exponents = build.plan.gradient_exponents;
    build.step(layer.name + ".update_biases", Phase::update, layer.op, k);
  }
  if (made.forward.trained_channels.empty()) return;
  std::vector<double> factors;
  for (double s : c.weight_scales) factors.push_back(1.0 / (s * s));
  UpdateWeights k;
  k.window = made.forward.window;
  k.depthwise = c.depthwise;
  k.depth_multiplier = c.depth_multiplier;
  k.convolution = c.index;
  k.tensor = number;
  k.fraction_bits = schedule.find(c.index)->fraction_bits.value_or(schedule.training.fraction_bits);
  k.gathered = made.gathered;
  k.scaling = scale_constant(layer.name + ".weight_scaling", factors);
  k.channels = made.forward.trained_channels;
  k.saved_channels = k.gathered ? static_cast<int32_t>(k.channels.size()) : c.window.input_channels;
  k.gradient = gradient;
  k.saved_input = made.saved_input;
  k.channel_list = made.forward.trained_channel_list;
  k.weights = made.forward.trained_weights;
  k.exponents = build.plan.gradient_exponents;
  const int64_t count = build.plan.buffer(k.weights).bytes;
  if (k.fraction_bits > 0)
    k.fractions = build.buffer(BufferKind::state, layer.name + ".weight_fractions",
                               (count * k.fraction_bits + 7) / 8, 1);
  if (const int64_t bytes = scratch_bytes(k); bytes > 0)
    k.scratch = build.buffer(BufferKind::scratch, layer.name + ".update_scratch", bytes, 4);
  const int64_t macs = c.window.output_positions() * count;
  build.step(layer.name + ".update_weights", Phase::update, layer.op, std::move(k), macs);
}

void Lowering::classifier_backward() {
  const Classifier& c = network.classifier;
  const LayerUpdate* update_of_classifier = schedule.find(network.convolution_count());
  const double feature_scale = scale_of(network.graph, c.feature_tensor);
  const int64_t weights = int64_t{c.classes} * c.features;
  if (trains_convolutions()) {
    if (!c.source.present())
      throw Error(network.graph.file_name + ": classifier '" + c.name + "'",
                  "gradients cannot leave it: " + c.no_source_reason, "Update the classifier only");
    FeatureGradient k;
    k.classifier = classifier_parameters();
    int32_t bits = 0;
    while ((c.classes >> bits) != 0) ++bits;
    build.plan.feature_exponent = std::max(4, bits) - 12;
    k.error = error;
    k.weights = classifier_weights;
    k.unclamped = c.unclamped;
    if (c.unclamped != ActivationRange{}) k.clamped = build.activation(c.feature_tensor);
    k.output = feature_gradient =
        build.buffer(BufferKind::gradient, c.name + ".feature_gradient", 4 * int64_t{c.features}, 4);
    build.step(c.name + ".gradient", Phase::backward, c.op, k, weights);
  }
  if (is_updated(update_of_classifier)) {
    UpdateClassifier k;
    k.classifier = classifier_parameters();
    k.update_weights = update_of_classifier->weights != UpdatedWeights::none;
    k.update_biases = update_of_classifier->bias;
    k.weight_scaling = scale_constant(c.name + ".weight_scaling", {feature_scale * 4096.0});
    k.bias_scaling = scale_constant(c.name + ".bias_scaling", {4096.0 / feature_scale});
    k.error = error;
    k.input = build.activation(c.feature_tensor);
    k.weights = classifier_weights;
    k.biases = classifier_biases;
    build.step(c.name + ".update", Phase::update, c.op, k, weights);
  }
}

void Lowering::backward() {
  if (!compares_output(network.task)) classifier_backward();
  for (const Layer& layer : network.layers)
    if (const auto* convolution = std::get_if<Convolution>(&layer.kind);
        convolution != nullptr && is_updated(schedule.find(convolution->index)) &&
        !reaches_loss[layer.output.index()])
      throw Error(network.graph.file_name + ": layer '" + layer.name + "'", "nothing of it reaches the loss",
                  "Update only layers that the loss depends on");
  // Reverse execution order: when a tensor's maker is reached, the gradients of all its readers exist, and
  // their weights are not needed any more once its own gradient is made.
  for (size_t i = network.layers.size(); i-- > 0;) {
    const Layer& layer = network.layers[i];
    if (gradient_number[layer.output.index()] < 0) continue;
    make_gradient(layer);
    for (const Layer& reader : network.layers)
      if (std::holds_alternative<Convolution>(reader.kind) && reader.inputs[0] == layer.output &&
          gradient_number[reader.output.index()] >= 0)
        update(reader);
    const bool deepest = std::holds_alternative<Convolution>(layer.kind) && !carries[layer.inputs[0].index()];
    if (deepest) update(layer);
  }
}

}  // namespace thaw

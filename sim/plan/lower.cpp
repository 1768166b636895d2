#include "sim/plan/lower.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>
#include <tuple>

#include "sim/base/error.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/plan_builder.h"
#include "sim/plan/scratch.h"

namespace thaw {
namespace {

constexpr int64_t kInt32Max = 2147483647;

// Random streams of arithmetic section 3: 16 + 2k for the biases of convolution k, 17 + 2k for its weights.
constexpr int32_t bias_stream(int32_t convolution) {
  return 16 + 2 * convolution;
}
constexpr int32_t weight_stream(int32_t convolution) {
  return 17 + 2 * convolution;
}

double scale_of(const Graph& graph, TensorId tensor) {
  return static_cast<double>(graph.tensor(tensor).quantization.scale());
}
int32_t zero_point_of(const Graph& graph, TensorId tensor) {
  return graph.tensor(tensor).quantization.zero_point();
}

bool is_updated(const LayerUpdate* update) {
  return update != nullptr && (update->bias || update->weights != UpdatedWeights::none);
}

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

/// Emits the steps of one training plan. Members are the plan's own bookkeeping while it grows.
struct Lowering {
  const Network& network;
  const Schedule& schedule;
  PlanBuilder build;
  std::vector<bool> carries;             // by tensor: has a gradient tensor
  std::vector<bool> on_feature_path;     // by layer
  std::vector<BufferId> mask;            // by tensor
  std::vector<int32_t> gradient_number;  // by tensor
  struct ConvolutionBuffers {
    ConvolutionForward forward;
    BufferId saved_input;
    bool gathered = false;
  };
  std::vector<ConvolutionBuffers> convolutions;  // by index
  BufferId classifier_weights, classifier_biases, error, feature_gradient;

  Lowering(const Network& n, const Schedule& s)
      : network(n),
        schedule(s),
        build(n.graph),
        carries(tensors_with_gradient(n, s)),
        on_feature_path(feature_layers(n)),
        mask(n.graph.tensors.size()),
        gradient_number(n.graph.tensors.size(), -1),
        convolutions(static_cast<size_t>(n.convolution_count())) {}

  bool trains_convolutions() const {
    return std::any_of(schedule.update.begin(), schedule.update.end(), [&](const LayerUpdate& u) {
      return u.op < network.convolution_count() && is_updated(&u);
    });
  }

  Plan run();
  void forward(const Layer& layer);
  void forward(const Layer& layer, const Convolution& c);
  void save_input(const Layer& layer, const Convolution& c, const std::vector<uint16_t>& channels);
  void loss();
  void number_gradients();
  void backward();
  void make_gradient(const Layer& layer);
  std::vector<GradientSource> sources(const Layer& layer, const std::vector<double>& base);
  void update(const Layer& layer);
  ChannelScale scale_constant(const std::string& name, const std::vector<double>& factors);
};

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

int64_t bias_limit(const Convolution& c) {
  return kInt32Max - c.products() * 255 * 127;
}

void Lowering::save_input(const Layer& layer, const Convolution& c, const std::vector<uint16_t>& channels) {
  ConvolutionBuffers& made = convolutions[static_cast<size_t>(c.index)];
  if (static_cast<int32_t>(channels.size()) == c.selectable_channels() && c.depth_multiplier == 1) {
    made.saved_input = made.forward.input;  // lives on until the update reads it
    return;
  }
  GatherChannels gather;
  gather.positions = c.window.input_positions();
  gather.input_channels = c.window.input_channels;
  for (uint16_t channel : channels)
    gather.channels.push_back(static_cast<uint16_t>(c.depthwise ? channel / c.depth_multiplier : channel));
  gather.channel_list = build.constant(layer.name + ".saved_channels", gather.channels);
  gather.input = made.forward.input;
  gather.output = build.buffer(BufferKind::saved_input, layer.name + ".saved_input",
                               gather.positions * static_cast<int64_t>(channels.size()), 1);
  made.saved_input = gather.output;
  made.gathered = true;
  build.step(layer.name + ".save", Phase::forward, layer.op, std::move(gather));
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
  k.depthwise = c.depthwise;
  k.depth_multiplier = c.depth_multiplier;
  k.input_zero_point = zero_point_of(network.graph, layer.inputs[0]);
  k.output_zero_point = zero_point_of(network.graph, layer.output);
  k.clamp = c.clamp;
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

void Lowering::forward(const Layer& layer) {
  const Tensor& output = network.graph.tensor(layer.output);
  if (carries[layer.output.index()] && !std::holds_alternative<PlainOperator>(layer.kind))
    mask[layer.output.index()] =
        build.buffer(BufferKind::mask, layer.name + ".mask", (output.elements() + 7) / 8, 1);
  if (const auto* c = std::get_if<Convolution>(&layer.kind)) return forward(layer, *c);
  if (const auto* residual = std::get_if<ResidualAdd>(&layer.kind)) {
    AddForward k = residual->add;
    k.first_input = build.activation(layer.inputs[0]);
    k.second_input = build.activation(layer.inputs[1]);
    k.output = build.activation(layer.output);
    k.mask = mask[layer.output.index()];
    return build.step(layer.name, Phase::forward, layer.op, k);
  }
  Kernel kernel = plain_kernel(network.graph, network.graph.op(layer.op));
  const BufferId input = build.activation(layer.inputs[0]);
  set_input_output(kernel, input, build.activation(layer.output));
  build.step(layer.name, Phase::forward, layer.op, std::move(kernel));
}

void Lowering::loss() {
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
  const BufferId features = build.activation(c.feature_tensor);
  const int32_t zero_point = zero_point_of(network.graph, c.feature_tensor);
  build.plan.logits = build.buffer(BufferKind::activation, c.name + ".logits", 4 * int64_t{c.classes}, 4);
  build.step(c.name, Phase::forward, c.op,
             ClassifierForward{c.classes, c.features, zero_point, features, classifier_weights,
                               classifier_biases, build.plan.logits},
             weights);
  SoftmaxLoss k;
  k.classes = c.classes;
  k.scale = quantize_multiplier(feature_scale * std::ldexp(1.0, -12) * std::numbers::log2e * 65536.0);
  k.logits = build.plan.logits;
  k.error = error = build.buffer(BufferKind::gradient, "loss.error", 4 * int64_t{c.classes}, 4);
  k.result = build.plan.result = build.buffer(BufferKind::state, "result", 16, 8);
  build.step("loss", Phase::loss, c.op, k);
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

ChannelScale Lowering::scale_constant(const std::string& name, const std::vector<double>& factors) {
  const ChannelMantissas made = channel_mantissas(factors);
  return {build.constant(name, made.mantissas), static_cast<int32_t>(factors.size()), made.exponent};
}

/// base[c] turns a gradient of this tensor's integers into one of the gradient tensor's unit: the effective
/// scale of a convolution (gradients are of its accumulator), 1 for an add.
std::vector<GradientSource> Lowering::sources(const Layer& layer, const std::vector<double>& base) {
  std::vector<GradientSource> result;
  const auto scaled = [&](double numerator, double denominator) {
    std::vector<double> factors;
    for (double b : base) factors.push_back(b * numerator / denominator);
    return scale_constant(layer.name + ".gradient_scale" + std::to_string(result.size()), factors);
  };
  if (layer.output == network.classifier.source) {
    const double n = network.classifier.positions_averaged;
    const ChannelScale scale = scaled(scale_of(network.graph, layer.output), n);
    result.push_back({FromFeatures{feature_gradient, network.classifier.per_element}, scale});
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& reader = network.layers[i];
    for (size_t input = 0; input < reader.inputs.size(); ++input) {
      if (reader.inputs[input] != layer.output || on_feature_path[i]) continue;
      const int32_t number = gradient_number[reader.output.index()];
      if (const auto* c = std::get_if<Convolution>(&reader.kind)) {
        const ConvolutionForward& forward = convolutions[static_cast<size_t>(c->index)].forward;
        FromConvolution from{c->window,
                             c->depthwise,
                             c->depth_multiplier,
                             build.plan.gradient_tensors[static_cast<size_t>(number)].buffer,
                             number,
                             forward.weights,
                             forward.trained_weights,
                             forward.trained_channel_list,
                             forward.trained_channels};
        const ChannelScale scale = scaled(1.0, 1.0);
        result.push_back({std::move(from), scale});
      } else if (std::holds_alternative<ResidualAdd>(reader.kind)) {
        const ChannelScale scale =
            scaled(scale_of(network.graph, layer.output), scale_of(network.graph, reader.output));
        result.push_back(
            {FromStored{build.plan.gradient_tensors[static_cast<size_t>(number)].buffer, number}, scale});
      } else {
        throw Error(network.graph.file_name + ": operator " + std::to_string(reader.op.value) + " (" +
                        op_name(network.graph.op(reader.op).kind) + ")",
                    "the gradient of '" + layer.name +
                        "' would have to pass it: " + std::get<PlainOperator>(reader.kind).reason,
                    "Update only layers behind this operator");
      }
    }
  }
  if (result.empty() || result.size() > 2)
    throw Error(network.graph.file_name + ": tensor '" + layer.name + "'",
                "its gradient comes from " + std::to_string(result.size()) + " readers, expected 1 or 2",
                "Update only layers behind it");
  return result;
}

void check_sums(const Network& network, const Layer& layer, const Convolution& c, int32_t bits) {
  const int64_t outputs_per_input =
      c.depthwise ? c.window.taps() * c.depth_multiplier : c.window.taps() * c.window.output_channels;
  const int64_t width = int64_t{1} << bits;
  if (width * 128 * outputs_per_input > kInt32Max || width * 255 * c.window.output_positions() > kInt32Max)
    throw Error(network.graph.file_name + ": layer '" + layer.name + "'",
                "gradients of " + std::to_string(bits) + " bits could overflow its 32-bit sums",
                "Use fewer gradient bits, or freeze this layer and all before it");
}

void Lowering::make_gradient(const Layer& layer) {
  const Tensor& tensor = network.graph.tensor(layer.output);
  MakeGradient k;
  k.tensor = gradient_number[layer.output.index()];
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
  k.output = build.plan.gradient_tensors[static_cast<size_t>(k.tensor)].buffer;
  k.mask = mask[layer.output.index()];
  k.sources = sources(layer, base);
  k.scratch = build.buffer(BufferKind::scratch, layer.name + ".gradient_scratch", scratch_bytes(k), 4);
  int64_t macs = 0;
  for (const GradientSource& source : k.sources)
    if (const auto* from = std::get_if<FromConvolution>(&source.from))
      macs += from->window.output_elements() * from->window.taps() *
              (from->depthwise ? 1 : from->window.input_channels);
  build.step(layer.name + ".gradient", Phase::backward, layer.op, std::move(k), macs);
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
    k.random_stream = bias_stream(c.index);
    k.limit = static_cast<int32_t>(bias_limit(c));
    k.scaling = scale_constant(layer.name + ".bias_scaling", factors);
    k.gradient = gradient;
    k.biases = made.forward.bias;
    build.step(layer.name + ".update_biases", Phase::update, layer.op, k);
  }
  if (made.forward.trained_channels.empty()) return;
  std::vector<double> factors;
  for (double s : c.weight_scales) factors.push_back(1.0 / (s * s));
  UpdateWeights k;
  k.window = c.window;
  k.depthwise = c.depthwise;
  k.depth_multiplier = c.depth_multiplier;
  k.input_zero_point = made.forward.input_zero_point;
  k.tensor = number;
  k.fraction_bits = schedule.training.fraction_bits;
  k.random_stream = weight_stream(c.index);
  k.gathered = made.gathered;
  k.scaling = scale_constant(layer.name + ".weight_scaling", factors);
  k.channels = made.forward.trained_channels;
  k.gradient = gradient;
  k.saved_input = made.saved_input;
  k.channel_list = made.forward.trained_channel_list;
  k.weights = made.forward.trained_weights;
  const int64_t count = build.plan.buffer(k.weights).bytes;
  if (k.fraction_bits > 0)
    k.fractions = build.buffer(BufferKind::state, layer.name + ".weight_fractions",
                               (count * k.fraction_bits + 7) / 8, 1);
  if (const int64_t bytes = scratch_bytes(k); bytes > 0)
    k.scratch = build.buffer(BufferKind::scratch, layer.name + ".update_scratch", bytes, 4);
  const int64_t macs = c.window.output_positions() * count;
  build.step(layer.name + ".update_weights", Phase::update, layer.op, std::move(k), macs);
}

void Lowering::backward() {
  const Classifier& c = network.classifier;
  const LayerUpdate* update_of_classifier = schedule.find(network.convolution_count());
  const double feature_scale = scale_of(network.graph, c.feature_tensor);
  const int64_t weights = int64_t{c.classes} * c.features;
  if (trains_convolutions()) {
    if (!c.source.present())
      throw Error(network.graph.file_name + ": classifier '" + c.name + "'",
                  "gradients cannot leave it: " + c.no_source_reason, "Update the classifier only");
    FeatureGradient k;
    k.classes = c.classes;
    k.features = c.features;
    int32_t bits = 0;
    while ((c.classes >> bits) != 0) ++bits;
    k.shift = std::max(4, bits);
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
    k.classes = c.classes;
    k.features = c.features;
    k.feature_zero_point = zero_point_of(network.graph, c.feature_tensor);
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

}  // namespace

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

// Architecture, "Lowering, in order", 1: the graph without what training does not need, its classifier apart.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/same_values.h"
#include "sim/plan/feature_path.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/network.h"
#include "sim/plan/operator_geometry.h"
#include "sim/plan/operator_gradient.h"

namespace thaw {
namespace {

// Scales at or below this belong to channels whose output is constant (arithmetic section 2, dead channels).
constexpr double kDeadScale = 1e-7;

/// Name of a layer for people: the output tensor's, without what converters append after ';'.
std::string layer_name(const Tensor& output, int32_t op_number) {
  const std::string name = output.name.substr(0, output.name.find(';'));
  return name.empty() ? "op" + std::to_string(op_number) : name;
}

/// Rescales the weights and bias of dead channels so that scales, accumulators and QAS factors stay in range;
/// no forward output changes. Returns how many channels were rescaled.
int32_t rescale_dead_channels(Convolution& c, double input_scale, double output_scale) {
  std::vector<double> others;
  for (double s : c.weight_scales)
    if (s > kDeadScale) others.push_back(s);
  if (others.empty() || others.size() == c.weight_scales.size()) return 0;
  std::sort(others.begin(), others.end());
  const double target = others[others.size() / 2];
  const int64_t per_channel = c.products();
  const auto channels = static_cast<int64_t>(c.weight_scales.size());
  for (int64_t o = 0; o < channels; ++o) {
    double& scale = c.weight_scales[static_cast<size_t>(o)];
    if (scale > kDeadScale) continue;
    for (int64_t i = 0; i < per_channel; ++i) {
      int8_t& w = c.weights[static_cast<size_t>(c.depthwise ? i * channels + o : o * per_channel + i)];
      w = static_cast<int8_t>(std::llround(w * scale / target));
    }
    int32_t& bias = c.biases[static_cast<size_t>(o)];
    bias = static_cast<int32_t>(std::llround(bias * scale / target));
    scale = target;
    c.multipliers[static_cast<size_t>(o)] = quantize_multiplier(input_scale * target / output_scale);
  }
  return static_cast<int32_t>(channels - static_cast<int64_t>(others.size()));
}

bool is_kept(const Graph& graph, TensorId tensor) {
  return std::ranges::any_of(graph.variables, [&](const StateVariable& v) { return v.next == tensor; });
}

bool reads_only(const Graph& graph, TensorId tensor, OpId reader) {
  if (is_kept(graph, tensor)) return false;
  for (const Op& op : graph.ops)
    for (TensorId input : op.inputs)
      if (input == tensor && op.id != reader) return false;
  return std::find(graph.outputs.begin(), graph.outputs.end(), tensor) == graph.outputs.end();
}

const Op* only_reader(const Graph& graph, TensorId tensor) {
  const Op* found = nullptr;
  for (const Op& op : graph.ops)
    for (TensorId input : op.inputs)
      if (input == tensor) {
        if (found != nullptr && found != &op) return nullptr;
        found = &op;
      }
  return found;
}

/// The rows and columns that a PAD adds before the image, when it adds nothing along batch and channels and
/// its values mean the same before and after.
std::optional<std::array<int32_t, 2>> image_padding(const Graph& graph, const Op& op) {
  const auto& pad = std::get<Pad>(op.kind).paddings;
  if (!same_values(graph.tensor(op.inputs[0]).quantization, graph.tensor(op.outputs[0]).quantization))
    return std::nullopt;
  if (pad.size() != 4 || pad[0] != std::array<int32_t, 2>{0, 0} || pad[3] != std::array<int32_t, 2>{0, 0})
    return std::nullopt;
  return std::array<int32_t, 2>{pad[1][0], pad[2][0]};
}

/// What may stand behind the classifier: it keeps the order of the scores.
bool keeps_order(const OpKind& kind) {
  const auto* unary = std::get_if<Unary>(&kind);
  return std::holds_alternative<Softmax>(kind) || std::holds_alternative<Reshape>(kind) ||
         std::holds_alternative<Quantize>(kind) || std::holds_alternative<Dequantize>(kind) ||
         (unary != nullptr && unary->function == UnaryFunction::logistic);
}

/// The operator that decides the classes: the last FULLY_CONNECTED or 1x1 CONV_2D on one position before the
/// output, seen through SOFTMAX, LOGISTIC, RESHAPE, QUANTIZE and DEQUANTIZE.
const Op& find_classifier(const Graph& graph) {
  const auto fail = [&](const std::string& what) -> const Op& {
    throw Error(
        graph.file_name, what,
        "Training needs one output that ends in FULLY_CONNECTED, or in a 1x1 CONV_2D on one position");
  };
  if (graph.outputs.size() != 1)
    return fail("the model has " + std::to_string(graph.outputs.size()) + " outputs");
  const Op* op = producer(graph, graph.outputs[0]);
  while (op != nullptr && keeps_order(op->kind)) op = producer(graph, op->inputs[0]);
  if (op == nullptr) return fail("no classifier was found");
  const bool fully_connected = std::holds_alternative<FullyConnected>(op->kind);
  if (!fully_connected && !std::holds_alternative<Conv2d>(op->kind))
    return fail(std::string("the last operator is ") + op_name(op->kind) + ", not a classifier");
  const Window window = read_convolution(graph, *op).window;
  if (window.output_positions() != 1 || window.input_positions() != 1 || window.taps() != 1)
    return fail("the last convolution is not a classifier: it works on more than one position");
  return *op;
}

/// The model's own int8 classifier in the units of the contract: weights 2^-12, biases s_f * 2^-12.
void convert_classifier(const Graph& graph, const Op& op, Classifier& classifier) {
  const Convolution c = read_convolution(graph, op);
  const double feature_scale = graph.tensor(classifier.feature_tensor).quantization.scale();
  const auto saturate = [](double v, double limit) { return std::clamp(v, -limit, limit); };
  for (int32_t n = 0; n < classifier.classes; ++n) {
    const double weight_scale = c.weight_scales[static_cast<size_t>(n)];
    for (int32_t i = 0; i < classifier.features; ++i) {
      const double w = c.weights[static_cast<size_t>(n) * static_cast<size_t>(classifier.features) +
                                 static_cast<size_t>(i)] *
                       weight_scale * 4096.0;
      classifier.weights.push_back(static_cast<int16_t>(std::llround(saturate(w, 32767.0))));
    }
    const double bias = c.biases[static_cast<size_t>(n)] *
                        double{graph.tensor(op.inputs[0]).quantization.scale()} * weight_scale;
    classifier.biases.push_back(
        static_cast<int32_t>(std::llround(saturate(bias / feature_scale * 4096.0, 2147483647.0))));
  }
}

Classifier read_classifier(const Graph& graph, const Op& op, const NetworkOptions& options) {
  const Window window = read_convolution(graph, op).window;
  Classifier classifier;
  classifier.op = op.id;
  classifier.name = layer_name(graph.tensor(op.outputs[0]), op.id.value);
  classifier.classes = options.classes > 0 ? options.classes : window.output_channels;
  classifier.features = window.input_channels;
  classifier.feature_tensor = op.inputs[0];
  classifier.fresh = options.fresh_classifier || classifier.classes != window.output_channels;
  find_feature_source(graph, classifier);
  if (!classifier.fresh) convert_classifier(graph, op, classifier);
  return classifier;
}

/// The int8 tensor that a task without a classifier compares: the output, before it becomes float32.
TensorId compared_output(const Graph& graph) {
  if (graph.outputs.size() != 1)
    throw Error(graph.file_name, "the model has " + std::to_string(graph.outputs.size()) + " outputs",
                "Training compares exactly one");
  TensorId output = graph.outputs[0];
  const Op* op = producer(graph, output);
  while (op != nullptr && graph.tensor(output).type != DataType::int8 &&
         (std::holds_alternative<Dequantize>(op->kind) || std::holds_alternative<Reshape>(op->kind))) {
    output = op->inputs[0];
    op = producer(graph, output);
  }
  if (op == nullptr || graph.tensor(output).type != DataType::int8)
    throw Error(graph.file_name, "no operator makes an int8 output", "Quantise the model to int8");
  return output;
}

/// What stands in the classifier's place where the loss compares the output.
Classifier no_classifier(const Graph& graph, const NetworkOptions& options) {
  if (options.classes > 0 || options.fresh_classifier)
    throw Error(graph.file_name,
                std::string("a fresh classifier was asked for, but to ") + task_name(options.task) +
                    " compares the model's own output",
                "Leave --classes out and set \"fresh_classifier\": false in the schedule");
  Classifier classifier;
  classifier.feature_tensor = classifier.source = compared_output(graph);
  classifier.name = layer_name(graph.tensor(classifier.source), classifier.source.value);
  classifier.features = static_cast<int32_t>(graph.tensor(classifier.source).elements());
  classifier.per_element = true;
  return classifier;
}

/// Grows the network by one operator of the graph after the other.
class Reduction {
 public:
  Reduction(const Graph& graph, const NetworkOptions& options) : graph_(graph), options_(options) {
    network_.graph = graph;
    network_.warnings = graph.warnings;
    network_.input = graph.inputs[0];
    network_.task = options.task;
    for (size_t i = 0; i < graph.tensors.size(); ++i) network_.alias.push_back(TensorId(i));
  }

  Network run() {
    Classifier& classifier = network_.classifier;
    classifier = compares_output(options_.task) ? no_classifier(graph_, options_)
                                                : read_classifier(graph_, find_classifier(graph_), options_);
    for (const Op& op : graph_.ops) {
      if (op.id == classifier.op) break;  // what follows is replaced by the loss
      if (!vanishes(op)) network_.layers.push_back(layer_of(op));
      if (compares_output(options_.task) && op.outputs[0] == classifier.source) break;
    }
    classifier.feature_tensor = aliased(classifier.feature_tensor);
    if (classifier.source.present()) classifier.source = aliased(classifier.source);
    check_reconstruction();
    check_variables();
    tell();
    return std::move(network_);
  }

 private:
  TensorId aliased(TensorId id) const { return network_.alias[id.index()]; }

  /// Whether an operator is no layer: it only renames its input, or goes into the layer that reads it.
  bool vanishes(const Op& op) {
    const TensorId output = op.outputs[0];
    if (std::holds_alternative<Reshape>(op.kind) || keeps_values(op)) {
      network_.alias[output.index()] = aliased(op.inputs[0]);
      return true;
    }
    if (std::holds_alternative<Quantize>(op.kind) && op.inputs[0] == network_.input &&
        graph_.tensor(op.inputs[0]).type == DataType::float32) {
      network_.input = output;  // the device is fed the quantised image
      return true;
    }
    if (!std::holds_alternative<Pad>(op.kind)) return false;
    const Op* reader = only_reader(graph_, output);
    const bool into_window = reader != nullptr && reads_only(graph_, output, reader->id) &&
                             (std::holds_alternative<Conv2d>(reader->kind) ||
                              std::holds_alternative<DepthwiseConv2d>(reader->kind));
    if (!into_window || !image_padding(graph_, op)) return false;
    ++padding_count_;
    padding_bytes_ += graph_.tensor(output).bytes();
    return true;  // folded by fold_padding, when its reader comes
  }

  /// QUANTIZE between the uint8 and the int8 of one end.
  bool keeps_values(const Op& op) const {
    const Tensor& input = graph_.tensor(op.inputs[0]);
    return std::holds_alternative<Quantize>(op.kind) && input.type == DataType::int8 &&
           requantizes_to_itself(input.quantization, graph_.tensor(op.outputs[0]).quantization);
  }

  Layer layer_of(const Op& op) {
    const Tensor& output = graph_.tensor(op.outputs[0]);
    Layer layer;
    layer.op = op.id;
    layer.name = layer_name(output, op.id.value);
    layer.output = op.outputs[0];
    if (std::holds_alternative<Conv2d>(op.kind) || std::holds_alternative<DepthwiseConv2d>(op.kind) ||
        std::holds_alternative<FullyConnected>(op.kind)) {
      Convolution c = read_convolution(graph_, op);
      c.index = convolutions_++;
      layer.inputs = {aliased(fold_padding(op, c.window))};
      if (options_.rescale_dead_channels)
        dead_channels_ += rescale_dead_channels(c, graph_.tensor(op.inputs[0]).quantization.scale(),
                                                output.quantization.scale());
      layer.kind = std::move(c);
    } else if (std::holds_alternative<Add>(op.kind) && is_residual_add(graph_, op)) {
      layer.inputs = {aliased(op.inputs[0]), aliased(op.inputs[1])};
      layer.kind = ResidualAdd{read_add(graph_, op)};
    } else {
      for (TensorId input : op.inputs) layer.inputs.push_back(aliased(input));
      layer.kind = PlainOperator{why_no_gradient(graph_, op)};
    }
    return layer;
  }

  /// Takes a PAD before a convolution into its window. Returns the tensor that the convolution then reads.
  TensorId fold_padding(const Op& op, Window& window) const {
    const TensorId input = op.inputs[0];
    const Op* before = producer(graph_, input);
    if (before == nullptr || !std::holds_alternative<Pad>(before->kind) || !reads_only(graph_, input, op.id))
      return input;
    const auto padding = image_padding(graph_, *before);
    if (!padding) return input;
    const Tensor& image = graph_.tensor(before->inputs[0]);
    window.pad_top += (*padding)[0];
    window.pad_left += (*padding)[1];
    window.input_height = image.shape[1];
    window.input_width = image.shape[2];
    shorten_steps(window);
    return before->inputs[0];
  }

  /// A sample that is its own target must be comparable with the output.
  void check_reconstruction() const {
    const Classifier& classifier = network_.classifier;
    const int64_t inputs = graph_.tensor(network_.input).elements();
    if (options_.task == Task::reconstruct && classifier.features != inputs)
      throw Error(graph_.file_name,
                  "the output has " + std::to_string(classifier.features) + " elements, the input " +
                      std::to_string(inputs),
                  "An autoencoder has as many; for other targets use --task regress");
  }

  /// What the classifier and its followers make, training replaces: no variable may keep it.
  void check_variables() const {
    if (!network_.classifier.op.present()) return;  // nothing is replaced
    std::vector<bool> made(graph_.tensors.size(), false);
    for (const Op& op : graph_.ops)
      if (op.id.value >= network_.classifier.op.value)
        for (TensorId output : op.outputs) made[output.index()] = true;
    for (const StateVariable& variable : graph_.variables)
      if (variable.next.present() && made[variable.next.index()])
        throw Error(graph_.file_name,
                    "the state variable '" + variable.name + "' keeps what the classifier makes",
                    "Such a model runs, but cannot be trained");
  }

  /// Notes and warnings on what was counted.
  void tell() {
    if (padding_count_ > 0)
      network_.notes.push_back({"fold padding",
                                std::to_string(padding_count_) +
                                    " PAD operators became padding of the convolutions that read them",
                                padding_bytes_});
    if (dead_channels_ > 0)
      network_.warnings.push_back(
          std::to_string(dead_channels_) +
          " channels have weight scales of at most 1e-7 (their output is constant); they were "
          "rescaled so that training stays in range, which changes no forward output");
  }

  const Graph& graph_;
  const NetworkOptions& options_;
  Network network_;
  int64_t padding_bytes_ = 0;
  int32_t padding_count_ = 0;
  int32_t convolutions_ = 0;
  int32_t dead_channels_ = 0;
};

}  // namespace

Network reduce(const Graph& graph, const NetworkOptions& options) {
  if (graph.inputs.size() != 1)
    throw Error(graph.file_name, "the model has " + std::to_string(graph.inputs.size()) + " inputs",
                "Training needs exactly one");
  return Reduction(graph, options).run();
}

}  // namespace thaw

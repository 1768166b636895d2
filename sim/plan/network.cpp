#include "sim/plan/network.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "sim/base/error.h"
#include "sim/graph/activation_range.h"
#include "sim/graph/effective_scale.h"
#include "sim/graph/same_values.h"
#include "sim/graph/window.h"
#include "sim/plan/feature_path.h"
#include "sim/plan/fixed_point_plan.h"

namespace thaw {

void shorten_steps(Window& w) {
  const WindowSteps rows = least_steps(w.input_height, w.output_height, w.kernel_height,
                                       {w.stride_height, w.dilation_height, w.pad_top});
  const WindowSteps columns = least_steps(w.input_width, w.output_width, w.kernel_width,
                                          {w.stride_width, w.dilation_width, w.pad_left});
  w.stride_height = rows.stride, w.dilation_height = rows.dilation, w.pad_top = rows.pad_before;
  w.stride_width = columns.stride, w.dilation_width = columns.dilation, w.pad_left = columns.pad_before;
}

namespace {

// Scales at or below this belong to channels whose output is constant (arithmetic section 2, dead channels).
constexpr double kDeadScale = 1e-7;

int32_t dimension(const Tensor& tensor, size_t axis) {
  return tensor.shape[axis];
}

/// Name of a layer for people: the output tensor's, without what converters append after ';'.
std::string layer_name(const Tensor& output, int32_t op_number) {
  const std::string name = output.name.substr(0, output.name.find(';'));
  return name.empty() ? "op" + std::to_string(op_number) : name;
}

void place_window(Window& w, Padding padding) {
  const WindowGeometry rows =
      window_geometry(w.input_height, w.kernel_height, w.stride_height, w.dilation_height, padding);
  const WindowGeometry columns =
      window_geometry(w.input_width, w.kernel_width, w.stride_width, w.dilation_width, padding);
  w.output_height = rows.out;
  w.output_width = columns.out;
  w.pad_top = rows.pad_before;
  w.pad_left = columns.pad_before;
  shorten_steps(w);
}

template <class WindowedOperator>
Window image_window(const WindowedOperator& op, const Tensor& input) {
  Window w;
  w.input_height = dimension(input, 1);
  w.input_width = dimension(input, 2);
  w.input_channels = dimension(input, 3);
  w.stride_height = op.stride_height;
  w.stride_width = op.stride_width;
  return w;
}

/// FULLY_CONNECTED runs as a 1x1 convolution over an image of `rows` x 1 positions.
Window fully_connected_window(const Tensor& input, const Tensor& weights) {
  Window w;
  w.input_channels = dimension(weights, 1);
  w.output_channels = dimension(weights, 0);
  w.input_height = w.output_height = static_cast<int32_t>(input.elements() / w.input_channels);
  return w;
}

}  // namespace

Convolution read_convolution(const Graph& graph, const Op& op) {
  const Tensor& input = graph.tensor(op.inputs[0]);
  const Tensor& weights = graph.tensor(op.inputs[1]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  Convolution c;
  if (const auto* conv = std::get_if<Conv2d>(&op.kind)) {
    c.window = image_window(*conv, input);
    c.window.output_channels = dimension(weights, 0);
    c.window.kernel_height = dimension(weights, 1);
    c.window.kernel_width = dimension(weights, 2);
    c.window.dilation_height = conv->dilation_height;
    c.window.dilation_width = conv->dilation_width;
    place_window(c.window, conv->padding);
  } else if (const auto* depthwise = std::get_if<DepthwiseConv2d>(&op.kind)) {
    c.depthwise = true;
    c.depth_multiplier = depthwise->depth_multiplier;
    c.window = image_window(*depthwise, input);
    c.window.output_channels = dimension(weights, 3);
    c.window.kernel_height = dimension(weights, 1);
    c.window.kernel_width = dimension(weights, 2);
    c.window.dilation_height = depthwise->dilation_height;
    c.window.dilation_width = depthwise->dilation_width;
    place_window(c.window, depthwise->padding);
  } else {
    c.window = fully_connected_window(input, weights);
  }
  const auto channels = static_cast<size_t>(c.window.output_channels);
  c.clamp = activation_range(fused_activation(op.kind), output.quantization);
  c.weights.assign(weights.int8_data(), weights.int8_data() + weights.elements());
  c.biases.assign(channels, 0);
  if (op.inputs.size() > 2 && op.inputs[2].present()) {
    const int32_t* biases = graph.tensor(op.inputs[2]).int32_data();
    c.biases.assign(biases, biases + channels);
  }
  for (size_t o = 0; o < channels; ++o) {
    c.weight_scales.push_back(static_cast<double>(weights.quantization.scale(o)));
    c.multipliers.push_back(quantize_multiplier(effective_scale(graph, op, o)));
  }
  return c;
}

AddForward read_add(const Graph& graph, const Op& op) {
  const Tensor& first = graph.tensor(op.inputs[0]);
  const Tensor& second = graph.tensor(op.inputs[1]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  const double first_scale = first.quantization.scale();
  const double second_scale = second.quantization.scale();
  const double twice_largest = 2.0 * std::max(first_scale, second_scale);
  AddForward add;
  add.elements = output.elements();
  add.first_zero_point = first.quantization.zero_point();
  add.second_zero_point = second.quantization.zero_point();
  add.output_zero_point = output.quantization.zero_point();
  add.first = quantize_multiplier(first_scale / twice_largest);
  add.second = quantize_multiplier(second_scale / twice_largest);
  add.sum =
      quantize_multiplier(twice_largest / ((1 << 20) * static_cast<double>(output.quantization.scale())));
  add.clamp = activation_range(fused_activation(op.kind), output.quantization);
  return add;
}

namespace {

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

bool reads_only(const Graph& graph, TensorId tensor, OpId reader) {
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

/// The operator that decides the classes: the last FULLY_CONNECTED or 1x1 CONV_2D on one position before the
/// output, seen through SOFTMAX, RESHAPE, QUANTIZE and DEQUANTIZE.
const Op& find_classifier(const Graph& graph) {
  const auto fail = [&](const std::string& what) -> const Op& {
    throw Error(
        graph.file_name, what,
        "Training needs one output that ends in FULLY_CONNECTED, or in a 1x1 CONV_2D on one position");
  };
  if (graph.outputs.size() != 1)
    return fail("the model has " + std::to_string(graph.outputs.size()) + " outputs");
  const Op* op = producer(graph, graph.outputs[0]);
  while (op != nullptr &&
         (std::holds_alternative<Softmax>(op->kind) || std::holds_alternative<Reshape>(op->kind) ||
          std::holds_alternative<Quantize>(op->kind) || std::holds_alternative<Dequantize>(op->kind)))
    op = producer(graph, op->inputs[0]);
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

std::string plain_reason(const Op& op) {
  return std::string(op_name(op.kind)) + " has no gradient rule in the integer contract";
}

}  // namespace

const Layer& Network::convolution_layer(int32_t index) const {
  for (const Layer& layer : layers)
    if (const auto* c = std::get_if<Convolution>(&layer.kind); c != nullptr && c->index == index)
      return layer;
  assert(false && "no convolution with this index");
  return layers.front();
}

int32_t Network::convolution_count() const {
  return static_cast<int32_t>(std::count_if(layers.begin(), layers.end(), [](const Layer& layer) {
    return std::holds_alternative<Convolution>(layer.kind);
  }));
}

Network reduce(const Graph& graph, const NetworkOptions& options) {
  if (graph.inputs.size() != 1)
    throw Error(graph.file_name, "the model has " + std::to_string(graph.inputs.size()) + " inputs",
                "Training needs exactly one");
  Network network;
  network.graph = graph;
  network.warnings = graph.warnings;
  network.input = graph.inputs[0];
  for (size_t i = 0; i < graph.tensors.size(); ++i) network.alias.push_back(TensorId(i));
  const Op& classifier_op = find_classifier(graph);
  network.classifier = read_classifier(graph, classifier_op, options);

  int64_t padding_bytes = 0;
  int32_t padding_count = 0;
  int32_t index = 0;
  int32_t dead_channels = 0;
  for (const Op& op : graph.ops) {
    if (op.id == classifier_op.id) break;  // what follows is replaced by the loss
    const TensorId output = op.outputs[0];
    const auto aliased = [&](TensorId id) { return network.alias[id.index()]; };
    if (std::holds_alternative<Reshape>(op.kind)) {
      network.alias[output.index()] = aliased(op.inputs[0]);
      continue;
    }
    if (std::holds_alternative<Quantize>(op.kind) && op.inputs[0] == network.input &&
        graph.tensor(op.inputs[0]).type == DataType::float32) {
      network.input = output;  // the device is fed the quantised image
      continue;
    }
    if (std::holds_alternative<Pad>(op.kind)) {
      const Op* reader = only_reader(graph, output);
      const bool into_window = reader != nullptr && reads_only(graph, output, reader->id) &&
                               (std::holds_alternative<Conv2d>(reader->kind) ||
                                std::holds_alternative<DepthwiseConv2d>(reader->kind));
      if (into_window && image_padding(graph, op)) {
        ++padding_count;
        padding_bytes += graph.tensor(output).bytes();
        continue;  // folded below, when its reader comes
      }
    }
    Layer layer;
    layer.op = op.id;
    layer.name = layer_name(graph.tensor(output), op.id.value);
    layer.output = output;
    if (std::holds_alternative<Conv2d>(op.kind) || std::holds_alternative<DepthwiseConv2d>(op.kind) ||
        std::holds_alternative<FullyConnected>(op.kind)) {
      Convolution c = read_convolution(graph, op);
      c.index = index++;
      TensorId input = op.inputs[0];
      const Op* before = producer(graph, input);
      if (before != nullptr && std::holds_alternative<Pad>(before->kind) && reads_only(graph, input, op.id) &&
          image_padding(graph, *before)) {
        const auto [top, left] = *image_padding(graph, *before);
        input = before->inputs[0];
        c.window.pad_top += top;
        c.window.pad_left += left;
        c.window.input_height = dimension(graph.tensor(input), 1);
        c.window.input_width = dimension(graph.tensor(input), 2);
        shorten_steps(c.window);
      }
      if (options.rescale_dead_channels)
        dead_channels += rescale_dead_channels(c, graph.tensor(op.inputs[0]).quantization.scale(),
                                               graph.tensor(output).quantization.scale());
      layer.inputs = {aliased(input)};
      layer.kind = std::move(c);
    } else if (std::holds_alternative<Add>(op.kind)) {
      layer.inputs = {aliased(op.inputs[0]), aliased(op.inputs[1])};
      layer.kind = ResidualAdd{read_add(graph, op)};
    } else {
      for (TensorId input : op.inputs) layer.inputs.push_back(aliased(input));
      layer.kind = PlainOperator{plain_reason(op)};
    }
    network.layers.push_back(std::move(layer));
  }
  network.classifier.feature_tensor = network.alias[network.classifier.feature_tensor.index()];
  if (network.classifier.source.present())
    network.classifier.source = network.alias[network.classifier.source.index()];
  if (padding_count > 0)
    network.notes.push_back(
        {"fold padding",
         std::to_string(padding_count) + " PAD operators became padding of the convolutions that read them",
         padding_bytes});
  if (dead_channels > 0)
    network.warnings.push_back(
        std::to_string(dead_channels) +
        " channels have weight scales of at most 1e-7 (their output is constant); they were "
        "rescaled so that training stays in range, which changes no forward output");
  return network;
}

}  // namespace thaw

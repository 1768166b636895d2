#include "sim/train/trained_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/same_values.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/lower.h"

namespace thaw {
namespace {

constexpr double kClassifierUnit = 1.0 / 4096.0;  // of the device's weights; biases have s_f times this

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// Constant input number `position` of `op`, made the operator's own where it is shared or absent.
Tensor& own_constant(Graph& graph, Op& op, size_t position, const std::string& name) {
  op.inputs.resize(std::max(op.inputs.size(), position + 1));
  const TensorId id = op.inputs[position];
  const bool shared = id.present() && std::any_of(graph.ops.begin(), graph.ops.end(), [&](const Op& other) {
                        return other.id != op.id &&
                               std::find(other.inputs.begin(), other.inputs.end(), id) != other.inputs.end();
                      });
  if (id.present() && !shared) return graph.tensors[id.index()];
  Tensor tensor = id.present() ? graph.tensor(id) : Tensor{};
  tensor.id = TensorId(graph.tensors.size());
  if (tensor.name.empty()) tensor.name = name;
  graph.tensors.push_back(tensor);
  op.inputs[position] = tensor.id;
  return graph.tensors.back();
}

void set_biases(Graph& graph, Op& op, const std::string& layer, const std::vector<int32_t>& biases,
                const std::vector<float>& scales) {
  Tensor& tensor = own_constant(graph, op, 2, layer + "/bias");
  tensor.type = DataType::int32;
  tensor.shape = {static_cast<int32_t>(biases.size())};
  tensor.quantization = {scales, std::vector<int32_t>(scales.size(), 0), 0};
  tensor.data = bytes_of(biases);
}

/// Scales of a bias: input scale times weight scale.
std::vector<float> bias_scales(const Graph& graph, const Op& op, const std::vector<float>& weight_scales) {
  std::vector<float> scales;
  for (float s : weight_scales) scales.push_back(graph.tensor(op.inputs[0]).quantization.scale() * s);
  return scales;
}

/// Trained weights back to their places among the frozen ones, as the model file orders them.
void scatter_weights(std::vector<int8_t>& weights, const Convolution& c, const ConvolutionForward& forward,
                     std::span<const int8_t> trained) {
  const auto taps = static_cast<size_t>(c.window.taps());
  const auto outputs = static_cast<size_t>(c.window.output_channels);
  const auto inputs = static_cast<size_t>(c.window.input_channels);
  const std::vector<uint16_t>& channels = forward.trained_channels;
  for (size_t rank = 0; rank < channels.size(); ++rank)
    for (size_t tap = 0; tap < taps; ++tap) {
      if (c.depthwise) {
        weights[tap * outputs + channels[rank]] = trained[rank * taps + tap];
        continue;
      }
      for (size_t o = 0; o < outputs; ++o)
        weights[(o * taps + tap) * inputs + channels[rank]] =
            trained[(o * channels.size() + rank) * taps + tap];
    }
}

void set_convolution(Graph& graph, const Layer& layer, const Convolution& c,
                     const std::vector<int8_t>& weights, const std::vector<int32_t>& biases) {
  Op& op = graph.ops[layer.op.index()];
  const Convolution before = read_convolution(graph, op);
  if (before.weights == weights && before.biases == biases) return;
  Tensor& tensor = own_constant(graph, op, 1, layer.name + "/weights");
  tensor.data = bytes_of(weights);
  std::vector<float>& scales = tensor.quantization.scales;
  if (scales.size() > 1)  // dead channels were given a new scale
    for (size_t o = 0; o < scales.size(); ++o) scales[o] = static_cast<float>(c.weight_scales[o]);
  const std::vector<float> weight_scales = scales;  // `tensor` may move
  set_biases(graph, op, layer.name, biases, bias_scales(graph, op, weight_scales));
}

/// Largest magnitude of some real weights; a little more than 0 where all are 0.
double largest(std::span<const double> values) {
  double most = 1e-6;
  for (double v : values) most = std::max(most, std::abs(v));
  return most;
}

Quantization output_quantization(const LogitRange& logits) {
  const double low = std::min(0.0, logits.low);
  const double high = std::max(0.0, logits.high);
  constexpr double kFinestScale = 1e-6;  // far finer than logits differ; a reader refuses scales near 0
  const double scale = high > low ? std::max((high - low) / 255.0, kFinestScale) : 1.0;
  const double zero_point = std::clamp(std::round(-128.0 - low / scale), -128.0, 127.0);
  return {{static_cast<float>(scale)}, {static_cast<int32_t>(zero_point)}, 0};
}

/// The axis of the classes gets another size: the last one of theirs, which may be 1.
void resize_classes(Graph& graph, TensorId id, int32_t before, int32_t after) {
  Tensor& tensor = graph.tensors[id.index()];
  const auto axis = std::find(tensor.shape.rbegin(), tensor.shape.rend(), before);
  if (axis != tensor.shape.rend())
    *axis = after;
  else if (tensor.shape.empty())
    tensor.shape = {after};
  if (tensor.elements() != after)
    throw Error(graph.file_name + ": tensor '" + tensor.name + "'",
                "it cannot hold " + std::to_string(after) + " classes",
                "Only operators that keep one value a class may follow the classifier");
}

/// The operators that read the classifier's output, with the new number of classes.
void adapt_followers(Graph& graph, const Op& classifier, int32_t before, int32_t after) {
  std::vector<bool> follows(graph.tensors.size(), false);
  resize_classes(graph, classifier.outputs[0], before, after);
  follows[classifier.outputs[0].index()] = true;
  for (size_t i = classifier.id.index() + 1; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    if (!follows[op.inputs[0].index()]) continue;
    follows[op.outputs[0].index()] = true;
    resize_classes(graph, op.outputs[0], before, after);
    Tensor& output = graph.tensors[op.outputs[0].index()];
    const Tensor& input = graph.tensor(op.inputs[0]);
    // Float outputs have no quantisation; all others pass values on.
    if (output.type == DataType::int8 && !has_fixed_output_scale(op.kind))
      output.quantization = input.quantization;
  }
}

void set_classifier(Graph& graph, const Classifier& classifier, const TrainedValues& values,
                    const LogitRange& logits) {
  Op& op = graph.ops[classifier.op.index()];
  const auto classes = static_cast<size_t>(classifier.classes);
  const auto features = static_cast<size_t>(classifier.features);
  const bool one_scale = std::holds_alternative<FullyConnected>(op.kind);
  const double feature_scale = graph.tensor(op.inputs[0]).quantization.scale();
  const std::span<const double> weights = values.classifier_weights;
  std::vector<int8_t> rounded(classes * features);
  std::vector<int32_t> biases(classes);
  std::vector<float> scales;
  for (size_t n = 0; n < classes; ++n) {
    const double most = largest(one_scale ? weights : weights.subspan(n * features, features));
    const auto scale = static_cast<float>(most / 127.0);
    if (n == 0 || !one_scale) scales.push_back(scale);
    const double step = static_cast<double>(scale);
    for (size_t i = n * features; i < (n + 1) * features; ++i)
      rounded[i] = static_cast<int8_t>(std::clamp(std::round(weights[i] / step), -127.0, 127.0));
    constexpr double kLargestBias = 1073741824.0;  // 2^30: far from any overflow
    biases[n] = static_cast<int32_t>(std::clamp(
        std::round(values.classifier_biases[n] / (feature_scale * step)), -kLargestBias, kLargestBias));
  }
  // Training reads the sums themselves as logits.
  if (auto* dense = std::get_if<FullyConnected>(&op.kind)) dense->activation = Activation::none;
  if (auto* conv = std::get_if<Conv2d>(&op.kind)) conv->activation = Activation::none;
  Tensor& tensor = own_constant(graph, op, 1, classifier.name + "/weights");
  const int32_t before = tensor.shape[0];
  tensor.shape[0] = classifier.classes;
  tensor.quantization = {scales, std::vector<int32_t>(scales.size(), 0), 0};
  tensor.data = bytes_of(rounded);
  set_biases(graph, op, classifier.name, biases, bias_scales(graph, op, scales));
  graph.tensors[op.outputs[0].index()].quantization = output_quantization(logits);
  adapt_followers(graph, op, before, classifier.classes);
}

/// Nearest integer, ties to even, moved into the range of T; counts what had to be moved.
template <class T>
T rounded(float value, int64_t& clipped) {
  const double nearest = std::isnan(value) ? 0.0 : std::nearbyint(static_cast<double>(value));
  const double inside = std::clamp(nearest, static_cast<double>(std::numeric_limits<T>::min()),
                                   static_cast<double>(std::numeric_limits<T>::max()));
  clipped += inside == nearest && !std::isnan(value) ? 0 : 1;
  return static_cast<T>(inside);
}

double feature_scale_of(const Network& network) {
  return static_cast<double>(network.graph.tensor(network.classifier.feature_tensor).quantization.scale());
}

/// The layers as they are and a classifier of zeros: values that any run may end with.
TrainedValues blank_values(const Network& network) {
  TrainedValues values;
  for (const Layer& layer : network.layers)
    if (const auto* c = std::get_if<Convolution>(&layer.kind)) {
      values.weights.push_back(c->weights);
      values.biases.push_back(c->biases);
    }
  const Classifier& classifier = network.classifier;
  if (compares_output(network.task)) return values;
  values.classifier_changed = true;
  values.classifier_weights.assign(
      static_cast<size_t>(classifier.classes) * static_cast<size_t>(classifier.features), 0.0);
  values.classifier_biases.assign(static_cast<size_t>(classifier.classes), 0.0);
  return values;
}

}  // namespace

TrainedValues trained_values(const Network& network, Executor& executor) {
  TrainedValues values;
  const Plan& plan = executor.plan();
  for (const Layer& layer : network.layers) {
    const auto* c = std::get_if<Convolution>(&layer.kind);
    if (c == nullptr) continue;
    values.weights.push_back(c->weights);
    values.biases.push_back(c->biases);
    for (const Step& step : plan.steps) {
      const auto* forward = std::get_if<ConvolutionForward>(&step.kernel);
      if (forward == nullptr || step.op != layer.op) continue;
      if (forward->trained_weights.present())
        scatter_weights(values.weights.back(), *c, *forward,
                        executor.values<int8_t>(forward->trained_weights));
      const std::span<const int32_t> biases = executor.values<int32_t>(forward->bias);
      values.biases.back().assign(biases.begin(), biases.end());
    }
  }
  for (const Step& step : plan.steps) {
    const auto* forward = std::get_if<ClassifierForward>(&step.kernel);
    if (forward == nullptr || plan.buffer(forward->weights).kind != BufferKind::state) continue;
    values.classifier_changed = true;
    for (int16_t w : executor.values<int16_t>(forward->weights))
      values.classifier_weights.push_back(w * kClassifierUnit);
    for (int32_t b : executor.values<int32_t>(forward->biases))
      values.classifier_biases.push_back(b * kClassifierUnit * feature_scale_of(network));
  }
  return values;
}

TrainedValues trained_values(const FloatModel& model, const FloatParameters& parameters) {
  TrainedValues values;
  for (const std::vector<float>& layer : parameters.weights) {
    std::vector<int8_t>& held = values.weights.emplace_back();
    for (float w : layer) held.push_back(rounded<int8_t>(w, values.clipped));
  }
  for (const Layer& layer : model.network.layers) {
    const auto* c = std::get_if<Convolution>(&layer.kind);
    if (c == nullptr) continue;
    // A bias that did not move is the file's, which float32 may not hold.
    const std::vector<float>& biases = parameters.biases[values.biases.size()];
    std::vector<int32_t> held = c->biases;
    for (size_t o = 0; o < held.size(); ++o)
      if (biases[o] != static_cast<float>(held[o])) held[o] = rounded<int32_t>(biases[o], values.clipped);
    values.biases.push_back(std::move(held));
  }
  values.classifier_changed = true;
  values.classifier_weights.assign(parameters.classifier_weights.begin(),
                                   parameters.classifier_weights.end());
  values.classifier_biases.assign(parameters.classifier_biases.begin(), parameters.classifier_biases.end());
  return values;
}

LogitRange measure_logits(const Network& network, const TrainedValues& values, const PrefixCache& samples,
                          int64_t limit) {
  LogitRange range;
  if (!values.classifier_changed) return range;
  Network trained = network;
  for (Layer& layer : trained.layers)
    if (auto* c = std::get_if<Convolution>(&layer.kind)) {
      c->weights = values.weights[static_cast<size_t>(c->index)];
      c->biases = values.biases[static_cast<size_t>(c->index)];
    }
  const Plan plan = lower(trained, Schedule{});
  Executor executor(plan, {}, KernelSet::host, 0);
  const size_t first = first_step_of_layer(plan, trained, samples.layer);
  const TensorId tensor = network.classifier.feature_tensor;
  const int32_t zero_point = network.graph.tensor(tensor).quantization.zero_point();
  const BufferId buffer = plan.buffer_of_tensor[tensor.index()];
  for (int64_t id = 0; id < std::min(limit, samples.count); ++id) {
    load_sample(executor, samples, id, false);
    executor.infer(first);
    const std::span<const int8_t> features = executor.values<int8_t>(buffer);
    for (size_t n = 0; n < values.classifier_biases.size(); ++n) {
      double logit = values.classifier_biases[n];
      for (size_t i = 0; i < features.size(); ++i)
        logit += values.classifier_weights[n * features.size() + i] * (features[i] - zero_point) *
                 feature_scale_of(network);
      range.low = std::min(range.low, logit);
      range.high = std::max(range.high, logit);
    }
  }
  return range;
}

Graph trained_graph(const Network& network, const TrainedValues& values, const LogitRange& logits) {
  Graph graph = network.graph;
  for (const Layer& layer : network.layers)
    if (const auto* c = std::get_if<Convolution>(&layer.kind))
      set_convolution(graph, layer, *c, values.weights[static_cast<size_t>(c->index)],
                      values.biases[static_cast<size_t>(c->index)]);
  if (values.classifier_changed) set_classifier(graph, network.classifier, values, logits);
  return graph;
}

void check_trained_model(const Network& network) {
  read_tflite(write_tflite(trained_graph(network, blank_values(network), {})), network.graph.file_name);
}

Graph with_classes(const Graph& graph, int32_t classes) {
  const Network network = reduce(graph, {.classes = classes, .rescale_dead_channels = false});
  return network.classifier.fresh ? trained_graph(network, blank_values(network), {}) : graph;
}

}  // namespace thaw

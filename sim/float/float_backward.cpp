#include "sim/float/float_backward.h"

#include <algorithm>

#include "sim/float/float_columns.h"
#include "sim/float/float_kernels.h"
#include "sim/float/float_operators.h"
#include "sim/float/float_product.h"
#include "sim/plan/feature_path.h"

namespace thaw {
namespace {

using ConstMatrix = MatrixView<const float>;
using Matrix = MatrixView<float>;

/// Everything one backward pass reads and writes.
struct Pass {
  const FloatModel& model;
  const FloatTargets& targets;
  const std::vector<FloatKernelWeights>& weights;
  FloatBlock& block;
  FloatGradients& gradients;

  bool needs(TensorId tensor) const { return targets.needs_gradient[tensor.index()]; }
  float* gradient_of(TensorId tensor) const { return block.gradients[tensor.index()].data(); }
  const float* values_of(TensorId tensor) const { return block.values[tensor.index()].data(); }
};

/// sums[c] += sum over rows of values[row][c].
void add_column_sums(const float* values, int64_t rows, int64_t columns, float* sums) {
  const std::vector<float> ones(static_cast<size_t>(rows), 1.0F);
  add_product(ConstMatrix::dense(ones.data(), 1, rows), ConstMatrix::dense(values, rows, columns),
              Matrix::dense(sums, 1, columns));
}

/// The window of a convolution that reads and writes only some channels.
Window with_channels(Window window, int64_t input_channels, int64_t output_channels) {
  window.input_channels = static_cast<int32_t>(input_channels);
  window.output_channels = static_cast<int32_t>(output_channels);
  return window;
}

/// `gradient` [sample][position][output] of the accumulators.
void add_convolution_weight_gradient(const Pass& pass, const Convolution& c,
                                     const std::vector<int32_t>& channels, const float* images,
                                     const float* gradient, float* result) {
  const auto kept = static_cast<int64_t>(channels.size());
  const Window window = with_channels(c.window, kept, c.window.output_channels);
  std::vector<float> gathered;
  if (kept < c.window.input_channels) {
    const int64_t positions = c.window.input_positions() * pass.block.samples;
    gathered.resize(static_cast<size_t>(positions * kept));
    gather_channels(images, positions, c.window.input_channels, channels, gathered.data());
    images = gathered.data();
  }
  const int64_t rows = window.output_positions() * pass.block.samples;
  const float* columns = window_rows(images, window, pass.block.samples, pass.block.columns);
  add_product(ConstMatrix::dense(gradient, rows, window.output_channels).transposed(),
              ConstMatrix::dense(columns, rows, window.taps() * kept),
              Matrix::dense(result, window.output_channels, window.taps() * kept));
}

void add_depthwise_weight_gradient(const Pass& pass, const Convolution& c,
                                   const std::vector<int32_t>& channels, const float* images,
                                   const float* gradient, float* result) {
  const auto kept = static_cast<int64_t>(channels.size());
  std::vector<int32_t> sources;
  for (int32_t channel : channels) sources.push_back(channel / c.depth_multiplier);
  const int64_t inputs = c.window.input_positions() * pass.block.samples;
  const int64_t outputs = c.window.output_positions() * pass.block.samples;
  std::vector<float> kept_images(static_cast<size_t>(inputs * kept));
  std::vector<float> kept_gradient(static_cast<size_t>(outputs * kept));
  gather_channels(images, inputs, c.window.input_channels, sources, kept_images.data());
  gather_channels(gradient, outputs, c.window.output_channels, channels, kept_gradient.data());
  add_depthwise_weight_gradient(kept_gradient.data(), kept_images.data(), pass.block.samples,
                                with_channels(c.window, kept, kept), result);
}

void add_convolution_input_gradient(const Pass& pass, const Convolution& c, const float* gradient,
                                    float* result) {
  const Window& w = c.window;
  const int64_t rows = w.output_positions() * pass.block.samples;
  const auto left = ConstMatrix::dense(gradient, rows, w.output_channels);
  const auto right = ConstMatrix::dense(pass.weights[static_cast<size_t>(c.index)].by_output.data(),
                                        w.output_channels, c.products());
  if (w.is_pointwise()) return add_product(left, right, Matrix::dense(result, rows, c.products()));
  std::vector<float>& columns = pass.block.columns;
  columns.assign(static_cast<size_t>(rows * c.products()), 0.0F);
  add_product(left, right, Matrix::dense(columns.data(), rows, c.products()));
  const int64_t sample_columns = w.output_positions() * c.products();
  for (int32_t n = 0; n < pass.block.samples; ++n)
    add_window_columns(columns.data() + n * sample_columns, w, result + n * w.input_elements());
}

void add_depthwise_input_gradient(const Pass& pass, const Convolution& c, const float* gradient,
                                  float* result) {
  const Window& w = c.window;
  const float* weights = pass.weights[static_cast<size_t>(c.index)].by_output.data();
  if (c.depth_multiplier == 1)
    return add_depthwise_input_gradient(gradient, pass.block.samples, weights, w, result);
  const int64_t positions = w.input_positions() * pass.block.samples;
  std::vector<float> repeated(static_cast<size_t>(positions * w.output_channels), 0.0F);
  add_depthwise_input_gradient(gradient, pass.block.samples, weights, w, repeated.data());
  for (int64_t p = 0; p < positions; ++p)
    for (int64_t o = 0; o < w.output_channels; ++o)
      result[p * w.input_channels + o / c.depth_multiplier] +=
          repeated[static_cast<size_t>(p * w.output_channels + o)];
}

void cross_convolution(const Pass& pass, const Convolution& c, size_t layer) {
  const Layer& l = pass.model.network.layers[layer];
  const auto number = static_cast<size_t>(c.index);
  const FloatLayerTargets& targets = pass.targets.layers[number];
  const int64_t rows = c.window.output_positions() * pass.block.samples;
  const int64_t channels = c.window.output_channels;
  std::vector<float>& gradient = pass.block.sums;  // of the accumulators
  gradient.resize(static_cast<size_t>(rows * channels));
  scale_gradient(pass.gradient_of(l.output), pass.block.masks[layer].data(),
                 pass.model.convolutions[number].effective_scales, rows * channels, gradient.data());
  if (targets.bias) add_column_sums(gradient.data(), rows, channels, pass.gradients.biases[number].data());
  if (!targets.channels.empty()) {
    const auto add_weight_gradient =
        c.depthwise ? add_depthwise_weight_gradient : add_convolution_weight_gradient;
    add_weight_gradient(pass, c, targets.channels, pass.values_of(l.inputs[0]), gradient.data(),
                        pass.gradients.weights[number].data());
  }
  if (!pass.needs(l.inputs[0])) return;
  const auto add_input_gradient = c.depthwise ? add_depthwise_input_gradient : add_convolution_input_gradient;
  add_input_gradient(pass, c, gradient.data(), pass.gradient_of(l.inputs[0]));
}

void cross_add(const Pass& pass, size_t layer) {
  const Layer& l = pass.model.network.layers[layer];
  const float output_scale = pass.model.tensors[l.output.index()].scale;
  const std::vector<float>& gradient = pass.block.gradients[l.output.index()];
  const std::vector<uint8_t>& mask = pass.block.masks[layer];
  for (TensorId input : l.inputs) {
    if (!pass.needs(input)) continue;
    const float scale = pass.model.tensors[input.index()].scale;
    float* result = pass.gradient_of(input);
    for (size_t i = 0; i < gradient.size(); ++i)
      result[i] += gradient[i] * static_cast<float>(mask[i]) / output_scale * scale;
  }
}

/// No gradient through features whose average may have been clamped, as in the integer arithmetic.
void drop_clamped(const Pass& pass, std::vector<float>& feature_gradients) {
  const Classifier& classifier = pass.model.network.classifier;
  if (classifier.unclamped == ActivationRange{}) return;
  const float zero_point = pass.model.tensors[classifier.feature_tensor.index()].zero_point;
  const float lowest = static_cast<float>(classifier.unclamped.lowest) - zero_point;
  const float highest = static_cast<float>(classifier.unclamped.highest) - zero_point;
  const std::vector<float>& features = pass.block.values[classifier.feature_tensor.index()];
  for (size_t i = 0; i < feature_gradients.size(); ++i)
    if (features[i] < lowest || features[i] > highest) feature_gradients[i] = 0.0F;
}

void cross_operator(const Pass& pass, const Layer& layer) {
  // Where gradients stop, nothing before is trained: check_reachable.
  if (!std::get<PlainOperator>(layer.kind).reason.empty()) return;
  add_operator_input_gradient(pass.model, layer,
                              {pass.block.samples, pass.values_of(layer.inputs[0]),
                               pass.values_of(layer.output), pass.gradient_of(layer.output)},
                              pass.gradient_of(layer.inputs[0]));
}

/// From the features to the tensor that they average or copy.
void cross_features(const Pass& pass, const FloatParameters& parameters, ConstMatrix logit_gradients) {
  const Classifier& classifier = pass.model.network.classifier;
  const int64_t features = classifier.features;
  std::vector<float> feature_gradients(static_cast<size_t>(logit_gradients.rows * features), 0.0F);
  add_product(logit_gradients,
              ConstMatrix::dense(parameters.classifier_weights.data(), classifier.classes, features),
              Matrix::dense(feature_gradients.data(), logit_gradients.rows, features));
  drop_clamped(pass, feature_gradients);
  const float scale = pass.model.tensors[classifier.source.index()].scale;
  const auto positions = static_cast<float>(classifier.positions_averaged);
  float* result = pass.gradient_of(classifier.source);
  const int64_t repeats = classifier.per_element ? 1 : classifier.positions_averaged;
  for (int64_t n = 0; n < logit_gradients.rows; ++n)
    for (int64_t p = 0; p < repeats; ++p)
      for (int64_t i = 0; i < features; ++i)
        *result++ += feature_gradients[static_cast<size_t>(n * features + i)] * scale / positions;
}

}  // namespace

void backward(const FloatModel& model, const FloatTargets& targets, const FloatParameters& parameters,
              const std::vector<FloatKernelWeights>& weights, std::span<const float> logit_gradients,
              FloatBlock& block, FloatGradients& gradients) {
  const Network& network = model.network;
  const Pass pass{model, targets, weights, block, gradients};
  for (size_t t = 0; t < model.tensors.size(); ++t)
    if (targets.needs_gradient[t])
      block.gradients[t].assign(static_cast<size_t>(model.tensors[t].elements * block.samples), 0.0F);
  const int64_t classes = network.classifier.classes;
  const auto logits = ConstMatrix::dense(logit_gradients.data(), block.samples, classes);
  if (targets.classifier_weights)
    add_product(logits.transposed(),
                ConstMatrix::dense(block.features.data(), block.samples, network.classifier.features),
                Matrix::dense(gradients.classifier_weights.data(), classes, network.classifier.features));
  if (targets.classifier_biases)
    add_column_sums(logit_gradients.data(), block.samples, classes, gradients.classifier_biases.data());
  if (targets.first_layer == network.layers.size()) return;
  cross_features(pass, parameters, logits);
  const std::vector<bool> on_feature_path = feature_layers(network);
  for (size_t i = network.layers.size(); i-- > targets.first_layer;) {
    const Layer& layer = network.layers[i];
    if (!pass.needs(layer.output)) continue;
    if (const auto* convolution = std::get_if<Convolution>(&layer.kind))
      cross_convolution(pass, *convolution, i);
    else if (std::holds_alternative<ResidualAdd>(layer.kind))
      cross_add(pass, i);
    else if (!on_feature_path[i] && pass.needs(layer.inputs[0]))
      cross_operator(pass, layer);
  }
}

}  // namespace thaw

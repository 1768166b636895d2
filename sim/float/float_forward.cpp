#include "sim/float/float_forward.h"

#include <algorithm>

#include "sim/float/float_columns.h"
#include "sim/float/float_kernels.h"
#include "sim/float/float_plain.h"
#include "sim/float/float_product.h"
#include "sim/float/float_wide_sums.h"

namespace thaw {
namespace {

std::vector<float>& resized(std::vector<float>& values, int64_t elements) {
  values.resize(static_cast<size_t>(elements));
  return values;
}

/// sums[sample][position][output] of a convolution, without bias.
void convolution_sums(const Convolution& c, const FloatKernelWeights& weights, const float* input,
                      FloatBlock& block) {
  const Window& w = c.window;
  const int64_t rows = w.output_positions() * block.samples;
  const float* columns = window_rows(input, w, block.samples, block.columns);
  const auto left = MatrixView<const float>::dense(columns, rows, c.products());
  const auto right = MatrixView<const float>::dense(weights.by_input.data(), c.products(), w.output_channels);
  const auto result = MatrixView<float>::dense(block.sums.data(), rows, w.output_channels);
  if (!weights.exact_in_float) return wide_product(left, right, result);
  std::fill(block.sums.begin(), block.sums.end(), 0.0F);
  add_product(left, right, result);
}

void depthwise_sums(const Convolution& c, const FloatKernelWeights& weights, const float* input,
                    FloatBlock& block) {
  const float* images = repeated_channels(c, input, block.samples, block.scratch);
  if (!weights.exact_in_float)
    return wide_depthwise(images, block.samples, weights.by_output.data(), c.window, block.sums.data());
  std::fill(block.sums.begin(), block.sums.end(), 0.0F);
  add_depthwise(images, block.samples, weights.by_output.data(), c.window, block.sums.data());
}

/// The mask of a layer, or null where none is kept.
uint8_t* layer_masks(FloatBlock& block, size_t layer, int64_t elements) {
  if (!block.keep_masks) return nullptr;
  block.masks[layer].resize(static_cast<size_t>(elements));
  return block.masks[layer].data();
}

void run_convolution(const FloatModel& model, const Convolution& c, const FloatKernelWeights& weights,
                     std::span<const float> biases, size_t layer, FloatBlock& block) {
  const Layer& l = model.network.layers[layer];
  const float* input = block.values[l.inputs[0].index()].data();
  const int64_t count = c.window.output_elements() * block.samples;
  resized(block.sums, count);
  if (c.depthwise)
    depthwise_sums(c, weights, input, block);
  else
    convolution_sums(c, weights, input, block);
  const float zero_point = model.tensors[l.output.index()].zero_point;
  const FloatRequantization rule{biases, model.convolutions[static_cast<size_t>(c.index)].effective_scales,
                                 static_cast<float>(c.window.clamp_low) - zero_point,
                                 static_cast<float>(c.window.clamp_high) - zero_point};
  requantize(block.sums.data(), rule, count, resized(block.values[l.output.index()], count).data(),
             layer_masks(block, layer, count));
}

void run_add(const FloatModel& model, const ResidualAdd& add, size_t layer, FloatBlock& block) {
  const Layer& l = model.network.layers[layer];
  const FloatTensor& output = model.tensors[l.output.index()];
  const FloatAdd rule{model.tensors[l.inputs[0].index()].scale, model.tensors[l.inputs[1].index()].scale,
                      output.scale, static_cast<float>(add.add.clamp_low) - output.zero_point,
                      static_cast<float>(add.add.clamp_high) - output.zero_point};
  const int64_t count = output.elements * block.samples;
  std::vector<float>& values = resized(block.values[l.output.index()], count);
  block.masks[layer].resize(static_cast<size_t>(count));
  add_residual(block.values[l.inputs[0].index()].data(), block.values[l.inputs[1].index()].data(), rule,
               count, values.data(), block.masks[layer].data());
}

void run_plain(const FloatModel& model, size_t layer, FloatBlock& block) {
  const Layer& l = model.network.layers[layer];
  const int64_t input_elements = model.tensors[l.inputs[0].index()].elements;
  const int64_t output_elements = model.tensors[l.output.index()].elements;
  const float* input = block.values[l.inputs[0].index()].data();
  float* output = resized(block.values[l.output.index()], output_elements * block.samples).data();
  for (int32_t n = 0; n < block.samples; ++n)
    run_plain_operator(model, layer, input + n * input_elements, output + n * output_elements);
}

}  // namespace

FloatBlock float_block(const FloatModel& model) {
  FloatBlock block;
  block.values.resize(model.tensors.size());
  block.gradients.resize(model.tensors.size());
  block.masks.resize(model.network.layers.size());
  return block;
}

void load_block(const FloatModel& model, const PrefixCache& cache, std::span<const int8_t* const> samples,
                FloatBlock& block) {
  block.samples = static_cast<int32_t>(samples.size());
  int64_t begin = 0;
  for (size_t t = 0; t < cache.tensors.size(); ++t) {
    const int64_t elements = cache.bytes[t];
    const float zero_point = model.tensors[cache.tensors[t].index()].zero_point;
    float* values = resized(block.values[cache.tensors[t].index()], elements * block.samples).data();
    for (const int8_t* sample : samples)
      values = std::transform(sample + begin, sample + begin + elements, values,
                              [&](int8_t value) { return static_cast<float>(value) - zero_point; });
    begin += elements;
  }
}

void forward_layers(const FloatModel& model, const std::vector<FloatKernelWeights>& weights,
                    const std::vector<std::vector<float>>& biases, size_t first, size_t last,
                    FloatBlock& block) {
  for (size_t i = first; i < last; ++i) {
    const Layer& layer = model.network.layers[i];
    if (const auto* c = std::get_if<Convolution>(&layer.kind)) {
      const auto number = static_cast<size_t>(c->index);
      run_convolution(model, *c, weights[number], biases[number], i, block);
    } else if (const auto* add = std::get_if<ResidualAdd>(&layer.kind)) {
      run_add(model, *add, i, block);
    } else {
      run_plain(model, i, block);
    }
  }
}

void forward_classifier(const FloatModel& model, const FloatParameters& parameters, FloatBlock& block) {
  const Classifier& classifier = model.network.classifier;
  const float scale = model.tensors[classifier.feature_tensor.index()].scale;
  const std::vector<float>& values = block.values[classifier.feature_tensor.index()];
  const auto features = static_cast<size_t>(classifier.features);
  const auto classes = static_cast<size_t>(classifier.classes);
  block.features.resize(values.size());
  std::transform(values.begin(), values.end(), block.features.begin(), [&](float v) { return v * scale; });
  block.logits.resize(static_cast<size_t>(block.samples) * classes);
  for (size_t n = 0; n < static_cast<size_t>(block.samples); ++n)
    for (size_t c = 0; c < classes; ++c) {
      double sum = static_cast<double>(parameters.classifier_biases[c]);
      for (size_t i = 0; i < features; ++i)
        sum += static_cast<double>(block.features[n * features + i]) *
               static_cast<double>(parameters.classifier_weights[c * features + i]);
      block.logits[n * classes + c] = static_cast<float>(sum);
    }
}

}  // namespace thaw

// A second forward pass, naive and in binary64, in which the roundings and clamps of a first one are frozen:
// each rounded value keeps its rounding error, each clamped value stays put. It is smooth, and its exact
// gradient is what the straight-through rule defines; central differences of its loss are the reference for
// gradients.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/float/float_forward.h"

namespace thaw::testing {

/// Values in the units of FloatParameters.
struct SmoothParameters {
  std::vector<std::vector<double>> weights, biases;
  std::vector<double> classifier_weights, classifier_biases;

  explicit SmoothParameters(const FloatParameters& p)
      : classifier_weights(p.classifier_weights.begin(), p.classifier_weights.end()),
        classifier_biases(p.classifier_biases.begin(), p.classifier_biases.end()) {
    for (const auto& w : p.weights) weights.emplace_back(w.begin(), w.end());
    for (const auto& b : p.biases) biases.emplace_back(b.begin(), b.end());
  }
};

class SmoothNetwork {
 public:
  /// Freezes the roundings of `block`, which holds a forward pass from layer `first` to the features.
  SmoothNetwork(const FloatModel& model, const FloatParameters& parameters, size_t first,
                const FloatBlock& block, std::vector<int32_t> labels)
      : model_(model), first_(first), block_(block), labels_(std::move(labels)), residuals_(layer_count()) {
    for (const auto& w : parameters.weights) {
      std::vector<double>& errors = weight_errors_.emplace_back();
      for (float v : w) errors.push_back(std::nearbyint(static_cast<double>(v)) - static_cast<double>(v));
    }
    run(SmoothParameters(parameters), true);
  }

  double loss(const SmoothParameters& parameters) { return run(parameters, false); }

 private:
  using Values = std::vector<double>;

  size_t layer_count() const { return model_.network.layers.size(); }
  const Layer& layer(size_t i) const { return model_.network.layers[i]; }
  double scale(TensorId id) const { return static_cast<double>(model_.tensors[id.index()].scale); }

  /// What a convolution computes before rounding, in steps of its output.
  Values convolution(const Convolution& c, const Values& input, const SmoothParameters& p) const {
    const Window& w = c.window;
    const auto number = static_cast<size_t>(c.index);
    Values result;
    for (int32_t n = 0; n < block_.samples; ++n)
      for (int32_t oy = 0; oy < w.output_height; ++oy)
        for (int32_t ox = 0; ox < w.output_width; ++ox)
          for (int32_t o = 0; o < w.output_channels; ++o) {
            double sum = p.biases[number][static_cast<size_t>(o)];
            for (int32_t ky = 0; ky < w.kernel_height; ++ky)
              for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
                const int32_t y = oy * w.stride_height - w.pad_top + ky * w.dilation_height;
                const int32_t x = ox * w.stride_width - w.pad_left + kx * w.dilation_width;
                if (y < 0 || y >= w.input_height || x < 0 || x >= w.input_width) continue;
                const int32_t tap = ky * w.kernel_width + kx;
                const auto pixel =
                    static_cast<size_t>(((n * w.input_height + y) * w.input_width + x) * w.input_channels);
                const int32_t begin = c.depthwise ? o / c.depth_multiplier : 0;
                const int32_t end = c.depthwise ? begin + 1 : w.input_channels;
                for (int32_t i = begin; i < end; ++i) {
                  const auto at = static_cast<size_t>(
                      c.depthwise ? tap * w.output_channels + o
                                  : (o * static_cast<int32_t>(w.taps()) + tap) * w.input_channels + i);
                  sum += (p.weights[number][at] + weight_errors_[number][at]) *
                         input[pixel + static_cast<size_t>(i)];
                }
              }
            result.push_back(sum * static_cast<double>(
                                       model_.convolutions[number].effective_scales[static_cast<size_t>(o)]));
          }
    return result;
  }

  Values add(const Layer& l, const Values& a, const Values& b) const {
    Values result(a.size());
    for (size_t i = 0; i < a.size(); ++i)
      result[i] = (a[i] * scale(l.inputs[0]) + b[i] * scale(l.inputs[1])) / scale(l.output);
    return result;
  }

  /// Smooth value plus the frozen rounding error; the frozen value where it was clamped.
  void freeze(size_t i, Values& values, bool first_run) {
    const Layer& l = layer(i);
    const std::vector<float>& rounded = block_.values[l.output.index()];
    const std::vector<uint8_t>& mask = block_.masks[i];
    Values& residuals = residuals_[i];
    if (first_run) {
      residuals.resize(values.size());
      for (size_t e = 0; e < values.size(); ++e) {
        residuals[e] = static_cast<double>(rounded[e]) - values[e];
        const bool rounded_only = std::abs(residuals[e]) <= 0.501;
        const bool far_off = std::abs(residuals[e]) >= 0.499;
        EXPECT_TRUE(mask[e] != 0 ? rounded_only : far_off) << l.name << ", element " << e;
      }
    }
    for (size_t e = 0; e < values.size(); ++e)
      values[e] = mask[e] != 0 ? values[e] + residuals[e] : static_cast<double>(rounded[e]);
  }

  /// Real-valued features from their source, with the frozen rounding errors of everything between.
  Values features(const std::vector<Values>& values, bool first_run) {
    const Classifier& c = model_.network.classifier;
    const std::vector<float>& rounded = block_.values[c.feature_tensor.index()];
    const auto count = static_cast<size_t>(c.features);
    Values result(rounded.size(), 0.0);
    const Values& source = values[c.source.index()];
    const auto repeats = static_cast<size_t>(c.per_element ? 1 : c.positions_averaged);
    for (size_t e = 0; e < source.size(); ++e)
      result[e / (count * repeats) * count + e % count] +=
          source[e] * scale(c.source) / static_cast<double>(c.positions_averaged);
    const double step = scale(c.feature_tensor);
    if (first_run) {
      for (size_t e = 0; e < result.size(); ++e) {
        feature_residuals_.push_back(static_cast<double>(rounded[e]) * step - result[e]);
        EXPECT_TRUE(clamped(e) || std::abs(feature_residuals_[e]) < 1.001 * step) << "feature " << e;
      }
    }
    for (size_t e = 0; e < result.size(); ++e)
      result[e] = clamped(e) ? static_cast<double>(rounded[e]) * step : result[e] + feature_residuals_[e];
    return result;
  }

  /// Whether a feature lies where its average may have been clamped: it stays put.
  bool clamped(size_t e) const {
    const Classifier& c = model_.network.classifier;
    const FloatTensor& tensor = model_.tensors[c.feature_tensor.index()];
    const float value = block_.values[c.feature_tensor.index()][e] + tensor.zero_point;
    return value < static_cast<float>(c.unclamped.lowest) || value > static_cast<float>(c.unclamped.highest);
  }

  double run(const SmoothParameters& p, bool first_run) {
    std::vector<Values> values;
    for (const auto& v : block_.values) values.emplace_back(v.begin(), v.end());
    for (size_t i = first_; i < layer_count(); ++i) {
      const Layer& l = layer(i);
      Values& output = values[l.output.index()];
      if (const auto* c = std::get_if<Convolution>(&l.kind))
        output = convolution(*c, values[l.inputs[0].index()], p);
      else if (std::holds_alternative<ResidualAdd>(l.kind))
        output = add(l, values[l.inputs[0].index()], values[l.inputs[1].index()]);
      else
        continue;  // before the first trained layer, or between source and features
      freeze(i, output, first_run);
    }
    const Values f = features(values, first_run);
    const auto classes = p.classifier_biases.size();
    const size_t count = p.classifier_weights.size() / classes;
    double total = 0.0;
    for (size_t n = 0; n < labels_.size(); ++n) {
      Values z = p.classifier_biases;
      for (size_t c = 0; c < classes; ++c)
        for (size_t i = 0; i < count; ++i) z[c] += p.classifier_weights[c * count + i] * f[n * count + i];
      const double largest = *std::max_element(z.begin(), z.end());
      double sum = 0.0;
      for (double v : z) sum += std::exp(v - largest);
      total += std::log(sum) + largest - z[static_cast<size_t>(labels_[n])];
    }
    return total / static_cast<double>(labels_.size());
  }

  const FloatModel& model_;
  size_t first_;
  const FloatBlock& block_;
  std::vector<int32_t> labels_;
  std::vector<Values> weight_errors_;
  std::vector<Values> residuals_;
  Values feature_residuals_;
};

}  // namespace thaw::testing

// Small random networks and schedules, to hold two implementations of the arithmetic against each other:
// windows of all kinds, odd sizes, depth multipliers, residual adds, several readers of one tensor.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/graph/window.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule.h"
#include "tests/support/noise.h"

namespace thaw::testing {

/// Grows a graph whose scales keep most activations off the clamps.
class RandomNetwork {
 public:
  explicit RandomNetwork(uint32_t seed) : noise_(seed) {
    graph_.file_name = "random " + std::to_string(seed);
    const std::vector<int32_t> shape = {1, noise_.in(4, 11), noise_.in(4, 11), noise_.in(1, 20)};
    const TensorId input = activation("input", shape);
    graph_.inputs = {input};
    TensorId x = input;
    const int32_t blocks = noise_.in(2, 5);
    for (int32_t i = 0; i < blocks; ++i) x = block(x, i == 0);
    classify(x);
  }

  const Graph& graph() const { return graph_; }

 protected:
  struct Empty {};
  RandomNetwork(uint32_t seed, Empty) : noise_(seed) {}

  const std::vector<int32_t>& shape(TensorId id) const { return graph_.tensor(id).shape; }

  TensorId add_tensor(Tensor tensor) {
    tensor.id = TensorId(graph_.tensors.size());
    graph_.tensors.push_back(std::move(tensor));
    return graph_.tensors.back().id;
  }

  TensorId activation(const std::string& name, std::vector<int32_t> dimensions) {
    Tensor tensor;
    tensor.name = name + std::to_string(graph_.tensors.size());
    tensor.shape = std::move(dimensions);
    tensor.quantization = {{0.02F * static_cast<float>(noise_.in(5, 20))}, {noise_.in(-128, 127)}, 0};
    return add_tensor(std::move(tensor));
  }

  template <class Kind>
  TensorId add_op(std::vector<TensorId> inputs, TensorId output, Kind kind) {
    graph_.ops.push_back({OpId(graph_.ops.size()), std::move(inputs), {output}, kind});
    return output;
  }

  Activation any_activation() {
    return std::vector{Activation::none, Activation::relu, Activation::relu6}[noise_.next() % 3];
  }

  /// Weights and bias such that sums over `products` spread over the output's range.
  template <class Kind>
  TensorId weighted(TensorId x, std::vector<int32_t> weight_shape, int32_t axis, int32_t products, Kind kind,
                    const std::vector<int32_t>& output_shape) {
    const TensorId y = activation("y", output_shape);
    const auto channels = static_cast<size_t>(weight_shape[static_cast<size_t>(axis)]);
    const float per_weight = graph_.tensor(y).quantization.scale() / graph_.tensor(x).quantization.scale() /
                             std::sqrt(static_cast<float>(products)) / 40.0F;
    Tensor weights;
    weights.name = "weights";
    weights.shape = std::move(weight_shape);
    weights.quantization.axis = axis;
    // Now and then an effective scale above 1: a shift to the left.
    const bool large = noise_.in(0, 5) == 0;
    for (size_t c = 0; c < channels; ++c) {
      weights.quantization.scales.push_back(per_weight * static_cast<float>(noise_.in(5, 20)) / 10.0F *
                                            (large && noise_.in(0, 2) == 0 ? 200.0F : 1.0F));
      weights.quantization.zero_points.push_back(0);
    }
    weights.data.resize(static_cast<size_t>(weights.elements()));
    for (std::byte& w : weights.data) w = static_cast<std::byte>(noise_.in(-127, 127));
    Tensor bias;
    bias.name = "bias";
    bias.type = DataType::int32;
    bias.shape = {static_cast<int32_t>(channels)};
    for (float scale : weights.quantization.scales) {
      bias.quantization.scales.push_back(graph_.tensor(x).quantization.scale() * scale);
      bias.quantization.zero_points.push_back(0);
    }
    std::vector<int32_t> values(channels);
    for (int32_t& b : values) b = noise_.in(-3000, 3000);
    bias.data.resize(channels * 4);
    std::memcpy(bias.data.data(), values.data(), channels * 4);
    const TensorId w = add_tensor(std::move(weights));
    const TensorId b = add_tensor(std::move(bias));
    return add_op({x, w, b}, y, kind);
  }

  /// A kernel, stride, dilation and padding for both axes whose windows fit; `same_size` keeps the image.
  template <class Kind>
  std::pair<int32_t, int32_t> place(TensorId x, bool same_size, Kind& kind, int32_t& height, int32_t& width) {
    for (;;) {
      const int32_t kernel_height = noise_.in(1, 7);
      const int32_t kernel_width = noise_.in(0, 2) == 0 ? noise_.in(1, 7) : kernel_height;
      kind.padding = same_size || noise_.in(0, 1) == 0 ? Padding::same : Padding::valid;
      kind.stride_height = same_size ? 1 : noise_.in(1, 3);
      kind.stride_width = same_size ? 1 : noise_.in(0, 2) == 0 ? noise_.in(1, 3) : kind.stride_height;
      kind.dilation_height = noise_.in(0, 3) == 0 ? noise_.in(2, 3) : 1;
      kind.dilation_width = noise_.in(0, 3) == 0 ? noise_.in(1, 3) : kind.dilation_height;
      height =
          window_geometry(shape(x)[1], kernel_height, kind.stride_height, kind.dilation_height, kind.padding)
              .out;
      width = window_geometry(shape(x)[2], kernel_width, kind.stride_width, kind.dilation_width, kind.padding)
                  .out;
      if (height > 0 && width > 0) return {kernel_height, kernel_width};
    }
  }

  TensorId convolution(TensorId x, bool same_shape) {
    Conv2d kind;
    kind.activation = any_activation();
    int32_t height = shape(x)[1], width = shape(x)[2];
    std::pair<int32_t, int32_t> kernel = {1, 1};
    if (noise_.in(0, 1) == 0) kernel = place(x, same_shape, kind, height, width);
    const int32_t channels = same_shape ? shape(x)[3] : noise_.in(1, 40);
    const int32_t products = kernel.first * kernel.second * shape(x)[3];
    return weighted(x, {channels, kernel.first, kernel.second, shape(x)[3]}, 0, products, kind,
                    {1, height, width, channels});
  }

  TensorId depthwise(TensorId x, bool same_shape) {
    DepthwiseConv2d kind;
    kind.activation = any_activation();
    kind.depth_multiplier = same_shape || noise_.in(0, 2) != 0 ? 1 : noise_.in(2, 3);
    int32_t height = 0, width = 0;
    const auto kernel = place(x, same_shape, kind, height, width);
    const int32_t channels = shape(x)[3] * kind.depth_multiplier;
    return weighted(x, {1, kernel.first, kernel.second, channels}, 3, kernel.first * kernel.second, kind,
                    {1, height, width, channels});
  }

  TensorId any_convolution(TensorId x, bool same_shape) {
    return noise_.in(0, 1) == 0 ? convolution(x, same_shape) : depthwise(x, same_shape);
  }

  TensorId add(TensorId a, TensorId b) {
    const TensorId y = activation("add", shape(a));
    return add_op({a, b}, y, Add{noise_.in(0, 2) == 0 ? Activation::relu : Activation::none});
  }

  TensorId pool(TensorId x) {
    const int32_t height = std::min(2, shape(x)[1]), width = std::min(2, shape(x)[2]);
    const TensorId y = activation("pool", {1, (shape(x)[1] + 1) / 2, (shape(x)[2] + 1) / 2, shape(x)[3]});
    graph_.tensors[y.index()].quantization = graph_.tensor(x).quantization;
    if (noise_.in(0, 1) == 0) return add_op({x}, y, MaxPool2d{Padding::same, 2, 2, height, width});
    return add_op({x}, y, AveragePool2d{Padding::same, 2, 2, height, width});
  }

  TensorId block(TensorId x, bool first) {
    if (first && noise_.in(0, 3) == 0) x = pool(x);  // behind it only: gradients do not pass
    switch (noise_.in(0, 5)) {
      case 0:
        return add(any_convolution(x, true), x);
      case 1:
        return add(x, any_convolution(any_convolution(x, true), true));
      case 2:
        return add(any_convolution(x, true), any_convolution(x, true));  // two convolutions read x
      default:
        return any_convolution(x, false);
    }
  }

  void classify(TensorId x) {
    const int32_t classes = noise_.in(2, 12);
    const bool flat = noise_.in(0, 3) == 0;
    const int32_t channels = flat ? static_cast<int32_t>(graph_.tensor(x).elements()) : shape(x)[3];
    const TensorId features = activation("features", {1, channels});
    if (flat) {
      graph_.tensors[features.index()].quantization = graph_.tensor(x).quantization;
      add_op({x}, features, Reshape{});
    } else {
      add_op({x}, features, Mean{{1, 2}, false});
    }
    graph_.outputs = {weighted(features, {classes, channels}, 0, channels, FullyConnected{}, {1, classes})};
  }

  Noise noise_;
  Graph graph_;
};

/// Updates random parts of the network, a classifier always.
inline Schedule random_schedule(const Network& network, uint32_t seed) {
  Noise noise(seed + 1000);
  Schedule schedule;
  schedule.classes = network.classifier.classes;
  schedule.training.fraction_bits = std::vector{0, 4, 8}[noise.next() % 3];
  schedule.training.gradient_bits = std::vector{7, 7, 8, 12}[noise.next() % 4];
  for (const Layer& layer : network.layers) {
    const auto* c = std::get_if<Convolution>(&layer.kind);
    if (c == nullptr) continue;
    LayerUpdate update;
    update.op = c->index;
    update.bias = noise.in(0, 2) != 0;
    update.weights =
        std::vector{UpdatedWeights::none, UpdatedWeights::all, UpdatedWeights::channels}[noise.next() % 3];
    if (update.weights == UpdatedWeights::channels) {
      for (int32_t i = 0; i < c->selectable_channels(); ++i)
        if (noise.in(0, 2) == 0) update.channels.push_back(i);
      if (update.channels.empty()) update.weights = UpdatedWeights::none;
    }
    if (update.weights != UpdatedWeights::none && noise.in(0, 3) == 0)
      update.fraction_bits = std::vector{0, 4, 8}[noise.next() % 3];
    if (update.bias || update.weights != UpdatedWeights::none) schedule.update.push_back(update);
  }
  schedule.task = network.task;
  if (!compares_output(network.task))
    schedule.update.push_back({network.convolution_count(), "", true, UpdatedWeights::all, {}});
  return schedule;
}

}  // namespace thaw::testing

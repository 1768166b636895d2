// A model with every operator that inference can meet, one after another; only its classifier can be trained.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.h"
#include "tests/support/noise.h"

namespace thaw::testing {

class EveryOperator {
 public:
  EveryOperator() {
    graph_.file_name = "every-operator.tflite";
    graph_.sha256 = std::string(64, 'e');
    TensorId x = activation("image", {1, 7, 6, 3}, 0.05F, -3);
    graph_.inputs = {x};
    x = op({x}, activation("padded", {1, 9, 8, 3}, 0.05F, -3), Pad{{{0, 0}, {1, 1}, {2, 0}, {0, 0}}});
    x = op({x}, activation("turned", {1, 8, 9, 3}, 0.05F, -3), Transpose{{0, 2, 1, 3}});
    x = op({x}, activation("largest", {1, 4, 5, 3}, 0.05F, -3), MaxPool2d{Padding::same, 2, 2, 3, 3});
    const TensorId bypass = x;
    x = op({x}, activation("rescaled", {1, 4, 5, 3}, 0.07F, 5), Quantize{});
    x = op({x, bypass}, activation("sum", {1, 4, 5, 3}, 0.08F, 1), Add{Activation::relu});
    x = op({x}, real("real", {1, 4, 5, 3}), Dequantize{});
    x = op({x}, activation("back", {1, 4, 5, 3}, 0.06F, -7), Quantize{});
    x = op({x}, activation("average", {1, 2, 3, 3}, 0.06F, -7), AveragePool2d{Padding::same, 2, 2, 2, 2});
    x = op({x}, activation("rows", {1, 6, 3}, 0.06F, -7), Reshape{});
    x = op({x}, activation("shares", {1, 6, 3}, 1.0F / 256.0F, -128), Softmax{});
    x = op({x}, activation("image again", {1, 2, 3, 3}, 1.0F / 256.0F, -128), Reshape{});
    x = weighted(x, "depthwise", {1, 3, 3, 6}, 3, {1, 2, 3, 6},
                 DepthwiseConv2d{Padding::same, 1, 1, 1, 1, 2});
    x = weighted(x, "convolution", {5, 2, 2, 6}, 0, {1, 2, 3, 5}, Conv2d{});
    x = op({x}, activation("mean", {1, 5}, 0.03F, 4), Mean{{1, 2}, false});
    x = weighted(x, "classifier", {4, 5}, 0, {1, 4}, FullyConnected{});
    graph_.outputs = {x};
  }

  const Graph& graph() const { return graph_; }

 private:
  TensorId add_tensor(Tensor tensor) {
    tensor.id = TensorId(graph_.tensors.size());
    tensor.file_index = tensor.id.value;
    graph_.tensors.push_back(std::move(tensor));
    return graph_.tensors.back().id;
  }

  TensorId activation(const std::string& name, std::vector<int32_t> shape, float scale, int32_t zero_point) {
    Tensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.quantization = {{scale}, {zero_point}, 0};
    return add_tensor(std::move(tensor));
  }

  TensorId real(const std::string& name, std::vector<int32_t> shape) {
    Tensor tensor;
    tensor.name = name;
    tensor.type = DataType::float32;
    tensor.shape = std::move(shape);
    return add_tensor(std::move(tensor));
  }

  template <class Kind>
  TensorId op(std::vector<TensorId> inputs, TensorId output, Kind kind) {
    graph_.ops.push_back({OpId(graph_.ops.size()), std::move(inputs), {output}, std::move(kind)});
    return output;
  }

  template <class Kind>
  TensorId weighted(TensorId x, const std::string& name, std::vector<int32_t> weight_shape, int axis,
                    std::vector<int32_t> output_shape, Kind kind) {
    Tensor weights;
    weights.name = name + "/weights";
    weights.shape = std::move(weight_shape);
    const auto channels = static_cast<size_t>(weights.shape[static_cast<size_t>(axis)]);
    weights.quantization = {std::vector<float>(channels, 0.02F), std::vector<int32_t>(channels, 0), axis};
    weights.data.resize(static_cast<size_t>(weights.elements()));
    for (std::byte& w : weights.data) w = static_cast<std::byte>(noise_.in(-127, 127));
    Tensor bias;
    bias.name = name + "/bias";
    bias.type = DataType::int32;
    bias.shape = {static_cast<int32_t>(channels)};
    bias.quantization = {{0.001F}, {0}, 0};
    std::vector<int32_t> values(channels);
    for (int32_t& b : values) b = noise_.in(-500, 500);
    bias.data.resize(channels * 4);
    std::memcpy(bias.data.data(), values.data(), bias.data.size());
    const TensorId w = add_tensor(std::move(weights));
    const TensorId b = add_tensor(std::move(bias));
    return op({x, w, b}, activation(name, std::move(output_shape), 0.05F, 2), kind);
  }

  Noise noise_{9};
  Graph graph_;
};

}  // namespace thaw::testing

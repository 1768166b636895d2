// Graphs made by hand for the tests of reader, writer and checks: one of a few operators, one with every
// kind.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw::testing {

/// Adds tensors and operators one by one, numbering them as they come.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string file_name = "small.tflite") { graph.file_name = std::move(file_name); }

  TensorId tensor(const std::string& name, DataType type, std::vector<int32_t> shape) {
    Tensor t;
    t.id = TensorId(graph.tensors.size());
    t.file_index = t.id.value;
    t.name = name;
    t.type = type;
    t.shape = std::move(shape);
    graph.tensors.push_back(std::move(t));
    return graph.tensors.back().id;
  }

  TensorId activation(const std::string& name, std::vector<int32_t> shape, float scale, int32_t zero_point) {
    const TensorId id = tensor(name, DataType::int8, std::move(shape));
    graph.tensors[id.index()].quantization = {{scale}, {zero_point}, 0};
    return id;
  }

  /// Weights counting -7, -6 .. 7 over and over; `scales` one or one per slice along `axis`.
  TensorId weights(const std::string& name, std::vector<int32_t> shape, std::vector<float> scales, int axis) {
    const TensorId id = tensor(name, DataType::int8, std::move(shape));
    Tensor& t = graph.tensors[id.index()];
    const std::vector<int32_t> zero_points(scales.size(), 0);
    t.quantization = {std::move(scales), zero_points, axis};
    for (int64_t k = 0; k < t.elements(); ++k) t.data.push_back(static_cast<std::byte>(k % 15 - 7));
    return id;
  }

  TensorId bias(const std::string& name, const std::vector<int32_t>& values, float scale) {
    const TensorId id = tensor(name, DataType::int32, {static_cast<int32_t>(values.size())});
    Tensor& t = graph.tensors[id.index()];
    t.quantization = {{scale}, {0}, 0};
    t.data.resize(values.size() * 4);
    std::memcpy(t.data.data(), values.data(), t.data.size());
    return id;
  }

  void op(OpKind kind, std::vector<TensorId> inputs, TensorId output) {
    graph.ops.push_back({OpId(graph.ops.size()), std::move(inputs), {output}, std::move(kind)});
  }

  Graph graph;
};

/// [1,5,5,2] -> CONV_2D 3x3 SAME to 3 channels -> [1,5,5,3]; tensors x, w, b, y in this order.
inline Graph one_convolution() {
  GraphBuilder b;
  const TensorId x = b.activation("x", {1, 5, 5, 2}, 0.5F, -3);
  const TensorId w = b.weights("w", {3, 3, 3, 2}, {0.01F, 0.02F, 0.03F}, 0);
  const TensorId bias = b.bias("b", {100, -200, 300}, 0.005F);
  const TensorId y = b.activation("y", {1, 5, 5, 3}, 0.25F, 4);
  b.op(Conv2d{}, {x, w, bias}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  return b.graph;
}

/// [2,4] -> FULLY_CONNECTED to 3 with one weight scale -> SOFTMAX; tensors x, w, b, y, p in this order.
inline Graph one_dense() {
  GraphBuilder b;
  const TensorId x = b.activation("x", {2, 4}, 0.5F, 0);
  const TensorId w = b.weights("w", {3, 4}, {0.25F}, 0);
  const TensorId bias = b.bias("b", {1, 2, 3}, 0.125F);
  const TensorId y = b.activation("y", {2, 3}, 0.25F, 0);
  const TensorId p = b.activation("p", {2, 3}, 1.0F / 256.0F, -128);
  b.op(FullyConnected{}, {x, w, bias}, y);
  b.op(Softmax{}, {y}, p);
  b.graph.inputs = {x};
  b.graph.outputs = {p};
  return b.graph;
}

/// Two tensors of 6 elements each -> ADD; tensors a, b, y in this order.
inline Graph one_addition() {
  GraphBuilder b;
  const TensorId first = b.activation("a", {1, 1, 2, 3}, 0.5F, 0);
  const TensorId second = b.activation("b", {1, 1, 2, 3}, 0.25F, 1);
  const TensorId y = b.activation("y", {1, 1, 2, 3}, 0.5F, 2);
  b.op(Add{}, {first, second}, y);
  b.graph.inputs = {first, second};
  b.graph.outputs = {y};
  return b.graph;
}

/// Every kind of operator once, with options unlike their defaults wherever shapes allow.
inline Graph every_operator() {
  GraphBuilder b("every.tflite");
  const TensorId real = b.tensor("real", DataType::float32, {1, 9, 7, 2});
  const TensorId x = b.activation("x", {1, 9, 7, 2}, 0.1F, 5);
  b.op(Quantize{}, {real}, x);
  const TensorId padded = b.activation("padded", {1, 11, 10, 2}, 0.1F, 5);
  b.op(Pad{{{0, 0}, {1, 1}, {1, 2}, {0, 0}}}, {x}, padded);
  // 3x2 filter, dilation 2x3, stride 1x2: (11 - 5 + 1) = 7 rows, ceil((10 - 4 + 1) / 2) = 4 columns.
  const TensorId conv_w = b.weights("conv/w", {4, 3, 2, 2}, {0.01F, 0.02F, 0.04F, 0.03F}, 0);
  const TensorId conv_b = b.bias("conv/b", {5, -6, 7, -8}, 0.001F);
  const TensorId conv = b.activation("conv", {1, 7, 4, 4}, 0.05F, -128);
  b.op(Conv2d{Padding::valid, 1, 2, 2, 3, Activation::relu6}, {padded, conv_w, conv_b}, conv);
  // Stride 2x1 SAME: 4 rows, 4 columns; 2 outputs per input channel; no bias.
  const TensorId depthwise_w = b.weights("dw/w", {1, 3, 3, 8}, {0.02F}, 3);
  const TensorId depthwise = b.activation("dw", {1, 4, 4, 8}, 0.04F, -100);
  b.op(DepthwiseConv2d{Padding::same, 2, 1, 1, 1, 2, Activation::relu}, {conv, depthwise_w, TensorId()},
       depthwise);
  const TensorId largest = b.activation("max", {1, 2, 4, 8}, 0.04F, -100);
  b.op(MaxPool2d{Padding::same, 2, 1, 3, 2, Activation::none}, {depthwise}, largest);
  const TensorId average = b.activation("average", {1, 1, 3, 8}, 0.04F, -100);
  b.op(AveragePool2d{Padding::valid, 1, 1, 2, 2, Activation::relu}, {largest}, average);
  const TensorId sum = b.activation("sum", {1, 1, 3, 8}, 0.08F, -90);
  b.op(Add{Activation::relu6}, {average, average}, sum);
  const TensorId turned = b.activation("turned", {1, 8, 1, 3}, 0.08F, -90);
  b.op(Transpose{{0, 3, 1, 2}}, {sum}, turned);
  const TensorId mean = b.activation("mean", {1, 8, 1, 1}, 0.03F, 10);
  b.op(Mean{{2, 3}, true}, {turned}, mean);
  const TensorId flat = b.activation("flat", {2, 4}, 0.03F, 10);
  b.op(Reshape{}, {mean}, flat);
  const TensorId dense_w = b.weights("dense/w", {3, 4}, {0.02F, 0.01F, 0.03F}, 0);
  const TensorId dense = b.activation("dense", {2, 3}, 0.01F, -1);
  b.op(FullyConnected{Activation::relu, true}, {flat, dense_w}, dense);
  const TensorId chance = b.activation("chance", {2, 3}, 1.0F / 256.0F, -128);
  b.op(Softmax{0.5F}, {dense}, chance);
  const TensorId out = b.tensor("out", DataType::float32, {2, 3});
  b.op(Dequantize{}, {chance}, out);
  b.graph.inputs = {real};
  b.graph.outputs = {out};
  return b.graph;
}

}  // namespace thaw::testing

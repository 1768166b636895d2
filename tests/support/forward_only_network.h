// Random networks whose first half gradients cannot pass: an image resized bilinearly, then its rows through
// an LSTM; convolutions behind them can be trained.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/random_network.h"

namespace thaw::testing {

class ForwardOnlyNetwork : public RandomNetwork {
 public:
  explicit ForwardOnlyNetwork(uint32_t seed) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "forward only " + std::to_string(seed);
    graph_.inputs = {activation("input", {1, noise_.in(1, 5), noise_.in(1, 5), noise_.in(1, 3)})};
    TensorId x = convolution(graph_.inputs[0], true);
    x = resized(x);
    const int32_t height = shape(x)[1], values = shape(x)[2] * shape(x)[3];
    x = recurrent(reshaped(x, {1, height, values}));
    x = reshaped(x, {1, height, 1, shape(x)[2]});
    x = convolution(any_convolution(x, true), false);
    classify(x);
  }

 private:
  TensorId reshaped(TensorId x, std::vector<int32_t> dimensions) {
    const TensorId y = activation("reshape", std::move(dimensions));
    graph_.tensors[y.index()].quantization = graph_.tensor(x).quantization;
    return add_op({x}, y, Reshape{});
  }

  TensorId resized(TensorId x) {
    const TensorId y = activation("resized", {1, noise_.in(1, 7), noise_.in(1, 7), shape(x)[3]});
    graph_.tensors[y.index()].quantization = graph_.tensor(x).quantization;
    const int32_t corners = noise_.in(0, 2);
    return add_op({x}, y, Resize{true, corners == 1, corners == 2});
  }

  TensorId gate_weights(int32_t units, int32_t columns) {
    Tensor tensor;
    tensor.name = "gate";
    tensor.shape = {units, columns};
    tensor.quantization = {{0.001F * static_cast<float>(noise_.in(1, 9))}, {0}, 0};
    tensor.data.resize(static_cast<size_t>(tensor.elements()));
    for (std::byte& w : tensor.data) w = static_cast<std::byte>(noise_.in(-127, 127));
    return add_tensor(std::move(tensor));
  }

  TensorId gate_biases(int32_t units) {
    Tensor tensor;
    tensor.name = "gate bias";
    tensor.type = DataType::int32;
    tensor.shape = {units};
    std::vector<int32_t> values(static_cast<size_t>(units));
    for (int32_t& b : values) b = noise_.in(-3000, 3000);
    tensor.data.resize(values.size() * sizeof(int32_t));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return add_tensor(std::move(tensor));
  }

  TensorId recurrent(TensorId x) {
    const int32_t units = noise_.in(1, 9), columns = shape(x)[2];
    const TensorId y = activation("states", {1, shape(x)[1], units});
    graph_.tensors[y.index()].quantization = {{1.0F / 128.0F}, {noise_.in(-9, 9)}, 0};
    std::vector<TensorId> inputs = {x};
    for (int gate = 0; gate < 4; ++gate) inputs.push_back(gate_weights(units, columns));
    for (int gate = 0; gate < 4; ++gate) inputs.push_back(gate_weights(units, units));
    for (int gate = 0; gate < 4; ++gate) inputs.push_back(gate_biases(units));
    return add_op(inputs, y, Lstm{noise_.in(-14, -10), noise_.in(0, 3) == 0 ? 0.5F : 0.0F, false});
  }
};

inline Network forward_only_network(uint32_t seed) {
  return reduce(ForwardOnlyNetwork(seed).graph(), {0, seed % 2 == 0, true});
}

}  // namespace thaw::testing

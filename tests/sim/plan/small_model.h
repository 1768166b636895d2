// A hand-made model for tests of schedules: expand (1x1, 2 -> 4) -> depthwise (3x3) -> project (1x1, 4 -> 3)
// -> average pool -> classifier (3 -> 2), on a 4x4 image. Optionally a SOFTMAX after `project`, which
// gradients cannot pass.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw::testing {

class SmallModel {
 public:
  /// With `image_channels` other than 2 the weights of `expand` repeat.
  explicit SmallModel(bool with_softmax = false, int32_t image_channels = 2) {
    graph_.file_name = "small.tflite";
    graph_.sha256 = std::string(64, 'a');
    TensorId x = activation("image", {1, 4, 4, image_channels});
    graph_.inputs = {x};
    // Sums of squares by input channel: 1 + 4 + 9 + 16 = 30 and 4 * 4 = 16.
    std::vector<int8_t> expand;
    for (int o = 1; o <= 4; ++o)
      for (int32_t i = 0; i < image_channels; ++i) expand.push_back(static_cast<int8_t>(i % 2 == 0 ? o : 2));
    x = convolution("expand", x, {4, 1, 1, image_channels}, expand, Conv2d{}, {1, 4, 4, 4});
    // Channel c holds nine times the same weight: 5, 1, 5, 2; channels 0 and 2 tie.
    std::vector<int8_t> taps;
    for (int tap = 0; tap < 9; ++tap)
      for (int w : {5, 1, 5, 2}) taps.push_back(static_cast<int8_t>(w));
    x = convolution("depthwise", x, {1, 3, 3, 4}, taps, DepthwiseConv2d{}, {1, 4, 4, 4}, 3);
    x = convolution("project", x, {3, 1, 1, 4}, {1, 9, 3, 4, 1, 9, 3, 4, 1, 9, 3, 4}, Conv2d{}, {1, 4, 4, 3});
    Quantization averaged = graph_.tensors[x.index()].quantization;
    if (with_softmax) {
      averaged = {{1.0F / 256.0F}, {-128}, 0};
      x = add_op({x}, activation("shares", {1, 4, 4, 3}), Softmax{});
      graph_.tensors[x.index()].quantization = averaged;
    }
    AveragePool2d pool;
    pool.stride_height = pool.stride_width = pool.filter_height = pool.filter_width = 4;
    x = add_op({x}, activation("average", {1, 1, 1, 3}), pool);
    graph_.tensors[x.index()].quantization = averaged;
    x = convolution("classifier", x, {2, 3}, {1, 2, 3, 4, 5, 6}, FullyConnected{}, {1, 2});
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

  TensorId activation(const std::string& name, std::vector<int32_t> shape) {
    Tensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.quantization = {{0.05F}, {0}, 0};
    return add_tensor(std::move(tensor));
  }

  template <class Kind>
  TensorId add_op(std::vector<TensorId> inputs, TensorId output, Kind kind) {
    graph_.ops.push_back({OpId(graph_.ops.size()), std::move(inputs), {output}, kind});
    return output;
  }

  template <class Kind>
  TensorId convolution(const std::string& name, TensorId input, std::vector<int32_t> weight_shape,
                       const std::vector<int8_t>& values, Kind kind, std::vector<int32_t> output_shape,
                       int axis = 0) {
    Tensor weights;
    weights.name = name + "/weights";
    weights.shape = std::move(weight_shape);
    const auto channels = static_cast<size_t>(weights.shape[static_cast<size_t>(axis)]);
    weights.quantization = {std::vector<float>(channels, 0.02F), std::vector<int32_t>(channels, 0), axis};
    weights.data.resize(values.size());
    std::memcpy(weights.data.data(), values.data(), values.size());
    const TensorId w = add_tensor(std::move(weights));
    Tensor bias;
    bias.name = name + "/bias";
    bias.type = DataType::int32;
    bias.shape = {static_cast<int32_t>(channels)};
    bias.quantization = {std::vector<float>(channels, 0.001F), std::vector<int32_t>(channels, 0), 0};
    bias.data.resize(channels * 4);
    const TensorId b = add_tensor(std::move(bias));
    return add_op({input, w, b}, activation(name, std::move(output_shape)), kind);
  }

  Graph graph_;
};

}  // namespace thaw::testing

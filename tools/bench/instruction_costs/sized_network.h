// Random networks as large as those that people put on devices: inverted bottlenecks, residual blocks of 3x3
// convolutions, dense layers. Those of tests/support are so small that what is done once a call hides what is
// done once a product.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/random_network.h"

namespace thaw::bench {

class SizedNetwork : public testing::RandomNetwork {
 public:
  explicit SizedNetwork(uint32_t seed) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "sized " + std::to_string(seed);
    const int32_t size = noise_.in(14, 32);
    graph_.inputs = {activation("input", {1, size, noise_.in(0, 2) == 0 ? noise_.in(10, 32) : size,
                                          noise_.in(0, 1) == 0 ? 3 : noise_.in(1, 8)})};
    TensorId x = windowed(graph_.inputs[0], channels(8, 24), 3, noise_.in(1, 2));
    const int32_t blocks = noise_.in(3, 5);
    for (int32_t i = 0; i < blocks; ++i) x = sized_block(x);
    classify(x);
  }

 private:
  /// Mostly a multiple of eight, as networks for devices have them; else one of four, or any.
  int32_t channels(int32_t low, int32_t high) {
    const int32_t any = noise_.in(low, high), kind = noise_.in(0, 7);
    if (kind == 0) return any;
    const int32_t unit = kind == 1 ? 4 : 8;
    return std::max(unit, any / unit * unit);
  }

  /// Half of them with the clamp of a RELU6 or RELU, as files fold it.
  Activation folded() { return noise_.in(0, 3) == 0 ? any_activation() : Activation::none; }

  /// Padded so that only the stride makes the output smaller.
  template <class Kind>
  Kind strided(TensorId x, int32_t stride) {
    Kind kind;
    kind.activation = folded();
    kind.padding = Padding::same;
    kind.stride_height = kind.stride_width = std::min({stride, shape(x)[1], shape(x)[2]});
    return kind;
  }

  template <class Kind>
  std::vector<int32_t> output_shape(TensorId x, const Kind& kind, int32_t channels) const {
    return {1, (shape(x)[1] - 1) / kind.stride_height + 1, (shape(x)[2] - 1) / kind.stride_width + 1,
            channels};
  }

  TensorId windowed(TensorId x, int32_t outputs, int32_t kernel, int32_t stride) {
    const auto kind = strided<Conv2d>(x, stride);
    return weighted(x, {outputs, kernel, kernel, shape(x)[3]}, 0, kernel * kernel * shape(x)[3], kind,
                    output_shape(x, kind, outputs));
  }

  TensorId depthwise_windowed(TensorId x, int32_t kernel, int32_t stride) {
    const auto kind = strided<DepthwiseConv2d>(x, stride);
    return weighted(x, {1, kernel, kernel, shape(x)[3]}, 3, kernel * kernel, kind,
                    output_shape(x, kind, shape(x)[3]));
  }

  TensorId bottleneck(TensorId x) {
    const int32_t stride = noise_.in(0, 2) == 0 ? 2 : 1;
    const int32_t outputs = stride == 1 && noise_.in(0, 1) == 0 ? shape(x)[3] : channels(8, 64);
    TensorId y = windowed(x, std::min(outputs * noise_.in(2, 5), 160), 1, 1);
    y = depthwise_windowed(y, 3 + 2 * noise_.in(0, 2), stride);
    y = windowed(y, outputs, 1, 1);
    return stride == 1 && outputs == shape(x)[3] ? add(y, x) : y;
  }

  TensorId residual(TensorId x) {
    const int32_t stride = noise_.in(1, 2), outputs = channels(8, 32);
    TensorId y = windowed(x, outputs, 3, stride);
    y = windowed(y, outputs, 3, 1);
    return add(y, windowed(x, outputs, 1, stride));
  }

  TensorId sized_block(TensorId x) {
    switch (noise_.in(0, 6)) {
      case 0:
        return residual(x);
      case 1:
        return windowed(x, channels(8, 64), noise_.in(0, 1) == 0 ? 1 : 3, noise_.in(1, 2));
      case 2:
        return windowed(depthwise_windowed(x, 3, noise_.in(1, 2)), channels(8, 96), 1, 1);
      default:
        return bottleneck(x);
    }
  }
};

}  // namespace thaw::bench
